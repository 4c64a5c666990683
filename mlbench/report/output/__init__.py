"""The folder of a report and the files in it beside the page.

Tested elsewhere than in a file of their own name:

    files, others: tests/report/test_build.py
"""
