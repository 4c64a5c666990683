"""From a file to an answer: reads one's own data, chooses what to run, runs it within a time, says what to take.

Tested elsewhere than in a file of their own name:

    answer, data, new_suite, questions: tests/tryout/test_trial.py
    dividing, profile: tests/tryout/test_guess.py
    setup: tests/tryout/test_earlier.py
"""
