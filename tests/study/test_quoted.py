"""README's sentences about the study have the numbers of its records."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mlbench.report.statistics.interval import mean_interval
from tests.study.quoted import (
    CONTRASTIVE,
    ON_LOGITS,
    SEEN,
    Scores,
    apart,
    chosen_trials,
    finals,
    read,
    tuned_twice,
)

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def cells() -> pd.DataFrame:
    return read(ROOT / "results" / "study", "map")


@pytest.fixture(scope="module")
def study(cells: pd.DataFrame) -> Scores:
    return Scores.of(finals(cells))


@pytest.fixture(scope="module")
def retuned() -> Scores:
    return Scores.of(finals(read(ROOT / "results" / "study-retuned", "map")))


@pytest.fixture(scope="module")
def readme() -> str:
    return " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())


def gain(differences: pd.Series, unit: str = "") -> str:
    """As the README writes it: 0.0039 mAP (+0.0009 to +0.0068)."""
    found = mean_interval(differences.to_numpy(float))
    return f"{found.mean:.4f}{unit} ({found.low:+.4f} to {found.high:+.4f})".replace("-", "−")


def between(medians: pd.Series) -> str:
    return f"{medians.min():.3f} to {medians.max():.3f}"


def test_what_choosing_by_validation_and_tuning_twice_bring(
    study: Scores, retuned: Scores, readme: str
) -> None:
    assert f"validation prefers gains {gain(study.chosen(ON_LOGITS) - study.test['bce'], ' mAP')}," in readme
    assert f"`bce` twice gains {gain(tuned_twice(study, retuned))}." in readme


def test_what_it_is_worth(cells: pd.DataFrame, study: Scores, retuned: Scores, readme: str) -> None:
    beside = apart(study).median()
    chosen, default = chosen_trials(cells)
    anew = (retuned.test["bce"] - study.test["bce"]).abs().median()
    for sentence in (
        f"another loss on logits {between(beside[ON_LOGITS[1:]])},",
        f"a contrastive one {between(beside[CONTRASTIVE])};",
        f"tuning beside default settings {between((chosen - default).abs().median())};",
        f"the same loss with other seeds {beside['bce-again']:.3f}, tuned once more {anew:.3f}.",
    ):
        assert sentence in readme


def test_where_two_way_is_ahead(study: Scores, retuned: Scores, readme: str) -> None:
    many = study.cardinality[study.cardinality >= SEEN].index
    ahead = [int(np.sum(scores.minus("two_way", "bce")[many] > 0)) for scores in (study, retuned)]
    assert f"ahead of `bce` on {ahead[0]} of {len(many)} families of more than three labels a row" in readme
    assert f"and on {ahead[1]} where both are [tuned once more]" in readme


def test_how_many_families(study: Scores, readme: str) -> None:
    assert f"The study so far, {len(study.test)} of 33 families," in readme
    assert f"Over {len(study.test)} families no loss is shown" in readme


def test_what_changed_after_registration_stands_on_the_page() -> None:
    page = (ROOT / "results" / "study" / "README.md").read_text(encoding="utf-8")
    assert 'says so under "Changes"' in page
    assert "\n## Changes\n" in page
