"""From a model to numbers: its scores, the linear probe's, and the metrics of both.

`probe_training` is tested with the probe.

Tested elsewhere than in a file of their own name:

    measure: tests/training/test_cell.py
    probe_training: tests/training/scoring/test_probe.py
"""
