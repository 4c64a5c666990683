"""Frequency buckets and the means over them."""

from __future__ import annotations

import numpy as np
import pytest

from mlbench.metrics import evaluate
from mlbench.metrics.buckets import frequency_buckets
from tests.metrics.cases import make_case


def test_thirds_by_count_with_equal_counts_in_the_order_of_the_labels() -> None:
    buckets = frequency_buckets([5, 9, 1, 5, 5, 0, 7, 2, 8, 3, 5], np.ones(11))
    names = {name: np.flatnonzero(mask).tolist() for name, mask in buckets.items()}
    assert names == {"head": [0, 1, 6, 8], "medium": [3, 4, 9, 10], "tail": [2, 5, 7]}


def test_no_thirds_under_nine_labels_and_unseen_only_where_there_are_some() -> None:
    assert frequency_buckets(np.arange(8), np.ones(8)) == {}
    assert frequency_buckets(None, None) == {}
    buckets = frequency_buckets(np.arange(8), np.arange(8) % 2)
    assert list(buckets) == ["unseen"]
    assert buckets["unseen"].tolist() == [True, False] * 4


def test_a_bucket_is_the_mean_over_its_present_labels() -> None:
    case = make_case(120, 12, seed=0)
    case.targets[:, 2] = 0
    train = np.arange(12)[::-1]
    seen = np.r_[np.ones(10), 0, 0]
    found = evaluate(case.scored, case.scored, threshold=0.0, train_counts=train, seen_counts=seen)["test"]
    per_label = {}
    for label in (l for l in range(12) if l != 2):
        column = type(case)(case.scores[:, [label]], case.targets[:, [label]])
        per_label[label] = evaluate(column.scored, column.scored, threshold=0.0)["test"]
    members = {"": range(12), "/head": range(4), "/medium": range(4, 8), "/tail": range(8, 12)}
    for suffix, labels in {**members, "/unseen": range(10, 12)}.items():
        present = [label for label in labels if label in per_label]
        assert found[f"labels_counted{suffix}"] == len(present)
        for name in ("map", "auroc_macro", "f1_macro@0.5", "precision_macro@oracle"):
            mean = np.mean([per_label[label][name] for label in present])
            assert found[f"{name}{suffix}"] == pytest.approx(mean), (name, suffix)


def test_a_bucket_none_of_whose_labels_occur_has_no_number_but_a_count() -> None:
    case = make_case(60, 9, seed=0)
    case.targets[:, 6:] = 0
    found = evaluate(case.scored, case.scored, threshold=None, train_counts=np.arange(9)[::-1])["test"]
    assert found["labels_counted/tail"] == 0
    assert not any(key.endswith("/tail") for key in found if key != "labels_counted/tail")
    assert "map/head" in found
