"""What metrics are given: a split's scores in order, its decisions under a threshold policy, its probabilities.

They are tested by the metrics that read them, in tests/metrics/builtin, and `resampling` in
tests/metrics/test_bootstrapping.
"""
