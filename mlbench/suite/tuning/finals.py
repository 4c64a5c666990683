"""The two stages of tuning: trials on some seeds, and what was chosen trained anew on others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from mlbench.errors import ConfigError
from mlbench.suite.cell import Cell, Trial
from mlbench.suite.ground import Ground, differences
from mlbench.suite.repeats import Repeat
from mlbench.suite.tuning.table import Tuning
from mlbench.suite.tuning.trials import Configuration

if TYPE_CHECKING:
    from mlbench.suite.model import Suite

LEAST = 2
"""Seeds that finals need: of one there is no spread."""
SPARED = {"probe": "needed", "bootstrap": False}
"""What trials do without: a choice reads the score on validation alone."""


@dataclass(frozen=True)
class Contest:
    """The trials of one loss on one dataset, of which one is chosen: `trials` on all of their seeds, by number, then
    seed, and `anew` by number, what each of them is as a final cell."""

    trials: tuple[Cell, ...]
    anew: tuple[Cell, ...]

    @classmethod
    def of(cls, trials: Iterable[Cell], elsewhere: Ground | None = None) -> Contest:
        """Of all trials of a loss on one dataset and fraction; `elsewhere` is what their finals are trained with where
        that is not what they were."""
        ordered = sorted(trials, key=lambda cell: (_mark(cell).number, cell.seed))
        first = {_mark(cell).number: cell for cell in reversed(ordered)}
        return cls(tuple(ordered), tuple(_anew(first[number], elsewhere) for number in range(len(first))))


@dataclass(frozen=True)
class Final:
    """A cell whose values are those of the trial that is chosen, alike for all finals of one contest.

    repeat: of a loss that repeats the contest's, how.
    """

    contest: Contest
    fraction: float | int
    seed: int
    repeat: Repeat | None = None

    def cell(self, number: int) -> Cell:
        """The cell, if the trial of that number is chosen."""
        cell = replace(self.contest.anew[number], fraction=self.fraction, seed=self.seed)
        return cell if self.repeat is None else replace(cell, **self.repeat.fields(cell.loss, cell.train))

    @property
    def plain(self) -> Cell:
        """The cell with the suite's own values: what it is called whatever is chosen."""
        return self.cell(0)


class SuiteCells(NamedTuple):
    """What a suite stands for: the cells whose values are known, and those whose values its trials decide."""

    cells: list[Cell]
    finals: list[Final]


@dataclass(frozen=True)
class Stages:
    """Where the trials of a suite are trained, and where what was chosen is."""

    trial_seeds: tuple[int, ...]
    trial_fractions: tuple[float | int, ...]
    final_seeds: tuple[int, ...]
    final_fractions: tuple[float | int, ...]

    @classmethod
    def of(cls, suite: Suite, tuning: Tuning, where: str) -> Stages:
        """Raises ConfigError where too few seeds are left for the finals."""
        trial_seeds = tuple(tuning.seeds or suite.seeds[:1])
        rest = tuple(seed for seed in suite.seeds if seed not in trial_seeds)
        if len(rest) < LEAST:
            raise ConfigError(
                f"{where}, seeds: what tuning chooses on seeds {list(trial_seeds)} is trained anew on the suite's "
                f"other seeds, of which there must be {LEAST} at least; seeds = {suite.seeds} leaves {list(rest)}. "
                "Add seeds, or name others in tuning.seeds"
            )
        fractions = tuple(suite.fractions)
        return cls(trial_seeds, fractions if tuning.fraction is None else (tuning.fraction,), rest, fractions)

    def trials(
        self,
        suite: str,
        ground: Ground,
        anew: Ground,
        tuning: Tuning,
        configurations: Sequence[Sequence[Configuration]],
        seed: int,
    ) -> list[Cell]:
        """The trials of all losses on one dataset and seed, by fraction, number, then loss; their finals are trained on
        the ground `anew`."""
        other = differences(anew, ground)
        return [
            _trial(suite, ground, other, tuning, self.trial_seeds, losses[number], fraction, seed)
            for fraction in self.trial_fractions
            for number in range(tuning.trials)
            for losses in configurations
        ]

    def finals(
        self,
        trials: Iterable[Cell],
        repeats: Sequence[Repeat] = (),
        elsewhere: Mapping[str, Ground] = MappingProxyType({}),
    ) -> list[Final]:
        """All of a suite, from all of its trials, by seed, dataset, fraction, then loss; what repeats one last. By
        dataset, `elsewhere` is what finals are trained with that is not what their trials were."""
        groups: dict[tuple[str, float | int, str], list[Cell]] = {}
        for cell in trials:
            groups.setdefault((cell.dataset, cell.fraction, cell.loss.id), []).append(cell)
        contests = {key: Contest.of(cells, elsewhere.get(key[0])) for key, cells in groups.items()}
        datasets = dict.fromkeys(dataset for dataset, _, _ in contests)
        losses = dict.fromkeys(loss for _, _, loss in contests)
        at = {
            fraction: fraction if fraction in self.trial_fractions else self.trial_fractions[0]
            for fraction in self.final_fractions
        }
        wanted = [*((loss, None) for loss in losses), *((repeat.of, repeat) for repeat in repeats)]
        return [
            Final(contests[dataset, at[fraction], loss], fraction, seed, repeat)
            for seed in self.final_seeds
            for dataset in datasets
            for fraction in self.final_fractions
            for loss, repeat in wanted
        ]


def _trial(
    suite: str,
    ground: Ground,
    other: tuple[tuple[str, Any], ...],
    tuning: Tuning,
    seeds: tuple[int, ...],
    configuration: Configuration,
    fraction: float | int,
    seed: int,
) -> Cell:
    spared = {name: value for name, value in SPARED.items() if getattr(configuration.train, name) != value}
    trial = Trial(
        number=configuration.number,
        of=tuning.trials,
        seeds=seeds,
        fraction=tuning.fraction,
        sequence=tuning.sequence,
        untuned=configuration.untuned,
        edges=configuration.edges,
        spared=(*((f"train/{name}", getattr(configuration.train, name)) for name in spared), *other),
    )
    fields: dict[str, Any] = {
        **ground.parts,
        "loss": configuration.loss,
        "train": configuration.train.model_copy(update=spared),
        "trial": trial,
    }
    return Cell(suite=suite, fraction=fraction, seed=seed, **fields)


def _anew(tried: Cell, elsewhere: Ground | None = None) -> Cell:
    """A trial's values in full, as they are trained anew."""
    trial = _mark(tried)
    if elsewhere is not None:
        places = [place for place, _ in trial.untuned if place.startswith("train/")]
        drawn = {
            place.removeprefix("train/"): getattr(tried.train, place.removeprefix("train/"))
            for place in places
        }
        own = tuple(
            (place, getattr(elsewhere.train, place.removeprefix("train/")) if place in places else value)
            for place, value in trial.untuned
        )
        fields: dict[str, Any] = {**elsewhere.parts, "train": elsewhere.protocol_of(drawn)}
        return replace(tried, **fields, trial=replace(trial, spared=(), untuned=own, final=True))
    whole = {place.removeprefix("train/"): value for place, value in trial.spared}
    return replace(
        tried, train=tried.train.model_copy(update=whole), trial=replace(trial, spared=(), final=True)
    )


def _mark(cell: Cell) -> Trial:
    assert cell.trial is not None
    return cell.trial


def tuning_in_words(cells: Iterable[Cell]) -> list[str]:
    """A sentence for each tuned suite, from its cells: how many trials its losses get, where, and what follows."""
    found: dict[str, Trial] = {}
    anew: dict[str, set[int]] = {}
    for cell in cells:
        if cell.trial is not None:
            found.setdefault(cell.suite, cell.trial)
            if cell.trial.final:
                anew.setdefault(cell.suite, set()).add(cell.seed)
    sentences = []
    for suite, trial in found.items():
        where = "" if trial.fraction is None else f" at fraction {trial.fraction:g}"
        then = sorted(anew.get(suite, ()))
        sentences.append(
            f"tuning ({suite}): {trial.of} trials of each loss on each dataset{where or ' and fraction'}, on "
            f"{_seeds(trial.seeds)}"
            + (f"; what is best on validation is trained anew on {_seeds(then)}" if then else "")
        )
    return sentences


def _seeds(seeds: Sequence[int]) -> str:
    listed = ", ".join(map(str, seeds))
    return f"seed {listed}" if len(seeds) == 1 else f"seeds {listed}"
