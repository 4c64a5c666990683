"""table, finals and spaces are tested in test_trials: what a suite says is seen in its trials."""
