"""What the numbers say, in sentences: the answer, the protocol, and what they cannot say."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from mlbench.report.analysis import Analysis, View
from mlbench.report.data.grid import DONE, FAILED, show_fraction
from mlbench.report.data.measures import Measure
from mlbench.report.data.undefined import undefined
from mlbench.report.statistics import Blocks, Friedman, Pair, Ranking, Region
from mlbench.report.statistics.best import LEAST_FAMILIES
from mlbench.report.statistics.frequentist import ALPHA
from mlbench.report.statistics.leverage import Leverage, leverage
from mlbench.report.statistics.power import MOST_FAMILIES, effect_found, families_needed
from mlbench.report.statistics.ranks import first_on
from mlbench.report.tables.scores import READING_WORDS
from mlbench.report.text.hyperparameters import untuned
from mlbench.report.wording import count, listed

ONE_FAMILY = "There is one family of datasets: nothing here says how the losses do on others."


def question(analysis: Analysis, view: View) -> str:
    """`by mAP, own logits, with 100 % of the training data`."""
    fraction = show_fraction(analysis.grid.fractions[view.fraction])
    return (
        f"{analysis.measures[view.key].title}, {READING_WORDS[view.reading]}, {fraction} of the training data"
    )


def answer(analysis: Analysis, view: View) -> list[str]:
    """The verdict of one view: who leads, by how much, and how sure that is. The first is the headline."""
    blocks, ranking = analysis.blocks(view), analysis.ranking(view)
    rule = analysis.measures[view.key]
    if not rule.ranked:
        return ["This metric is never ranked.", f"{rule.title}."]
    if blocks is None:
        return ["Nothing can be compared here.", "No two losses finished the same cells."]
    if ranking is None:
        alone = f"Only {blocks.losses[0]} {'can be ranked' if blocks.losses_aside else 'is here'}"
        return [f"{alone}: there is nothing to compare it with.", *_aside(analysis, view, blocks)]
    place = ranking.order[0]
    families = count(blocks.count, "family", "families")
    under = untuned(analysis)
    sentences = [
        _headline(analysis, view, blocks, ranking) + (f" ({under})" if under else ""),
        f"{_rank(ranking)} {ranking.ranks[place]:.2f} of {len(ranking.losses)} over {families} of "
        f"datasets{_interval(ranking, place)}{_firsts(blocks, ranking)}."
        if blocks.count > 1
        else ONE_FAMILY,
    ]
    sentences += _against(analysis, view, blocks, ranking)
    return [*sentences, *_aside(analysis, view, blocks), *_seeds(analysis, view, blocks)]


def evidence(analysis: Analysis, view: View) -> list[str]:
    """What the tests over families say, a sentence each; none where there is nothing to compare."""
    blocks, ranking, region = analysis.blocks(view), analysis.ranking(view), analysis.region(view)
    if blocks is None or ranking is None:
        return []
    return [
        *_ruled_out(blocks, ranking, analysis.contenders(view)),
        *_over_all(analysis, view, ranking),
        *_power(analysis, view),
        *(region_words(region) if region is not None and blocks.count > 1 else []),
    ]


def _level(ranking: Ranking) -> list[str]:
    """The losses that share the best average rank and the best mean."""
    return [
        loss
        for loss, rank, gap in zip(ranking.losses, ranking.ranks, ranking.gap, strict=True)
        if rank == ranking.ranks.min() and gap == 0
    ]


def _rank(ranking: Ranking) -> str:
    return "The average rank of each is" if len(_level(ranking)) > 1 else "Its average rank is"


def _firsts(blocks: Blocks, ranking: Ranking) -> str:
    """On how many families the leader is first, and on how many of these others are too; nothing of losses that are
    level, since each has its own."""
    if len(_level(ranking)) > 1:
        return ""
    alone, shared = first_on(blocks, ranking.best)
    text = f", and it is first on {alone + shared or 'none'} of them"
    return f"{text}, on {shared} of these together with others" if shared else text


def _headline(analysis: Analysis, view: View, blocks: Blocks, ranking: Ranking) -> str:
    """Who ranks first, who else is in the set of the best (one alone there "leads"), and who carries the difference."""
    level = _level(ranking)
    if len(level) > 1:
        near = [loss for loss in analysis.contenders(view) if loss not in level]
        where = " in first place" if len(level) < len(ranking.losses) else ""
        others = f"; {listed(near, most=3)} may be as good" if near else ""
        return f"{listed(level, most=3)} are level{where}{others}"
    return _first(ranking, analysis.contenders(view)) + _carried(blocks, ranking)


def _first(ranking: Ranking, contenders: Sequence[str]) -> str:
    others = [loss for loss in contenders if loss != ranking.best]
    if ranking.best not in contenders:
        return f"{ranking.best} ranks first, but {listed(others, most=3)} may be better"
    if not others:
        return f"{ranking.best} leads, ahead of all others"
    if len(others) > 3 and len(others) == len(ranking.losses) - 1:
        return f"{ranking.best} ranks first; any of the other {len(others)} losses may be as good"
    return f"{ranking.best} ranks first; {listed(others, most=3)} may be as good"


def _ruled_out(blocks: Blocks, ranking: Ranking, contenders: Sequence[str]) -> list[str]:
    """What the set of the best losses leaves out; nothing of one family, which is no sample of families."""
    out = [ranking.losses[place] for place in ranking.order if ranking.losses[place] not in contenders]
    if blocks.count == 1:
        return []
    if blocks.count < LEAST_FAMILIES:
        return [f"Over fewer than {LEAST_FAMILIES} families no loss can be ruled out as the best."]
    if not out:
        return ["No loss can be ruled out as the best (sign flips of families, 95 % confidence)."]
    said = f"With 95 % confidence the best of the {len(ranking.losses)} losses"
    if len(contenders) == 1:
        return [f"{said} is {contenders[0]} (stepwise sign flips of families)."]
    return [
        f"{said} are among {count(len(contenders), 'loss', 'losses')} (stepwise sign flips of families); ruled out: "
        f"{listed(out)}."
    ]


def _interval(ranking: Ranking, place: int) -> str:
    return f" (95 % interval {ranking.low[place]:.1f} to {ranking.high[place]:.1f})"


def _gap(ranking: Ranking, place: int) -> str:
    """`0.005 better (95 % interval 0.002 worse to 0.011 better)`."""
    ends = [_better(float(end)) for end in (ranking.gap_low[place], ranking.gap_high[place])]
    return f"{_better(float(ranking.gap[place]))} (95 % interval {ends[0]} to {ends[1]})"


def _on_one_family(analysis: Analysis, view: View, best: str, other: str) -> str:
    """`0.005 better (95 % interval 0.002 worse to 0.011 better, by test rows and seeds)` on the one family there is."""
    found = analysis.on_one_family(view, best, other)
    if found is None:
        return ""
    if math.isnan(found.low):
        return f"{_better(found.mean)} (nothing says how sure that is)"
    ends = f"{_better(found.low)} to {_better(found.high)}"
    return f"{_better(found.mean)} (95 % interval {ends}, by {analysis.source_on_one_family(view)})"


def _better(difference: float) -> str:
    text = f"{abs(difference):.3f}"
    return "level" if float(text) == 0 else f"{text} {'worse' if difference < 0 else 'better'}"


def _against(analysis: Analysis, view: View, blocks: Blocks, ranking: Ranking) -> list[str]:
    """The leader against the runner-up and against the control."""
    if blocks.count == 1:
        return _against_on_one_family(analysis, view, blocks, ranking)
    runner = ranking.losses[ranking.order[1]]
    if not blocks.differences(ranking.best, runner).any():
        same = f"{ranking.best} and {runner} have the same score on every family."
        return [same, *_against_control(analysis, view, blocks, ranking)]
    within, grid = analysis.within(view), analysis.grid
    best, other = grid.losses.index(ranking.best), grid.losses.index(runner)
    tasks = [task for task in within if grid.tasks[task].name in blocks.tasks]
    alike = [task for task in tasks if not within[task].told_apart(best, other)]
    text = f"{runner} comes next: {ranking.best} is {_gap(ranking, ranking.order[1])} on average"
    text += _beside(leverage(blocks.differences(ranking.best, runner), blocks.families))
    if tasks:
        text += f"; within the datasets they cannot be told apart on {len(alike)} of {len(tasks)} (Holm over all pairs)"
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
        f"Against {pair.control} {ranking.best} is {_better(pair.differences.mean)} on average"
        f"{_beside(pair.differences)}, {_wins(pair, blocks)}."
    )
    return [text + _judged(analysis, view, ranking.best, pair.control)]


def _wins(pair: Pair, blocks: Blocks) -> str:
    text = f"ahead on {pair.wins} and behind on {pair.defeats} of {blocks.count}"
    if pair.p_holm is None:
        return text
    told = "told apart" if pair.p_holm <= ALPHA else "not told apart"
    return f"{text} (Wilcoxon, Holm: p = {pair.p_holm:.3g}, {told})"


def _against_on_one_family(analysis: Analysis, view: View, blocks: Blocks, ranking: Ranking) -> list[str]:
    """The same where no families can be sampled: each interval is of one comparison, as the marks are not."""
    best, runner, control = ranking.best, ranking.losses[ranking.order[1]], blocks.control()
    found = analysis.on_one_family(view, best, runner)
    same = found is not None and found.mean == 0 and runner in _level(ranking)
    sentences = [
        f"{best} and {runner} have the same mean."
        if same
        else f"{runner} comes next: {best} is {_on_one_family(analysis, view, best, runner)}."
    ]
    if control not in (None, best, runner):
        sentences.append(f"Against {control} {best} is {_on_one_family(analysis, view, best, str(control))}.")
    if not analysis.source_on_one_family(view):
        return [*sentences, "With nothing that says how sure a difference is, no loss can be ruled out."]
    marks = "Who may be as good is told with Holm's correction over all pairs, the intervals are of one pair each."
    return [*sentences, marks]


def _beside(found: Leverage) -> str:
    """` (median 0.004 better; 0.002 to 0.021 better without any one family)`; nothing of one family."""
    if math.isnan(found.low):
        return ""
    ends = f"{_better(found.low)} to {_better(found.high)}"
    return f" (median {_better(found.median)}; {ends} when one family is left out)"


def _carried(blocks: Blocks, ranking: Ranking) -> str:
    """Which family makes more than half of the leader's difference from the control, from the next where it is that."""
    control = blocks.control()
    other = ranking.losses[ranking.order[1]] if control in (None, ranking.best) else control
    carriers = leverage(blocks.differences(ranking.best, str(other)), blocks.families).carriers
    if not carriers:
        return ""
    alone = "alone makes" if len(carriers) == 1 else "each make"
    return f"; {listed(carriers)} {alone} more than half of its difference from {other}"


def _judged(analysis: Analysis, view: View, best: str, other: str) -> str:
    """What the interval over families says of the two, as shares of the families' spans; nothing of few families."""
    blocks, region = analysis.blocks(view), analysis.region(view)
    if blocks is None or region is None:
        return ""
    judged = region.judge(blocks.differences(best, other))
    return f" Across families: {judged.sentence(best, other)}." if judged.families >= LEAST_FAMILIES else ""


def region_words(region: Region) -> list[str]:
    """What counts as equal, in shares and in points of the metric; nothing where no span is known."""
    if region.points is None:
        return []
    low, high = (f"{end:.3f}" for end in region.points)
    points = f"{low} points" if low == high else f"{low} to {high} points, by family"
    return [
        f"The region of equivalence is {100 * region.rope:g} % of a family's span from floor to best: {points}."
    ]


def _power(analysis: Analysis, view: View) -> list[str]:
    """How many families would find a difference from the control as large as the region, and what today's find."""
    blocks, pairs, region = analysis.blocks(view), analysis.pairs(view), analysis.region(view)
    if blocks is None or region is None or int(region.wide.sum()) < 3:
        return []
    shares = [region.shares(blocks.differences(pair.loss, pair.control)) for pair in pairs]
    spreads = [spread for spread in (float(np.std(share, ddof=1)) for share in shares) if spread > 0]
    if not spreads:
        return []
    spread, level, families = float(np.median(spreads)), ALPHA / len(pairs), blocks.count
    needed, found = families_needed(region.rope / spread, level), effect_found(families, level)
    many = f"{needed:,}" if needed else f"more than {MOST_FAMILIES:,}"
    silent = "none, however large, since Wilcoxon's test over so few cannot pass that level"
    today = silent if found is None else f"one of {100 * found * spread:.1f} %"
    return [
        f"A true difference from {pairs[0].control} of {100 * region.rope:g} % of the span would be found with 80 % "
        f"power over {many} families, at Holm's first level for {count(len(pairs), 'comparison')} and with the median "
        f"spread seen here, {100 * spread:.1f} % of the span; the {families} of today find {today}."
    ]


def _over_all(analysis: Analysis, view: View, ranking: Ranking) -> list[str]:
    """Whether the losses differ at all, and whom Nemenyi's test tells from the leader."""
    found, p = analysis.friedman(view), analysis.nemenyi(view)
    if found is None:
        return []
    if p is None:
        return [f"{friedman_words(found)}: not enough to say that they differ."]
    apart = [ranking.losses[other] for other in ranking.order if p[ranking.order[0], other] <= ALPHA]
    told = f"{ranking.best} from {listed(apart)}" if apart else f"nobody from {ranking.best}"
    return [f"{friedman_words(found)}: they differ. Nemenyi's test tells {told}."]


def friedman_words(found: Friedman) -> str:
    """`Over all 30 losses Friedman: χ² = 98.23, p = 1.2e-09; Iman–Davenport: F = 5.63, p = 3.1e-13`.

    Where all families agree on the order, F is infinite.
    """
    f = f"F = {found.f:.2f}, p = {found.p_f:.2g}" if math.isfinite(found.f) else "F = ∞, p = 0"
    return f"Over all {found.losses} losses Friedman: χ² = {found.chi2:.2f}, p = {found.p:.2g}; Iman–Davenport: {f}"


def no_diagram(analysis: Analysis, view: View) -> str:
    """Why there is no critical-difference diagram; empty where there is one, or nothing to compare."""
    blocks, found = analysis.blocks(view), analysis.friedman(view)
    if blocks is None or analysis.nemenyi(view) is not None:
        return ""
    if len(blocks.losses) < 3:
        return "A critical-difference diagram needs three losses."
    if found is None:
        few = blocks.count < 2
        return f"No critical-difference diagram: {'there is one family' if few else 'all losses are level'}."
    return f"No critical-difference diagram: Friedman's test does not say that the losses differ (p = {found.p:.2g})."


def _aside(analysis: Analysis, view: View, blocks: Blocks) -> list[str]:
    """Which losses and tasks the ranks are without, and why."""
    aside, left = set(blocks.losses_aside), set(blocks.tasks_aside)
    losses, tasks = undefined(analysis.grid, view.reading, view.key, view.fraction)
    reasons = (
        ("Not ranked, since results are missing or failed", aside - losses),
        ("Not ranked, since the metric is not defined for them", aside & losses),
        ("Left out of the ranks, since losses are missing there", left - tasks),
        ("Left out of the ranks, since the metric is not defined there", left & tasks),
    )
    return [f"{reason}: {listed(sorted(names))}." for reason, names in reasons if names]


def _seeds(analysis: Analysis, view: View, blocks: Blocks) -> list[str]:
    """On how many seeds losses are compared where some have more of them."""
    planned = analysis.grid.planned()[:, view.fraction].sum(1)
    there = [int(planned[analysis.grid.task_names.index(task)]) for task in blocks.tasks]
    used = [scores.shape[1] for scores in blocks.by_task]
    fewer = [(few, many) for few, many in zip(used, there, strict=True) if few < many]
    if not fewer:
        return []
    few, many = min(fewer)
    return [
        f"Compared only on the seeds that all of these losses finished: on {len(fewer)} of "
        f"{count(len(used), 'dataset')} that is not every seed, at worst {few} of {many}."
    ]


def totals(analysis: Analysis) -> list[tuple[str, str]]:
    """The size of the comparison: pairs of a number and what it counts."""
    grid = analysis.grid
    done, failed = int((grid.state == DONE).sum()), int((grid.state == FAILED).sum())
    pairs = [
        (f"{len(grid.losses):,}", "loss" if len(grid.losses) == 1 else "losses"),
        (f"{len(grid.tasks):,}", "dataset" if len(grid.tasks) == 1 else "datasets"),
        (", ".join(show_fraction(fraction) for fraction in grid.fractions), "of the training data"),
        (f"{len(grid.seeds):,}", "seed" if len(grid.seeds) == 1 else "seeds"),
        (f"{done:,}", "finished cells"),
    ]
    return [*pairs, (f"{failed:,}", "failed")] if failed else pairs


def better(rule: Measure) -> str:
    return "more is better" if rule.higher else "less is better"
