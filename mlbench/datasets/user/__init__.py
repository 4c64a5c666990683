"""A user's own data: tables of many kinds, folders of images; which column is what.

Tested elsewhere than in a file of their own name:

    arrays, arrow_files, columns_of_values, conversions, input_columns, json_tables, missing, sheets, table_files,
    unreadable: tests/datasets/user/test_kinds.py
    column_choice, image_files, tabular: tests/datasets/user/test_loader.py
"""
