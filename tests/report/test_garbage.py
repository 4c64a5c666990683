"""Collections are put off and spared what was there before, and the caller finds them as they were."""

from __future__ import annotations

import gc

import pytest

from mlbench.report.garbage import kept, uncollected


@pytest.fixture(autouse=True)
def as_before() -> None:
    gc.enable()
    gc.unfreeze()


def test_what_the_caller_had_set_comes_back() -> None:
    with uncollected():
        assert not gc.isenabled()
    assert gc.isenabled()
    gc.disable()
    with uncollected():
        assert not gc.isenabled()
    assert not gc.isenabled()
    gc.enable()


def test_what_was_there_is_not_gone_through_and_new_garbage_is_collected() -> None:
    with kept():
        assert gc.get_freeze_count() > 0
        new: list[object] = []
        new.append(new)
        del new
        assert gc.collect() > 0
    assert gc.get_freeze_count() == 0


def test_what_somebody_froze_stays_frozen() -> None:
    gc.freeze()
    with kept():
        pass
    # Not as many as before: one whose last reference goes is no longer counted.
    assert gc.get_freeze_count() > 0
    gc.unfreeze()


def test_an_error_within_changes_nothing_of_it() -> None:
    with pytest.raises(ValueError, match="x"), kept(), uncollected():
        raise ValueError("x")
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
