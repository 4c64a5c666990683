"""The numbers that README.md and results/study*/README.md quote and `mlbench report` does not print.

    python -m tests.study.quoted [RESULTS]

RESULTS (`results` where not given) holds study and what stands beside it; what is not there is left out. Scores are
of the test split, means over seeds, by own logits, of losses that have none by the probe. Intervals are the report's:
95 %, over families.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

import mlbench
from mlbench.report.statistics.aggregate import LEAST_SPAN
from mlbench.report.statistics.correlation import spearman
from mlbench.report.statistics.interval import mean_interval

CONTRASTIVE = ["supcon", "msc", "reg"]
ON_LOGITS = ["bce", "two_way", "zlpr", "asl", "focal", "kmcl-isotropic", "apl"]
LEADERS = ["bce", "zlpr", "asl"]
ASKED, SEEN = 2.3, 3.1
"""Labels a row from which two_way should be ahead by question 10, and from which it was seen to be."""
UNSEEN = {
    "arxiv_cs54", "bibtex_feat", "ccp_clothing", "corel5k_feat", "debtags", "delicious_feat", "emoji", "go_emotions",
    "mdi_icons", "musiccaps", "openclipart", "reuters21578", "tate", "tmc2007_feat",
}  # fmt: skip
"""The families from which that rule was not read."""


def read(folder: Path, metric: str) -> pd.DataFrame:
    """Every finished cell of a folder with its scores by a metric: `test`, `validation` and the `floor` of its test."""
    cells = mlbench.load_records(folder)
    contrastive = cells["loss"].isin(CONTRASTIVE)
    for split in ("test", "validation"):
        own, probe = (cells[f"{reading}/{split}/{metric}"] for reading in ("metrics", "probe_metrics"))
        cells[split] = own.where(~contrastive, probe)
    return cells.assign(
        floor=cells[f"floor_metrics/test/{metric}"],
        labels=cells["dataset/labels"],
        cardinality=cells["dataset/cardinality"],
        first_best=cells["history/selected_step"] <= cells["history/steps"] / 5 + 1,
    )[cells["status"].eq("done")]


def finals(cells: pd.DataFrame) -> pd.DataFrame:
    """The cells that were trained with what was chosen."""
    return cells[cells["cell/trial/final"].eq(True)]


@dataclass(frozen=True)
class Scores:
    """Means over seeds.

    - `test`, `validation`: a family a row, a loss a column.
    - `span`: from each family's floor to its best loss, on the test split.
    - `labels`, `cardinality`: labels of a family, and how many of them a row has.
    """

    test: pd.DataFrame
    validation: pd.DataFrame
    span: pd.Series
    labels: pd.Series
    cardinality: pd.Series

    @classmethod
    def of(cls, cells: pd.DataFrame) -> Scores:
        """Of cells of one fraction."""
        mean = cells.pivot_table(index="dataset", columns="loss", values=["test", "validation"])
        about = cells.groupby("dataset")[["floor", "labels", "cardinality"]].mean()
        best = mean["test"].drop(columns="bce-again", errors="ignore").max(axis=1)
        return cls(
            mean["test"], mean["validation"], best - about["floor"], about["labels"], about["cardinality"]
        )

    def minus(self, first: str, second: str) -> pd.Series:
        """What one loss is ahead of another, on each family."""
        return self.test[first] - self.test[second]

    def chosen(self, losses: Sequence[str]) -> pd.Series:
        """The score of the one of `losses` that each family's validation prefers."""
        preferred = self.validation[list(losses)].idxmax(axis=1)
        return pd.Series([self.test.loc[family, loss] for family, loss in preferred.items()], preferred.index)


def points(differences: pd.Series) -> str:
    """Their mean, its interval, how many there are."""
    found = mean_interval(differences.to_numpy(float))
    return f"{found.mean:+.4f} ({found.low:+.4f} to {found.high:+.4f}; {len(differences)})"


def shares(differences: pd.Series, span: pd.Series) -> str:
    """The same in % of the span, where that is wide enough."""
    of = span[differences.index]
    share = (100 * differences / of)[of >= LEAST_SPAN]
    found = mean_interval(share.to_numpy(float))
    return f"{found.mean:+.1f} % ({found.low:+.1f} to {found.high:+.1f} %; {len(share)})"


def correlation(differences: pd.Series, scores: Scores) -> str:
    """Spearman's, of shares of the span with labels a row."""
    share = (differences / scores.span).loc[differences.index]
    rho, above, _ = spearman(share.to_numpy(), scores.cardinality[share.index].to_numpy())
    return f"{rho:.2f} (one-sided p {above:.4f}; {len(share)})"


def leads(differences: pd.Series) -> str:
    """On how many it is above 0."""
    return f"{(differences > 0).sum()} of {len(differences)}"


def per_loss(table: pd.DataFrame) -> str:
    """The median over families, by loss."""
    return ", ".join(f"{loss} {value:.4f}" for loss, value in table.median().items())


def apart(study: Scores) -> pd.DataFrame:
    """How far each loss is from bce, either way."""
    return study.test.sub(study.test["bce"], axis=0).drop(columns="bce").abs()


def chosen_trials(cells: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The scores of the trial that was chosen and of the one with default settings, a family a row, a loss a column."""
    trials = cells[cells["cell/trial/final"].eq(False)].sort_values("cell/trial/number")
    of_loss = trials.groupby(["dataset", "loss"])
    chosen = trials.loc[of_loss["validation"].idxmax()].set_index(["dataset", "loss"])["test"]
    return chosen.unstack("loss"), of_loss["test"].first().unstack("loss")


def tuned_twice(study: Scores, other: Scores) -> pd.Series:
    """What bce gains where of two searches the one counts that validation prefers."""
    both = study.test.index.intersection(other.test.index)
    better = other.validation["bce"][both] > study.validation["bce"][both]
    return study.test["bce"][both].mask(better, other.test["bce"][both]) - study.test["bce"][both]


def worth(cells: pd.DataFrame, study: Scores) -> None:
    """Question 5, and what choosing the loss by validation brings."""
    print(f"beside bce, median of the absolute differences: {per_loss(apart(study))}")
    chosen, default = chosen_trials(cells)
    moved = (chosen - default).abs()
    print(f"tuned beside default settings, on the seed that chose, likewise: {per_loss(moved)}")
    by_validation = study.chosen(ON_LOGITS)
    best = study.test[ON_LOGITS].max(axis=1)
    behind = {"by validation": best - by_validation} | {loss: best - study.test[loss] for loss in ON_LOGITS}
    words = ", ".join(f"{name} {value.mean():.4f}" for name, value in behind.items())
    print(f"below the best of the seven on logits, mean: {words}")
    gain = by_validation - study.test["bce"]
    print(f"the one that validation prefers minus bce: {points(gain)}, {shares(gain, study.span)}")
    print(f"  up to 25 labels: {shares(gain[study.labels <= 25], study.span)}")
    tuned = finals(cells)
    tuned = tuned[tuned["loss"].ne("bce-again")]
    print(
        f"the first evaluation was the best on validation in {tuned['first_best'].sum()} of {len(tuned)} cells"
    )


def rule(study: Scores) -> None:
    """Question 10."""
    ahead = study.minus("two_way", "bce")
    many = study.cardinality[ahead.index] > ASKED
    unseen = ahead[ahead.index.isin(UNSEEN)]
    print(
        f"two_way - bce with labels a row: {correlation(ahead, study)}, unseen {correlation(unseen, study)}"
    )
    print(f"  ahead with more than {ASKED}: {leads(ahead[many])}, with fewer {leads(ahead[~many])}")
    for family, value in unseen.items():
        print(f"  unseen {family} ({study.cardinality[family]:.2f}): {value:+.4f}")


def retuned(study: Scores, other: Scores) -> None:
    """Question 11."""
    both = study.test.index.intersection(other.test.index)
    first, second = study.minus("two_way", "bce")[both], other.minus("two_way", "bce")[both]
    rows = study.cardinality[both]
    groups = {
        "all": rows > 0, f"under {SEEN}": rows < SEEN, f"{SEEN} and more": rows >= SEEN,
        f"up to {ASKED}": rows <= ASKED, f"more than {ASKED}": rows > ASKED,
    }  # fmt: skip
    for name, these in groups.items():
        for tuning, ahead in (("study", first), ("anew", second), ("mean of both", (first + second) / 2)):
            print(f"two_way - bce, {name}, {tuning}: {points(ahead[these])}, ahead on {leads(ahead[these])}")
    print(f"  the same sign on {((first > 0) == (second > 0)).sum()} of {len(both)}")
    # In shares of the study's spans: two losses alone have no best of ten.
    unseen = second[second.index.isin(UNSEEN)]
    print(f"  with labels a row: {correlation(second, study)}, unseen {correlation(unseen, study)}")
    for loss in ("bce", "two_way"):
        moved = (other.test[loss] - study.test[loss])[both]
        far = ", ".join(f"{family} {value:.4f}" for family, value in moved.abs().nlargest(3).items())
        print(f"{loss}, tuned anew minus the study's: {points(moved)}, {shares(moved, study.span)}")
        print(f"  absolute: median {moved.abs().median():.4f}, most {far}")
    twice = tuned_twice(study, other)
    print(
        f"bce tuned twice, the better by validation, minus bce: {points(twice)}, {shares(twice, study.span)}"
    )


def few_rows(study: Scores, cells: pd.DataFrame) -> None:
    """Question 7."""
    fractions = {share: Scores.of(part) for share, part in cells.groupby("fraction")}
    families = next(iter(fractions.values())).test.index
    for share, scores in {**fractions, 1.0: study}.items():
        here = scores.test.loc[families]
        narrow = ", ".join(families[scores.span[families] < LEAST_SPAN]) or "none"
        print(
            f"{100 * share:g} % of the rows: bce {here['bce'].mean():.3f}; {len(here)} families, narrow {narrow}"
        )
        for loss in ["asl", "apl", "zlpr", "two_way", *CONTRASTIVE]:
            ahead = here[loss] - here["bce"]
            words = f"{ahead.mean():+.3f} ({ahead.min():+.3f} to {ahead.max():+.3f})"
            print(f"  {loss} - bce {words}, {shares(ahead, scores.span)}, ahead on {leads(ahead)}")
        contrastive = (scores.chosen(CONTRASTIVE) - scores.chosen(LEADERS))[families]
        print(f"  contrastive - on logits {shares(contrastive, scores.span)}")


def start(prior: Scores, zero: Scores) -> None:
    """Question 5: biases that start at the labels' log-odds and at 0, default settings."""
    both = prior.test.index.intersection(zero.test.index)
    for loss in zero.test:
        moved = (prior.test[loss] - zero.test[loss])[both]
        print(f"{loss}, log-odds minus 0: {points(moved)}, median of the absolute {moved.abs().median():.4f}")
        for name, scores in (("log-odds", prior), ("0", zero)):
            print(f"  minus bce, both at {name}: {points(scores.minus(loss, 'bce')[both])}")


def main(results: Path) -> None:
    """Print them all."""
    for metric in ("map", "f1_macro@label"):
        print(f"\n# {metric}\n")
        cells = read(results / "study", metric)
        study = Scores.of(finals(cells))
        narrow = ", ".join(study.span[study.span < LEAST_SPAN].index) or "none"
        print(f"{len(study.test)} families, {len(cells)} cells; span under {LEAST_SPAN}: {narrow}")
        worth(cells, study)
        rule(study)
        if (results / "study-retuned").is_dir():
            print("\ntuned anew")
            retuned(study, Scores.of(finals(read(results / "study-retuned", metric))))
        if (results / "study-fractions").is_dir():
            print("\nfew rows")
            few_rows(study, finals(read(results / "study-fractions", metric)))
        if (results / "study-start").is_dir():
            print("\nthe heads' start")
            start(*(Scores.of(read(results / name, metric)) for name in ("study-breadth", "study-start")))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "results"))
