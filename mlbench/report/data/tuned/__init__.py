"""Records of tuned suites: what a trial drew, which trial was chosen, which finals count, what is missing.

Tested elsewhere than in a file of their own name:

    drawn, shortfalls: tests/report/data/tuned/test_trials.py
"""
