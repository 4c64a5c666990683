"""The answer to one view: which loss ranks first, by how much, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence

from mlbench.report.analysis import Analysis, View
from mlbench.report.data.grid import READING_WORDS
from mlbench.report.one_dataset.verdict import find_verdict
from mlbench.report.one_dataset.words import in_brief, in_words
from mlbench.report.statistics import Blocks, Ranking
from mlbench.report.statistics.best import LEAST_FAMILIES
from mlbench.report.statistics.leverage import leverage
from mlbench.report.statistics.ranks import first_on
from mlbench.report.text.against import against
from mlbench.report.text.excluded import excluded, fewer_seeds
from mlbench.report.text.hyperparameters import untuned
from mlbench.report.wording import count, listed, makers, show_fraction

ONE_FAMILY = "There is one family of datasets: nothing here says how the losses do on others."


def question(analysis: Analysis, view: View) -> str:
    """`mAP, own logits, 100 % of the training data`."""
    fraction = show_fraction(analysis.grid.fractions[view.fraction])
    return (
        f"{analysis.measures[view.key].title}, {READING_WORDS[view.reading]}, {fraction} of the training data"
    )


def opening(analysis: Analysis, view: View) -> list[str]:
    """What a report opens with: the verdict where there is one dataset, the answer over families elsewhere. The first
    is the headline."""
    blocks = analysis.blocks(view)
    verdict = find_verdict(analysis, view) if len(analysis.grid.tasks) == 1 else None
    if verdict is None or blocks is None or len(verdict.standings) < 2 or not verdict.measure.ranked:
        return answer(analysis, view)
    under = untuned(analysis)
    headline = in_brief(verdict).rstrip(".") + (f" ({under})" if under else "")
    rest = [sentence for sentence in in_words(verdict) if sentence != in_brief(verdict)]
    return [headline, *rest, *excluded(analysis, view, blocks), *fewer_seeds(analysis, view, blocks)]


def answer(analysis: Analysis, view: View) -> list[str]:
    """The sentences; the first is the headline."""
    blocks, ranking = analysis.blocks(view), analysis.ranking(view)
    rule = analysis.measures[view.key]
    if not rule.ranked:
        return ["This metric is never ranked.", f"{rule.title}."]
    if blocks is None:
        return ["Nothing can be compared here.", "No loss finished half of its seeds on any dataset."]
    if ranking is None:
        alone = f"Only {blocks.losses[0]} {'can be ranked' if blocks.excluded_losses else 'is here'}"
        return [f"{alone}: there is nothing to compare it with.", *excluded(analysis, view, blocks)]
    under = untuned(analysis)
    sentences = [
        _headline(analysis, view, blocks, ranking) + (f" ({under})" if under else ""),
        _average_rank(blocks, ranking) if blocks.count > 1 else ONE_FAMILY,
    ]
    sentences += against(analysis, view, blocks, ranking)
    return [*sentences, *excluded(analysis, view, blocks), *fewer_seeds(analysis, view, blocks)]


def _headline(analysis: Analysis, view: View, blocks: Blocks, ranking: Ranking) -> str:
    """Which loss ranks first, which others may be as good, and which family carries its lead."""
    level, best_set = ranking.level, analysis.confidence_set(view)
    tested = blocks.count == 1 or blocks.count >= LEAST_FAMILIES
    if len(level) > 1:
        near = [loss for loss in best_set if loss not in level]
        where = " in first place" if len(level) < len(ranking.losses) else ""
        others = (
            "" if not near else f"; {listed(near, most=3)} may be as good" if tested else _untested(blocks)
        )
        return f"{listed(level, most=3)} are level{where}{others}"
    first = _first(ranking, best_set) if tested else f"{ranking.best} ranks first{_untested(blocks)}"
    return first + _carried(analysis, view, blocks, ranking)


def _untested(blocks: Blocks) -> str:
    """What stands in place of the losses that may be as good, where there are too few families for that test."""
    families = count(blocks.count, "family", "families")
    return f"; over {families} it cannot be tested which others may be as good"


def _first(ranking: Ranking, best_set: Sequence[str]) -> str:
    """A loss "leads" where it is alone in the confidence set of the best ones."""
    others = [loss for loss in best_set if loss != ranking.best]
    if ranking.best not in best_set:
        return f"{ranking.best} ranks first, but {listed(others, most=3)} may be better"
    if not others:
        return f"{ranking.best} leads, ahead of all others"
    if len(others) > 3 and len(others) == len(ranking.losses) - 1:
        return f"{ranking.best} ranks first; any of the other {len(others)} losses may be as good"
    return f"{ranking.best} ranks first; {listed(others, most=3)} may be as good"


def _carried(analysis: Analysis, view: View, blocks: Blocks, ranking: Ranking) -> str:
    """Which family makes more than half of the leader's difference from the control, from the next where it is that;
    of a difference within the region of equivalence nobody asks."""
    control = blocks.control()
    other = ranking.losses[ranking.order[1]] if control in (None, ranking.best) else control
    differences, region = blocks.differences(ranking.best, str(other)), analysis.region(view)
    carriers = leverage(differences, blocks.families).carriers
    if not carriers or (region is not None and region.judge(differences).slight):
        return ""
    return f"; {makers(carriers)} more than half of its difference from {other}"


def _average_rank(blocks: Blocks, ranking: Ranking) -> str:
    first = ranking.order[0]
    whose = "The average rank of each is" if len(ranking.level) > 1 else "Its average rank is"
    interval = f"95 % interval {ranking.low[first]:.1f} to {ranking.high[first]:.1f}"
    return (
        f"{whose} {ranking.ranks[first]:.2f} of {len(ranking.losses)} over "
        f"{count(blocks.count, 'family', 'families')} of datasets ({interval}){_firsts(blocks, ranking)}."
    )


def _firsts(blocks: Blocks, ranking: Ranking) -> str:
    """On how many families the leader is first, and on how many of these others are too; nothing of losses that are
    level, since each has its own."""
    if len(ranking.level) > 1:
        return ""
    alone, shared = first_on(blocks, ranking.best)
    text = f", and it is first on {alone + shared or 'none'} of them"
    return f"{text}, on {shared} of these together with others" if shared else text
