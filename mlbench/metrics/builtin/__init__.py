"""The metrics that mlbench brings, by what they read: whole rankings, a sample's top k, decisions, probabilities.

Tested elsewhere than in a file of their own name:

    top_k: tests/metrics/builtin/test_ranking.py
"""
