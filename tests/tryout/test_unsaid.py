"""What an empty label cell means is asked where there are many."""

from __future__ import annotations

import pyarrow as pa
import pytest

from mlbench.tryout.guess import Guess
from mlbench.tryout.unsaid import ask_what_empty_means


@pytest.mark.parametrize(
    ("cells", "given", "asked"),
    [
        (["a"] * 98 + ["", " "], {}, True),
        (["a"] * 99 + [""], {}, False),
        (["a"] * 90 + [""] * 10, {"missing": "drop"}, False),
        ([["a"]] * 90 + [[]] * 10, {}, False),
        ([["a"]] * 90 + [None] * 10, {}, True),
        (["a"] * 90 + ["none "] * 10, {"na_values": ["none"]}, True),
        (["a"] * 90 + ["none"] * 10, {"na_values": []}, False),
    ],
)
def test_many_empty_cells_are_asked_about(cells: list[object], given: dict[str, object], asked: bool) -> None:
    found = Guess({"labels": "tags", **given})
    ask_what_empty_means(found, pa.table({"tags": cells}))
    assert [question.key for question in found.questions] == ["missing"] * asked


def test_columns_of_crosses_say_both() -> None:
    found = Guess({"labels": ["a", "b"]})
    ask_what_empty_means(found, pa.table({"a": ["x", ""] * 50, "b": ["", "x"] * 50}))
    assert not found.questions
    ask_what_empty_means(found, pa.table({"a": ["1", ""] * 50, "b": ["0", "1"] * 50}))
    assert not found.questions
    ask_what_empty_means(found, pa.table({"a": ["1", "0"] * 50, "b": ["", "1", "0", "1"] * 25}))
    assert found.questions[0].key == "missing"
