"""The networks: encoders, the adapter over fixed vectors, heads, and the model made of them.

Tested elsewhere than in a file of their own name:

    base: tests/models/test_conformance.py
    deployed, preparation: tests/training/test_keeping.py
    model: tests/training/test_cell.py
"""
