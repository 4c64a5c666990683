"""The properties that every encoder has, built in or not, and `check(name)`, which tries them on small built-in data.

`subject` holds what is tried, `fitting` and `backbones` the properties, functions that raise
`PropertyFailure` with what they saw. They are tested in tests/models/test_conformance.py.

Tested elsewhere than in a file of their own name:

    backbones, fitting, subject, suite: tests/models/test_conformance.py
"""

from __future__ import annotations

from mlbench.models.conformance.subject import EncoderUnderTest, sample_of
from mlbench.models.conformance.suite import PROPERTIES, check

__all__ = ["PROPERTIES", "EncoderUnderTest", "check", "sample_of"]
