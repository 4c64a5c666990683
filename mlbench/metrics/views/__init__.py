"""What metrics are given: a split's scores in order, its decisions under a threshold policy, its probabilities.

They are tested by the metrics that read them, in tests/metrics/builtin, and `resampling` in
tests/metrics/test_bootstrapping.

Tested elsewhere than in a file of their own name:

    decisions: tests/metrics/builtin/test_classification.py
    orders: tests/metrics/test_thresholds.py
    probabilities: tests/metrics/builtin/test_calibration.py
    resampling: tests/metrics/test_bootstrapping.py
"""
