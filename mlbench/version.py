"""The two numbers that say which code a result came from."""

__version__ = "0.1.0"

TRAINING_VERSION = 2
"""Part of every cell's id. Raised by hand when a change to training, models, data preparation or
metrics alters what a cell yields; left alone by a change that does not."""
