"""The two numbers that say which code a result came from, and what is wrong with results of older code."""

__version__ = "0.1.0"

TRAINING_VERSION = 3
"""Part of every cell's id. Raised by hand when a change to training, models, data preparation or
metrics alters what a cell yields; left alone by a change that does not."""

UNNAMED = 2
"""The TRAINING_VERSION that records which name none are of, at most: later ones name theirs."""

FAULTS = {
    2: "the biases of linear heads started near 0 and could hardly move, which holds back the losses that need them "
    "(bce, focal, jscl, bce_supcon) and not those that damp negatives (asl, apl, wan), so who leads by own logits "
    "is not to be trusted",
}
"""What is wrong with results of a TRAINING_VERSION, in one clause: whoever raises it says it of the one before."""
