"""What losses share: the fields of a batch, reductions, the contrast of pairs, kernels, checks. No loss lies here."""
