"""What the synthetic corpora share: a law of labels, and the Bayes ceiling that follows from it.

Tested elsewhere than in a file of their own name:

    ceiling, label_model: tests/datasets/synthetic/test_family.py
"""
