"""The properties that every dataset has, built in or not, and `check(name)`, which tries them without a network.

`subject` holds what is tried, `cards` and `content` the properties, functions that raise
`PropertyFailure` with what they saw. They are tested in tests/datasets/test_conformance.py.

Tested elsewhere than in a file of their own name:

    cards, content, subject, suite: tests/datasets/test_conformance.py
"""

from __future__ import annotations

from mlbench.datasets.conformance.subject import DatasetUnderTest
from mlbench.datasets.conformance.suite import PROPERTIES, check

__all__ = ["PROPERTIES", "DatasetUnderTest", "check"]
