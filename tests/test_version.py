"""Results of older code can be told apart, and it is known what is wrong with them."""

from __future__ import annotations

from mlbench.version import FAULTS, TRAINING_VERSION, UNNAMED


def test_what_is_wrong_with_each_older_version_is_known() -> None:
    """Whoever raises TRAINING_VERSION says in FAULTS what was wrong before: the report prints it."""
    assert set(range(UNNAMED, TRAINING_VERSION)) <= set(FAULTS)
    assert not any(fault.endswith(".") for fault in FAULTS.values()), "a clause, which the report completes"
