"""The properties that every metric has, built in or not, and `check(name)`, which tries them on drawn scores.

`subject` holds what is tried, `numbers` and `indifference` the properties, functions that raise
`PropertyFailure` with what they saw. They are tested in tests/metrics/test_conformance.py.

Tested elsewhere than in a file of their own name:

    indifference, numbers, subject, suite: tests/metrics/test_conformance.py
"""

from __future__ import annotations

from mlbench.metrics.conformance.subject import MetricUnderTest, draw
from mlbench.metrics.conformance.suite import PROPERTIES, check

__all__ = ["PROPERTIES", "MetricUnderTest", "check", "draw"]
