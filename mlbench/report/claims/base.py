"""What may come of a claim, and all of them put to the records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from mlbench.registry import CLAIMS
from mlbench.report.analysis import Analysis
from mlbench.report.tables.model import Row, Table, TableColumn, word


class ClaimVerdict(Enum):
    """What the records say of a claim."""

    HOLDS = "holds"
    FAILS = "does not hold"
    CANNOT_TELL = "cannot tell"
    PREMISE_ABSENT = "premise absent"
    NOT_TESTABLE = "not testable here"


@dataclass(frozen=True)
class ClaimOutcome:
    """What comes of a claim on these records."""

    verdict: ClaimVerdict
    evidence: tuple[str, ...]
    """A sentence or more each."""
    reason: str = ""
    """Why nothing can be tested here, without the numbers."""


@dataclass(frozen=True)
class CheckedClaim:
    """A claim with its outcome."""

    name: str
    title: str
    source: str
    verdict: ClaimVerdict
    evidence: tuple[str, ...]
    reason: str = ""


Claim = Callable[[Analysis], ClaimOutcome]


def check_claims(analysis: Analysis) -> list[CheckedClaim]:
    """Every registered claim, tested."""
    findings = []
    for name in CLAIMS.names():
        title, _, source = CLAIMS.describe(name).summary.partition("|")
        outcome: ClaimOutcome = CLAIMS.get(name)(analysis)
        findings.append(CheckedClaim(name, title.strip(), source.strip(), *_parts(outcome)))
    return findings


def _parts(outcome: ClaimOutcome) -> tuple[ClaimVerdict, tuple[str, ...], str]:
    """What cannot be tested has a reason: where none is given, the whole evidence."""
    reason = outcome.reason
    if outcome.verdict is ClaimVerdict.NOT_TESTABLE and not reason:
        reason = " ".join(outcome.evidence)
    return outcome.verdict, outcome.evidence, reason


def claims_table(findings: Sequence[CheckedClaim]) -> Table | None:
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
    columns = tuple(TableColumn(title, numeric=False) for title in ("claim", "verdict", "evidence"))
    return Table("claims", "What the papers claim", columns, rows) if rows else None


def combine(verdicts: Sequence[ClaimVerdict]) -> ClaimVerdict:
    """Of a claim in several parts: holds where all hold; does not where one does not; else what keeps it open."""
    if all(verdict is ClaimVerdict.HOLDS for verdict in verdicts):
        return ClaimVerdict.HOLDS
    order = (ClaimVerdict.FAILS, ClaimVerdict.NOT_TESTABLE, ClaimVerdict.CANNOT_TELL)
    return next(verdict for verdict in order if verdict in verdicts)
