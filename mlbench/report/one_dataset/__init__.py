"""One dataset's answer: which loss to take, how sure that is, and what it does label by label.

Tested elsewhere than in a file of their own name:

    answer, words: tests/report/one_dataset/test_verdict.py
    kept_scores, reliability: tests/report/one_dataset/test_per_label.py
"""
