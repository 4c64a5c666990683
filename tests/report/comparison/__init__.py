"""result and folders are tested in test_head_to_head."""
