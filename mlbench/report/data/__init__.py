"""The records as the report reads them: merged, divided by kind, laid out as a grid of numbers.

Tested elsewhere than in a file of their own name:

    grid: tests/report/data/tuned/test_trials.py
    naming, repeats, superseded: tests/report/data/test_arrays.py
    traits: tests/report/recommendation/test_recommend.py
"""
