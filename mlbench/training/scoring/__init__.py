"""From a model to numbers: its scores, the linear probe's, and the metrics of both.

`probe_training` is tested with the probe.
"""
