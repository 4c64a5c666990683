"""What suites ask to be kept of a cell, and whether a store has it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlbench.records import Keep, Store


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (Keep("none", True), Keep("float32"), Keep("float32", True)),
        (Keep("float16"), Keep("none"), Keep("float16")),
        (Keep("none"), Keep("none"), Keep("none")),
    ],
)
def test_two_suites_get_all_that_either_asks_for(one: Keep, other: Keep, both: Keep) -> None:
    assert one | other == other | one == both
    assert both.much >= max(one.much, other.much)


def test_a_store_has_a_model_by_its_file(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert Keep("none").has_all(store, "a")
    assert not Keep("none", model=True).has_all(store, "a")
    assert not Keep("float16").has_all(store, "a")
    store.models_folder.mkdir()
    store.model_file("a").touch()
    assert Keep("none", model=True).has_all(store, "a")
    store.forget_model("a")
    store.forget_model("a")
    assert not store.model_file("a").exists()
