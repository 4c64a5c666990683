"""The papers' claims as the page shows them."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from mlbench.report.claims import CheckedClaim


def claim_rule(rope: float) -> str:
    return (
        "Each claim is tested as its paper tested it: with the paper's classifier, metric and losses, at the largest "
        "fraction. Differences are in % of a family's span from floor to best. A claim holds where the 95 % interval "
        f"of their mean over families lies above 0 (above −{100 * rope:g} % where it says that a loss does no worse), "
        "and does not hold where it lies below."
    )


def claim_list(findings: Sequence[CheckedClaim]) -> Markup:
    items = Markup("").join(
        Markup(
            '<li id="claim-{name}" class="claim {kind}"><p class="verdict-word">{verdict}</p><h3>{title}</h3>'
            '<p class="source">{source}</p><ul class="plain">{evidence}</ul></li>'
        ).format(
            name=finding.name,
            kind=finding.verdict.name.lower().replace("_", "-"),
            verdict=finding.verdict.value,
            title=_with_code(finding.title),
            source=finding.source,
            evidence=Markup("").join(Markup("<li>{}</li>").format(line) for line in finding.evidence),
        )
        for finding in findings
    )
    return Markup('<ul class="claims">{}</ul>').format(items)


def _with_code(text: str) -> Markup:
    """Text whose names in backticks are set as code."""
    parts = text.split("`")
    form = ("{}", "<code>{}</code>")
    return Markup("").join(Markup(form[place % 2]).format(part) for place, part in enumerate(parts))
