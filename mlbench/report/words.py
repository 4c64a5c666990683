"""What the numbers say, in sentences: the answer, the protocol, and what they cannot say."""

from __future__ import annotations

from collections.abc import Sequence

from mlbench.report.analysis import Analysis, View
from mlbench.report.grid import DONE, FAILED, show_fraction
from mlbench.report.measures import Measure
from mlbench.report.statistics import Blocks, Ranking, blocks_needed, signed_rank
from mlbench.report.statistics.bayes import ROPE
from mlbench.report.statistics.frequentist import ALPHA
from mlbench.report.tables.scores import READING_WORDS
from mlbench.report.undefined import undefined


def count(number: int, thing: str, plural: str = "") -> str:
    """`1 family`, `5 families`."""
    return f"{number:,} {thing if number == 1 else plural or thing + 's'}"


def listed(names: Sequence[str], most: int = 6) -> str:
    """`a, b and c`; of more than `most` the rest as a number."""
    names = list(names)
    if len(names) > most:
        names = [*names[:most], f"{len(names) - most} more"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else "none"


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
    sentences = [
        _headline(blocks, ranking),
        f"Its average rank is {ranking.ranks[place]:.2f} of {len(ranking.losses)} over {families} of "
        f"datasets{_interval(blocks, ranking, place)}, and it is first on "
        f"{ranking.first[place]:g} of them.",
    ]
    sentences += [*_against(analysis, view, blocks, ranking), *_too_few(blocks)]
    return [*sentences, *_aside(analysis, view, blocks), *_seeds(analysis, view, blocks)]


def _headline(blocks: Blocks, ranking: Ranking) -> str:
    """Who leads, and who may be as good; "leads" where the families are enough for a test to say so."""
    level = [
        loss
        for loss, rank, gap in zip(ranking.losses, ranking.ranks, ranking.gap, strict=True)
        if rank == ranking.ranks.min() and gap == 0
    ]
    if len(level) > 1:
        return f"{listed(level, most=3)} are level"
    if blocks.count == 1:
        return f"{ranking.best} is first on the one family there is"
    verb = "ranks first" if blocks.count < blocks_needed(len(blocks.losses) - 1) else "leads"
    if ranking.rivals:
        return f"{ranking.best} {verb}; {listed(ranking.rivals, most=3)} may be as good"
    if verb == "leads":
        return f"{ranking.best} leads, ahead of all others"
    return f"{ranking.best} ranks first; {count(blocks.count, 'family', 'families')} are too few to be sure"


def _interval(blocks: Blocks, ranking: Ranking, place: int) -> str:
    """One family cannot say how ranks vary over families."""
    if blocks.count == 1:
        return ""
    return f" (95 % interval {ranking.low[place]:.1f} to {ranking.high[place]:.1f})"


def _gap(blocks: Blocks, ranking: Ranking, place: int) -> str:
    """`0.005 better (95 % interval 0.002 worse to 0.011 better)`."""
    text = _better(float(ranking.gap[place]))
    if blocks.count == 1:
        return text
    ends = [_better(float(end)) for end in (ranking.gap_low[place], ranking.gap_high[place])]
    return f"{text} (95 % interval {ends[0]} to {ends[1]})"


def _better(difference: float) -> str:
    return f"{abs(difference):.3f} {'worse' if round(difference, 3) < 0 else 'better'}"


def _against(analysis: Analysis, view: View, blocks: Blocks, ranking: Ranking) -> list[str]:
    """The leader against the runner-up and against the control."""
    sentences = []
    within, grid = analysis.within(view), analysis.grid
    runner = ranking.losses[ranking.order[1]]
    best, other = grid.losses.index(ranking.best), grid.losses.index(runner)
    tasks = [task for task in within if grid.tasks[task].name in blocks.tasks]
    alike = [task for task in tasks if not within[task].told_apart(best, other)]
    text = f"{runner} comes next: {ranking.best} is {_gap(blocks, ranking, ranking.order[1])} on average"
    if tasks:
        text += f"; within the datasets the two cannot be told apart on {len(alike)} of {len(tasks)}"
    sentences.append(text + "." + _practically(blocks, ranking.best, runner))
    control = next((pair for pair in analysis.pairs(view) if pair.loss == ranking.best), None)
    if control is not None:
        text = (
            f"Against {control.control} it is {_better(control.mean)} on average, ahead on "
            f"{control.wins} and behind on {control.defeats} of {blocks.count}"
        )
        if control.p_holm is not None:
            told = "told apart" if control.p_holm <= ALPHA else "not told apart"
            text += f" (Wilcoxon, Holm: p = {control.p_holm:.3g}, {told})"
        sentences.append(text + ".")
    return sentences


def _practically(blocks: Blocks, best: str, other: str) -> str:
    """What a new family would find of the two, by the Bayesian signed-rank test."""
    if blocks.count == 1:
        return ""
    found = signed_rank(blocks.differences(best, other))
    share, words = max(
        (found.equal, f"that they are practically equal (within {ROPE:g})"),
        (found.better, f"{best} better by more than {ROPE:g}"),
        (found.worse, f"{other} better by more than {ROPE:g}"),
    )
    return f" On a new family the likeliest is {words}: {share:.2f}."


def _too_few(blocks: Blocks) -> list[str]:
    comparisons = len(blocks.losses) - 1
    needed = blocks_needed(comparisons)
    if blocks.count >= needed:
        return []
    return [
        f"{count(blocks.count, 'family is', 'families are')} too few to test "
        f"{count(len(blocks.losses), 'loss', 'losses')} across datasets: even a loss that won everywhere "
        f"could not reach significance. {needed} families would do."
    ]


def no_diagram(blocks: Blocks) -> str:
    """Why there is no critical-difference diagram, and what it would take; empty where there can be one."""
    losses = len(blocks.losses)
    if losses < 3:
        return "A critical-difference diagram needs three losses."
    pairs = losses * (losses - 1) // 2
    needed = blocks_needed(pairs)
    if blocks.count >= needed:
        return ""
    return (
        f"No critical-difference diagram: {count(blocks.count, 'family is', 'families are')} too few to test "
        f"all {pairs} pairs of losses; {needed} would do."
    )


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
