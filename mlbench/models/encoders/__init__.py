"""The encoders that suites name, one file each, and what the text ones share.

Tested elsewhere than in a file of their own name:

    bag, conv, features: tests/models/test_conformance.py
    tfidf: tests/models/encoders/test_lsa.py
"""
