"""Images on their way to a network: decoded once, augmented in batches."""
