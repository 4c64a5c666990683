"""The folder format: checking its columns, reading and writing its files, and making a Dataset of them.

Tested elsewhere than in a file of their own name:

    assemble, columns, hints, labels, writing: tests/datasets/files/test_folder.py
"""
