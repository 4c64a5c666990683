"""What `mlbench describe` says of a dataset, as text and as a page.

Tested elsewhere than in a file of their own name:

    html_page, oddities, plain_text: tests/datasets/description/test_describing.py
"""
