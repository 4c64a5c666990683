"""`mlbench recommend`: the losses that did best on the datasets most like yours.

Tested elsewhere than in a file of their own name:

    advice, likeness, origin, regret: tests/report/recommendation/test_recommend.py
"""
