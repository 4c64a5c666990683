"""The records as the report reads them: merged, divided by kind, laid out as a grid of numbers.

Tested elsewhere than in a file of their own name:

    drawn, grid, shortfalls: tests/report/data/test_trials.py
    naming, repeats, superseded: tests/report/data/test_arrays.py
    traits: tests/report/recommendation/test_recommend.py
"""
