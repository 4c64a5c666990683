"""`mlbench compare`: two losses, or two folders of results, head to head."""
