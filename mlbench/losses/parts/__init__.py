"""What losses share: the fields of a batch, reductions, the contrast of pairs, kernels, checks; and what a new loss
starts from. No loss lies here.

What stands in no test of its own is tested with the losses that use it, in tests/losses.
"""
