"""What losses share: the fields of a batch, reductions, the contrast of pairs, kernels, checks; and what a new loss
starts from. No loss lies here.

What stands in no test of its own is tested with the losses that use it, in tests/losses.

Tested elsewhere than in a file of their own name:

    bhattacharyya, gaussian: tests/losses/test_kmcl.py
    checks, masking: tests/losses/parts/test_contrast.py
    frequencies: tests/losses/test_logit_adjusted.py
    outputs: tests/losses/parts/test_diagnostics.py
    rows, slots: tests/losses/test_map_surrogate.py
"""
