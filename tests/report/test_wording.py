"""One of a thing is not many."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mlbench.errors import DataError
from mlbench.report import recommend, report
from mlbench.report.recommendation.recommend import _much_alike
from mlbench.report.wording import count, in_percent, listed, makers
from tests.report.synthetic import World, write

ONE = World(losses={"bce": 0.0, "asl": 0.1}, datasets=("go_emotions",), fractions=(1.0,), seeds=(0,), keys=("map",),
            replicates=30)  # fmt: skip


def test_counts_and_lists() -> None:
    assert [count(number, "family", "families") for number in (0, 1, 1200)] == [
        "0 families",
        "1 family",
        "1,200 families",
    ]
    assert [listed(list("abcdefgh")[:number], most=3) for number in (0, 1, 2, 8)] == ["none", "a", "a and b",
                                                                                      "a, b, c and 5 more"]  # fmt: skip


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.031, "+3.1"), (-0.004, "−0.4"), (0.0, "0.0"), (0.0003, "+0.03"), (-0.00003, "−0.003"), (1e-9, "0.0")],
)
def test_what_is_not_0_is_not_printed_as_0(share: float, text: str) -> None:
    assert in_percent(share) == text


def test_who_makes_something() -> None:
    assert [makers(["a"]), makers(["a", "b"])] == ["a alone makes", "a and b each make"]


def test_a_report_on_one_of_everything_has_no_plural_of_one(tmp_path: Path) -> None:
    folder = report(write(tmp_path / "results", ONE), tmp_path / "report").parent
    texts = {file.name: file.read_text() for file in folder.rglob("*.md")}
    texts["index.html"] = re.sub(
        r"<(script|style).*?</\1>", "", (folder / "index.html").read_text(), flags=re.DOTALL
    )
    wrong = re.compile(
        r"(?<![\d.,])1 (families|datasets|seeds|losses|cells|trials|rows)\b(?! of the training)"
    )
    for name, text in texts.items():
        assert not wrong.search(text), f"{name}: {wrong.search(text)}"


def test_one_failed_cell_is_not_all_of_them(tmp_path: Path) -> None:
    one = World(losses={"bce": 0.0}, datasets=("go_emotions",), fractions=(1.0,), seeds=(0,),
                failed=[(None, None, None, None)])  # fmt: skip
    with pytest.raises(DataError, match=r"the one cell failed \(1 oom\)"):
        report(write(tmp_path, one), tmp_path / "report")


def test_neighbours_are_counted_in_words_that_fit() -> None:
    pairs = ((1, 1), (0, 1), (2, 2), (0, 2), (1, 3), (2, 3))
    assert [_much_alike(*pair, "nearest dataset") for pair in pairs] == [
        "The one nearest dataset is much like it.",
        "The one nearest dataset is not much like it.",
        "All of the 2 nearest datasets are much like it.",
        "None of the 2 nearest datasets is much like it.",
        "1 of the 3 nearest datasets is much like it.",
        "2 of the 3 nearest datasets are much like it.",
    ]


def test_advice_from_one_dataset_speaks_of_one(tmp_path: Path) -> None:
    advice = recommend("reuters21578", results=[write(tmp_path, ONE)])
    assert "1 of the 1" not in str(advice)
    assert "on 1 of 1 family" in str(advice)
