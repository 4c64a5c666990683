"""table is tested in test_answered."""
