"""The claims of "Multi-Label Contrastive Learning: A Comprehensive Study" (Audibert, Gauffre, Amini, 2024)."""

from __future__ import annotations

from mlbench.registry import CLAIMS
from mlbench.report.analysis import Analysis
from mlbench.report.claims.base import Outcome, combine, contest, of_kind
from mlbench.report.grid import Task

register_claim = CLAIMS.register

CONTRASTIVE = ("supcon", "jaccard_supcon", "mulsupcon", "simdis", "multisupcon", "prototype", "msc", "reg")
"""Losses that train the representation alone."""
CLASSIFYING = (
    "bce", "focal", "asl", "hill", "splc", "apl", "ral", "poly1", "cb_focal", "db_focal", "zlpr", "two_way",
    "pairwise_exp", "lsep", "soft_f1", "multilabel_softmax", "wan",
)  # fmt: skip
"""Losses on logits."""
MANY, FEW = 50, 25
"""Numbers of labels: "many" from here, "few" up to here."""
BOTH = ("own", "probe")


def many_labels(task: Task) -> bool:
    """Datasets of at least 50 labels."""
    return task.labels >= MANY


def few_labels(task: Task) -> bool:
    """Datasets of at most 25 labels."""
    return 0 < task.labels <= FEW


@register_claim("contrastive-leads-where-labels-are-many")
def contrastive_leads_where_labels_are_many(analysis: Analysis) -> Outcome:
    """Contrastive losses lead on macro-F1 where labels are many. | Audibert et al. 2024, arXiv 2412.00101"""
    grid = analysis.grid
    ahead, behind = of_kind(grid, CONTRASTIVE), of_kind(grid, CLASSIFYING)
    return contest(analysis, "f1_macro@label", ahead, behind, keep=many_labels, readings=BOTH)


@register_claim("contrastive-trails-where-labels-are-few")
def contrastive_trails_where_labels_are_few(analysis: Analysis) -> Outcome:
    """Contrastive losses trail on macro-F1 where labels are few. | Audibert et al. 2024, arXiv 2412.00101"""
    grid = analysis.grid
    ahead, behind = of_kind(grid, CLASSIFYING), of_kind(grid, CONTRASTIVE)
    return contest(analysis, "f1_macro@label", ahead, behind, keep=few_labels, readings=BOTH)


@register_claim("contrastive-trails-on-ranking")
def contrastive_trails_on_ranking(analysis: Analysis) -> Outcome:
    """Contrastive losses trail on ranking metrics (LRAP). | Audibert et al. 2024, arXiv 2412.00101"""
    grid = analysis.grid
    ahead, behind = of_kind(grid, CLASSIFYING), of_kind(grid, CONTRASTIVE)
    return contest(analysis, "lrap", ahead, behind, readings=BOTH)


@register_claim("gain-is-not-only-label-interaction")
def gain_is_not_only_label_interaction(analysis: Analysis) -> Outcome:
    """The gain is not only label interaction: `prototype` and `reg` do no worse than `msc`. | Audibert et al. 2024, arXiv 2412.00101"""  # noqa: E501
    grid = analysis.grid
    sides = of_kind(grid, ["prototype"]), of_kind(grid, ["reg"], regularize=True)
    found = [
        contest(analysis, "f1_macro@label", side, of_kind(grid, ["msc"]), at_least=True) for side in sides
    ]
    return Outcome(
        combine([outcome.verdict for outcome in found]),
        tuple(dict.fromkeys(line for outcome in found for line in outcome.evidence)),
    )


@register_claim("regularisation-helps-reg")
def regularisation_helps_reg(analysis: Analysis) -> Outcome:
    """`reg` beats its unregularised form on macro-F1. | Audibert et al. 2024, arXiv 2412.00101"""
    grid = analysis.grid
    ahead, behind = of_kind(grid, ["reg"], regularize=True), of_kind(grid, ["reg"], regularize=False)
    return contest(analysis, "f1_macro@label", ahead, behind)
