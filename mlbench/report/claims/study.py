"""The claims of "Multi-Label Contrastive Learning: A Comprehensive Study" (Audibert, Gauffre, Amini, 2024).

The study fine-tunes pretrained encoders, reads logit losses by their own logits and contrastive ones by a linear probe,
and takes macro-F1 at threshold 0.5 (its released code rounds the probabilities).
"""

from __future__ import annotations

from dataclasses import replace

from mlbench.registry import CLAIMS
from mlbench.report.analysis import Analysis
from mlbench.report.claims.base import ClaimOutcome, ClaimVerdict, combine
from mlbench.report.claims.contest import Statement, checked_contrast, contest
from mlbench.report.claims.sides import Keep, any_task, few_labels, many_labels, of_both_kinds, of_kind
from mlbench.report.data.grid import Grid
from mlbench.report.wording import count

register_claim = CLAIMS.register

CONTRASTIVE = ("jaccard_supcon", "mulsupcon", "prototype", "msc", "reg")
"""The contrastive losses that the study compares; `reg` without its regulariser is a variant of it."""
CLASSIFYING = ("bce", "zlpr", "asl")
"""Its baselines on logits."""
MACRO_F1 = "f1_macro@0.5"
TUNED = ("f1_macro@label",)
"""Shown beside: a threshold of 0.5 suits some losses and not others."""


@register_claim("contrastive-leads-where-labels-are-many")
def contrastive_leads_where_labels_are_many(analysis: Analysis) -> ClaimOutcome:
    """Contrastive losses lead on macro-F1 where labels are many. | Audibert et al. 2024, arXiv 2412.00101"""
    ahead, behind = _contrastive(analysis.grid), of_kind(analysis.grid, CLASSIFYING)
    found = contest(analysis, MACRO_F1, ahead, behind, keep=many_labels, beside=TUNED)
    return _with_setting(analysis, found, many_labels)


@register_claim("contrastive-trails-where-labels-are-few")
def contrastive_trails_where_labels_are_few(analysis: Analysis) -> ClaimOutcome:
    """Contrastive losses trail on macro-F1 where labels are few. | Audibert et al. 2024, arXiv 2412.00101"""
    ahead, behind = of_kind(analysis.grid, CLASSIFYING), _contrastive(analysis.grid)
    found = contest(analysis, MACRO_F1, ahead, behind, keep=few_labels, beside=TUNED)
    return _with_setting(analysis, found, few_labels)


@register_claim("contrastive-trails-on-ranking")
def contrastive_trails_on_ranking(analysis: Analysis) -> ClaimOutcome:
    """Contrastive losses trail on ranking metrics (LRAP). | Audibert et al. 2024, arXiv 2412.00101"""
    ahead, behind = of_kind(analysis.grid, CLASSIFYING), _contrastive(analysis.grid)
    return _with_setting(analysis, contest(analysis, "lrap", ahead, behind))


@register_claim("gain-is-not-only-label-interaction")
def gain_is_not_only_label_interaction(analysis: Analysis) -> ClaimOutcome:
    """The gain is not only label interaction: `prototype` and `reg` do no worse than `msc`. | Audibert et al. 2024, arXiv 2412.00101"""  # noqa: E501
    grid = analysis.grid
    sides = of_kind(grid, ["prototype"]), of_kind(grid, ["reg"], regularize=True)
    found = [
        contest(analysis, MACRO_F1, side, of_kind(grid, ["msc"]), beside=TUNED, at_least=True)
        for side in sides
    ]
    premise = _gain(analysis)
    verdict = combine([outcome.verdict for outcome in found])
    if verdict is not ClaimVerdict.NOT_TESTABLE and premise.verdict is not ClaimVerdict.HOLDS:
        verdict = premise.verdict
    evidence = dict.fromkeys([premise.whole, *(line for outcome in found for line in outcome.evidence)])
    tuned = "" if sides[1] else of_both_kinds(grid, "reg", "regularize")
    reasons = dict.fromkeys([premise.reason, *(outcome.reason for outcome in found), tuned])
    return _with_setting(analysis, ClaimOutcome(verdict, tuple(evidence), " ".join(filter(None, reasons))))


@register_claim("regularisation-helps-reg")
def regularisation_helps_reg(analysis: Analysis) -> ClaimOutcome:
    """`reg` beats its unregularised form on macro-F1. | Audibert et al. 2024, arXiv 2412.00101"""
    grid = analysis.grid
    ahead, behind = of_kind(grid, ["reg"], regularize=True), of_kind(grid, ["reg"], regularize=False)
    if not ahead and not behind and (reason := of_both_kinds(grid, "reg", "regularize")):
        return ClaimOutcome(ClaimVerdict.NOT_TESTABLE, (reason,), reason)
    return _with_setting(analysis, contest(analysis, MACRO_F1, ahead, behind, beside=TUNED))


def _contrastive(grid: Grid) -> list[str]:
    return of_kind(grid, CONTRASTIVE)


def _gain(analysis: Analysis) -> Statement:
    """The premise, that contrastive losses gain something over those on logits, and what is seen of it.

    It is there where the interval of the gain lies above 0, and absent where it lies below the region of equivalence's
    upper end: then no gain that would matter is left to be explained.
    """
    ahead, behind = _contrastive(analysis.grid), of_kind(analysis.grid, CLASSIFYING)
    tested = checked_contrast(analysis, MACRO_F1, "own", ahead, behind)
    if isinstance(tested, Statement):
        return tested._replace(
            reason=f"Whether there is a gain to explain cannot be tested here. {tested.reason}"
        )
    found, said = tested
    if found.judged.better:
        return Statement(ClaimVerdict.HOLDS, f"There is a gain to explain. {said}")
    if found.judged.no_better:
        text = f"No gain of {100 * analysis.rope:g} % of the span or more is here to explain. {said}"
        return Statement(ClaimVerdict.PREMISE_ABSENT, text)
    text = f"Whether there is a gain to explain remains open. {said} {found.power()}"
    return Statement(ClaimVerdict.CANNOT_TELL, text)


def _with_setting(analysis: Analysis, found: ClaimOutcome, keep: Keep = any_task) -> ClaimOutcome:
    """With a sentence on where the records are of another setting than the study's."""
    tasks = [task for task in analysis.grid.tasks if keep(task)]
    tuned = sum(task.trained and task.pretrained for task in tasks)
    if found.verdict is ClaimVerdict.NOT_TESTABLE or tuned == len(tasks):
        return found
    here = count(len(tasks), "dataset")
    text = f"The study fine-tunes a pretrained encoder; here the cells on {tuned or 'none'} of {here} do."
    return replace(found, evidence=(*found.evidence, text))
