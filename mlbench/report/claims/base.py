"""How a claim is put to the records, and what may come of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from mlbench.registry import CLAIMS
from mlbench.report.analysis import Analysis
from mlbench.report.arrays import Floats
from mlbench.report.grid import READINGS, Grid, Task, show_fraction
from mlbench.report.measures import measure
from mlbench.report.statistics import make_blocks, signed_rank
from mlbench.report.statistics.bayes import ROPE
from mlbench.report.statistics.blocks import Blocks
from mlbench.report.tables.model import Column, Row, Table, word
from mlbench.report.tables.scores import READING_WORDS

SURE = 0.95
"""The posterior probability from which a claim is said to hold, or not to."""
LEAST_FAMILIES = 5
"""Fewer families cannot tell, whatever they show."""


class Verdict(Enum):
    """What the records say of a claim."""

    HOLDS = "holds"
    FAILS = "does not hold"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True)
class Outcome:
    """A verdict and the evidence, a sentence each."""

    verdict: Verdict
    evidence: tuple[str, ...]


@dataclass(frozen=True)
class Finding:
    """A claim with its outcome."""

    name: str
    title: str
    source: str
    verdict: Verdict
    evidence: tuple[str, ...]


Claim = Callable[[Analysis], Outcome]


def check_claims(analysis: Analysis) -> list[Finding]:
    """Every registered claim, tested."""
    findings = []
    for name in CLAIMS.names():
        title, _, source = CLAIMS.describe(name).summary.partition("|")
        outcome: Outcome = CLAIMS.get(name)(analysis)
        findings.append(Finding(name, title.strip(), source.strip(), outcome.verdict, outcome.evidence))
    return findings


def claims_table(findings: Sequence[Finding]) -> Table | None:
    """The findings as a table for Markdown and LaTeX."""
    rows = tuple(
        Row(
            (
                word(finding.title.replace("`", "")),
                word(finding.verdict.value),
                word(" ".join(finding.evidence)),
            )
        )
        for finding in findings
    )
    columns = tuple(Column(title, numeric=False) for title in ("claim", "verdict", "evidence"))
    return Table("claims", "What the papers claim", columns, rows) if rows else None


def any_task(_: Task) -> bool:
    """Every task."""
    return True


def of_kind(grid: Grid, names: Iterable[str], **parameters: object) -> list[str]:
    """The losses of the report that are registered under one of `names` and have these parameters."""
    cells, wanted = grid.cells, set(names)
    found = cells["loss_name"].isin(wanted)
    for key, value in parameters.items():
        column = f"cell/loss/parameters/{key}"
        found &= cells[column] == value if column in cells.columns else False
    return sorted(set(cells.loc[found, "loss"]))


def compare(
    analysis: Analysis,
    key: str,
    reading: str,
    ahead: Sequence[str],
    behind: Sequence[str],
    keep: Callable[[Task], bool] = any_task,
) -> Blocks | str:
    """The blocks of two groups of losses at the largest fraction, or why there are none."""
    grid = analysis.grid
    if not ahead or not behind:
        here = [*ahead, *behind]
        return (
            f"Of the losses that it compares only {', '.join(here)} {'is' if len(here) == 1 else 'are'} here."
            if here
            else "None of the losses that it compares is here."
        )
    if key not in analysis.measures or reading not in analysis.readings:
        return f"No record has {key}."
    tasks = [task.name for task in grid.tasks if keep(task)]
    if not tasks:
        kind = (keep.__doc__ or keep.__name__).strip().rstrip(".")
        return f"No dataset here is one that it is about: {kind[0].lower()}{kind[1:]}."
    fraction = len(grid.fractions) - 1
    blocks = make_blocks(grid, reading, measure(key), fraction, losses=[*ahead, *behind], tasks=tasks)
    if blocks is None or not set(ahead) & set(blocks.losses) or not set(behind) & set(blocks.losses):
        return (
            f"Not one of {', '.join(tasks)} has finished cells of both sides, {', '.join(ahead)} and "
            f"{', '.join(behind)}, at the largest fraction."
        )
    return blocks


def contest(
    analysis: Analysis,
    key: str,
    ahead: Sequence[str],
    behind: Sequence[str],
    *,
    keep: Callable[[Task], bool] = any_task,
    readings: Sequence[str] = ("own",),
    rope: float = ROPE,
    at_least: bool = False,
) -> Outcome:
    """Whether the mean of one group of losses is above that of the other, family by family.

    A Bayesian signed-rank test over families with the region of equivalence `rope`, at the largest fraction,
    under both readings. The claim holds where being better is at least 95 % sure under every one of
    `readings`, does not hold where not being better is so under one of them. With `at_least` the claim is
    that `ahead` is no worse.
    """

    def test(reading: str) -> tuple[Verdict, str]:
        blocks = compare(analysis, key, reading, ahead, behind, keep)
        if isinstance(blocks, str):
            return Verdict.CANNOT_TELL, blocks
        differences = gains(blocks, ahead, behind)
        found = signed_rank(differences, rope=rope)
        few = blocks.count < LEAST_FAMILIES
        share = show_fraction(analysis.grid.fractions[-1])
        families = "family" if blocks.count == 1 else "families"
        text = (
            f"{blocks.measure.title}, {share}: {_group(ahead, blocks)} is "
            f"{abs(differences.mean()):.3f} {'ahead of' if differences.mean() >= 0 else 'behind'} "
            f"{_group(behind, blocks)} on average over {blocks.count} {families}; P(better) = {found.better:.2f}, "
            f"P(equal within {rope:g}) = {found.equal:.2f}, P(worse) = {found.worse:.2f}."
        )
        better = found.better + found.equal if at_least else found.better
        return _verdict(better, few), text + (
            f" At least {LEAST_FAMILIES} families are needed." if few else ""
        )

    return under_both(test, readings)


def under_both(test: Callable[[str], tuple[Verdict, str]], deciding: Sequence[str] = ("own",)) -> Outcome:
    """A test put to both readings: what each says, and the verdict of those that decide."""
    found = {reading: test(reading) for reading in READINGS}
    return Outcome(
        combine([found[reading][0] for reading in deciding]),
        tuple(
            f"{READING_WORDS[reading]}: {verdict.value}. {text}" for reading, (verdict, text) in found.items()
        ),
    )


def gains(blocks: Blocks, ahead: Sequence[str], behind: Sequence[str]) -> Floats:
    """[families]: how far the mean of one group of losses is above that of the other."""
    means = [
        blocks.scores[:, [blocks.losses.index(loss) for loss in group if loss in blocks.losses]].mean(1)
        for group in (ahead, behind)
    ]
    return np.asarray(means[0] - means[1])


def combine(verdicts: Sequence[Verdict]) -> Verdict:
    """Holds where all hold; does not where one does not; else cannot tell."""
    if all(verdict is Verdict.HOLDS for verdict in verdicts):
        return Verdict.HOLDS
    return Verdict.FAILS if Verdict.FAILS in verdicts else Verdict.CANNOT_TELL


def _verdict(better: float, few: bool) -> Verdict:
    if few:
        return Verdict.CANNOT_TELL
    return Verdict.HOLDS if better >= SURE else Verdict.FAILS if better <= 1 - SURE else Verdict.CANNOT_TELL


def _group(losses: Sequence[str], blocks: Blocks) -> str:
    there = [loss for loss in losses if loss in blocks.losses]
    return there[0] if len(there) == 1 else f"the mean of {', '.join(there)}"
