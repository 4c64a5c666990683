"""The leader against the loss that comes next and against the control."""

from __future__ import annotations

import math

from mlbench.report.analysis import Analysis, View
from mlbench.report.statistics import AgainstControl, Blocks, Ranking
from mlbench.report.statistics.best import LEAST_FAMILIES
from mlbench.report.statistics.frequentist import ALPHA
from mlbench.report.statistics.leverage import Leverage, leverage
from mlbench.report.wording import better_by


def against(analysis: Analysis, view: View, blocks: Blocks, ranking: Ranking) -> list[str]:
    """A sentence or more on each of the two."""
    if blocks.count == 1:
        return _on_one_family(analysis, view, blocks, ranking)
    runner = ranking.losses[ranking.order[1]]
    if not blocks.differences(ranking.best, runner).any():
        same = f"{ranking.best} and {runner} have the same score on every family."
        return [same, *_against_control(analysis, view, blocks, ranking)]
    text = f"{runner} comes next: {ranking.best} is {_gap(ranking, ranking.order[1])} on average"
    text += _beside(leverage(blocks.differences(ranking.best, runner), blocks.families))
    text += _within(analysis, view, blocks, ranking.best, runner)
    judged = _judged(analysis, view, ranking.best, runner)
    pair = next((pair for pair in analysis.pairs(view) if pair.loss == ranking.best), None)
    if pair is not None and pair.control == runner:
        return [f"{text}; it is {_wins(pair, blocks)}.{judged}"]
    return [f"{text}.{judged}", *_against_control(analysis, view, blocks, ranking)]


def _against_control(analysis: Analysis, view: View, blocks: Blocks, ranking: Ranking) -> list[str]:
    """Nothing where the leader is the control, or level with it on every family."""
    pair = next((pair for pair in analysis.pairs(view) if pair.loss == ranking.best), None)
    if pair is None or pair.ties == blocks.count:
        return []
    text = (
        f"Against {pair.control} {ranking.best} is {better_by(pair.differences.mean)} on average"
        f"{_beside(pair.differences)}, {_wins(pair, blocks)}."
    )
    return [text + _judged(analysis, view, ranking.best, pair.control)]


def _gap(ranking: Ranking, place: int) -> str:
    """`0.005 better (95 % interval 0.002 worse to 0.011 better)`."""
    ends = [better_by(float(end)) for end in (ranking.gap_low[place], ranking.gap_high[place])]
    return f"{better_by(float(ranking.gap[place]))} (95 % interval {ends[0]} to {ends[1]})"


def _beside(found: Leverage) -> str:
    """` (median 0.004 better; 0.002 to 0.021 better without any one family)`; nothing of one family."""
    if math.isnan(found.low):
        return ""
    ends = f"{better_by(found.low)} to {better_by(found.high)}"
    return f" (median {better_by(found.median)}; {ends} when one family is left out)"


def _within(analysis: Analysis, view: View, blocks: Blocks, best: str, other: str) -> str:
    """On how many datasets, each by itself, the two are not significantly different."""
    within, grid = analysis.within(view), analysis.grid
    sides = grid.losses.index(best), grid.losses.index(other)
    tasks = [task for task in within if grid.tasks[task].name in blocks.tasks]
    if not tasks:
        return ""
    equal = sum(not within[task].differ(*sides) for task in tasks)
    return (
        f"; within the datasets the two are not significantly different on {equal} of {len(tasks)} "
        "(Holm over all pairs)"
    )


def _wins(pair: AgainstControl, blocks: Blocks) -> str:
    text = f"ahead on {pair.wins} and behind on {pair.defeats} of {blocks.count}"
    if pair.p_holm is None:
        return text
    verdict = f"{'' if pair.p_holm <= ALPHA else 'not '}significantly different"
    return f"{text} (Wilcoxon, Holm: p = {pair.p_holm:.3g}, {verdict})"


def _judged(analysis: Analysis, view: View, best: str, other: str) -> str:
    """What the interval over families says of the two, as shares of the families' spans; nothing of few families."""
    blocks, region = analysis.blocks(view), analysis.region(view)
    if blocks is None or region is None:
        return ""
    judged = region.judge(blocks.differences(best, other))
    return f" Across families: {judged.sentence(best, other)}." if judged.families >= LEAST_FAMILIES else ""


def _on_one_family(analysis: Analysis, view: View, blocks: Blocks, ranking: Ranking) -> list[str]:
    """The same where no families can be sampled: each interval is of one comparison, as the marks are not."""
    best, runner, control = ranking.best, ranking.losses[ranking.order[1]], blocks.control()
    found = analysis.on_one_family(view, best, runner)
    same = found is not None and found.mean == 0 and runner in ranking.level
    sentences = [
        f"{best} and {runner} have the same mean."
        if same
        else f"{runner} comes next: {best} is {_by_rows_and_seeds(analysis, view, best, runner)}."
    ]
    if control not in (None, best, runner):
        sentences.append(
            f"Against {control} {best} is {_by_rows_and_seeds(analysis, view, best, str(control))}."
        )
    if not analysis.source_on_one_family(view):
        return [*sentences, "With nothing that says how sure a difference is, no loss can be ruled out."]
    marks = "Which losses may be as good is tested with Holm's correction over all pairs; each interval is of one pair."
    return [*sentences, marks]


def _by_rows_and_seeds(analysis: Analysis, view: View, best: str, other: str) -> str:
    """`0.005 better (95 % interval 0.002 worse to 0.011 better, by test rows and seeds)` on the one family there is."""
    found = analysis.on_one_family(view, best, other)
    if found is None:
        return ""
    if math.isnan(found.low):
        return f"{better_by(found.mean)} (nothing says how sure that is)"
    ends = f"{better_by(found.low)} to {better_by(found.high)}"
    return f"{better_by(found.mean)} (95 % interval {ends}, by {analysis.source_on_one_family(view)})"
