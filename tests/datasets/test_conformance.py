"""Built-in datasets pass the conformance suite, every card is complete; a broken dataset fails at what is broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mlbench import datasets
from mlbench.datasets import Dataset, Split
from mlbench.datasets.conformance import DatasetUnderTest, cards, check, content
from mlbench.datasets.conformance.cards import card_is_complete
from mlbench.properties import PropertyFailure
from mlbench.registry import DATASETS

NAMED = [name for name in DATASETS.names() if DATASETS.describe(name).origin == "built in" and name != "own"]
BUILT_IN = [name for name in NAMED if datasets.card(name).access == "built in"]


@pytest.mark.parametrize("name", BUILT_IN)
def test_passes_the_conformance_suite(name: str) -> None:
    assert [str(verdict) for verdict in check(name) if verdict.passed is False] == []


@pytest.mark.parametrize("name", NAMED)
def test_every_card_is_complete(name: str) -> None:
    card_is_complete(DatasetUnderTest(DATASETS.describe(name), None))


def test_one_that_is_not_here_says_how_to_get_it(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLBENCH_CACHE", str(tmp_path))
    monkeypatch.delenv("MLBENCH_DATA", raising=False)
    verdicts = check("coco2014")
    assert [verdict.passed for verdict in verdicts] == [True, True, *[None] * 6]
    assert "mlbench fetch coco2014" in verdicts[2].detail


@pytest.fixture(scope="module")
def made() -> Dataset:
    return datasets.load("synthetic-features", {"samples": 60, "labels": 3, "cardinality": 1.0})


def subject_of(dataset: Dataset, said: str = "") -> DatasetUnderTest:
    """What is tried of a dataset that was loaded already."""
    subject = DatasetUnderTest(DATASETS.describe("synthetic-features"), None)
    subject.__dict__["loaded"] = (dataset, said)
    return subject


def with_test(dataset: Dataset, **changes: Any) -> Dataset:
    return replace(dataset, test=replace(dataset.test, **changes))


@pytest.mark.parametrize(
    ("holds", "change", "said"),
    [
        (content.splits_have_samples, lambda d: replace(d, test=d.test.take(np.arange(0))), "test is empty"),
        (content.splits_have_samples, lambda d: with_test(d, targets=d.test.targets * 2), "0 or 1, found 2"),
        (content.splits_have_samples, lambda d: with_test(d, targets=d.test.targets * 0), "no sample has a label"),
        (content.splits_have_samples, lambda d: with_test(d, inputs=d.test.inputs * np.nan), "finite float32"),
        (content.label_names_tell_labels_apart, lambda d: replace(d, labels=("a", "b", "a")), "'a' names more"),
        (content.label_names_tell_labels_apart, lambda d: replace(d, labels=("a", "b ", "c")), "'b ': a label's"),
        (content.ids_are_unique, lambda d: with_test(d, ids=["x"] * len(d.test)), "id 'x' occurs more than once"),
        (content.fingerprint_is_stable, lambda d: replace(d, labels=("a", "b", "c")), "read twice"),
        (cards.agrees_with_its_card, lambda d: replace(d, modality="text"), "it holds text"),
    ],
)  # fmt: skip
def test_what_is_broken_is_named(
    holds: Callable[[DatasetUnderTest], None], change: Callable[[Dataset], Dataset], said: str, made: Dataset
) -> None:
    with pytest.raises(PropertyFailure, match=said):
        holds(subject_of(change(made)))


def test_texts_that_are_empty_a_label_that_never_occurs_and_warnings_are_named(made: Dataset) -> None:
    texts = replace(made, modality="text")
    for name in ("train", "validation", "test"):
        split = made.splits[name]
        texts = replace(texts, **{name: Split(["word"] * (len(split) - 1) + [" "], split.targets, split.ids)})  # type: ignore[arg-type]
    with pytest.raises(PropertyFailure, match="1 texts are empty"):
        content.splits_have_samples(subject_of(texts))
    absent = made
    for name, split in made.splits.items():
        targets = split.targets.copy()
        targets[:, 0] = 0
        absent = replace(absent, **{name: replace(split, targets=targets)})  # type: ignore[arg-type]
    with pytest.raises(PropertyFailure, match="1 labels have no sample in any split, such as 'label0'"):
        content.every_label_occurs(subject_of(absent))
    with pytest.raises(PropertyFailure, match="59 rows"):
        cards.agrees_with_its_card(subject_of(made, "59 rows in train where its card says 60"))
