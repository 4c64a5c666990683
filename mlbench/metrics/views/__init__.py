"""What metrics are given: a split's scores in order, its decisions under a threshold policy, its probabilities."""
