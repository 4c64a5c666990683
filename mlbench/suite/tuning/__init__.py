"""Tuning: `[tuning]` of a suite, the trials that it stands for, the one that is chosen, and the final cells.

Tested elsewhere than in a file of their own name:

    finals: tests/suite/test_repeats.py
    spaces, table: tests/suite/tuning/test_trials.py
"""
