"""The properties that every loss has, built in or not, and `check(name)`, which tries them.

    for verdict in check("asl"):
        print(verdict)

`subject` holds what a property is tried on, `samples` the inputs, the other files the properties, each a function that
raises `PropertyFailure` with what it saw.

Tested elsewhere than in a file of their own name:

    declared, devices, gradients, samples, state, subject, suite, symmetry, unknown, values:
    tests/losses/test_conformance.py
"""

from __future__ import annotations

from mlbench.losses.conformance.suite import PROPERTIES, check
from mlbench.properties import PropertyFailure, PropertyVerdict

__all__ = ["PROPERTIES", "PropertyFailure", "PropertyVerdict", "check"]
