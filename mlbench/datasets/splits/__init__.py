"""Cutting splits that are missing, and drawing fractions of the training split.

Tested elsewhere than in a file of their own name:

    duplicates: tests/datasets/splits/test_cutting.py
    fractions: tests/datasets/splits/test_stratify.py
"""
