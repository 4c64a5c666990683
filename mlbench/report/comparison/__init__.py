"""`mlbench compare`: two losses, or two folders of results, head to head.

Tested elsewhere than in a file of their own name:

    folders, result: tests/report/comparison/test_head_to_head.py
"""
