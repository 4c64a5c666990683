"""blocks is tested in test_ranks."""
