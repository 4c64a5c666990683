"""advice and likeness are tested in test_recommend."""
