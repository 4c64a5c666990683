"""A user's own data: CSV, TSV, JSON lines, Parquet, folders of images; which column is what.

Tested elsewhere than in a file of their own name:

    column_choice, image_files, json_lines, tabular: tests/datasets/user/test_loader.py
"""
