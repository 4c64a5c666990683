"""The folder format: checking its columns, reading and writing its files, and making a Dataset of them.

Tested elsewhere than in a file of their own name:

    arrow_types, label_lists, label_questions, list_cells, marks, missing_words, writing_of_labels:
    tests/datasets/user/test_kinds.py
    assemble, columns, hints, labels, writing: tests/datasets/files/test_folder.py
"""
