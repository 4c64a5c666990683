"""A suite as its file states it, checked; and the cells that it stands for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from mlbench.errors import ConfigError
from mlbench.registry import LOSSES
from mlbench.suite import defaults
from mlbench.suite.cell import Cell, LossChoice
from mlbench.suite.duplicates import refuse_equal_datasets, refuse_equal_losses
from mlbench.suite.entries import SAFE_NAME, DatasetEntry, LossEntry, StoreOptions
from mlbench.suite.ground import Ground, find_ground
from mlbench.suite.numbers import Fractions, Seeds
from mlbench.suite.repeats import Repeat, find_repeats
from mlbench.suite.tuning.finals import Stages, SuiteCells
from mlbench.suite.tuning.spaces import Searched, faults
from mlbench.suite.tuning.table import Tuning
from mlbench.suite.tuning.trials import Candidate, Configuration, plain_configurations, trial_configurations

OF_STORES = ("cells", "scores", "models", "checkpoints", "tmp", "locks", "claims")
"""Folders in a suite's own: where a suite were called so, a results root would be taken for a suite's folder."""


class Suite(BaseModel):
    """A grid of cells under one protocol."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    name: str
    description: str = ""
    seeds: Seeds = Field(default=list(defaults.SEEDS), min_length=1)
    fractions: Fractions = Field(default=list(defaults.FRACTIONS), min_length=1)
    losses: Literal["all"] | list[str | LossEntry] = list(defaults.LOSSES)
    train: dict[str, Any] = Field(default_factory=dict)
    tuning: Tuning | None = None
    store: StoreOptions = StoreOptions()
    datasets: list[DatasetEntry] = Field(min_length=1)

    @field_validator("name")
    @classmethod
    def _safe(cls, name: str) -> str:
        if not SAFE_NAME.fullmatch(name):
            raise ValueError(
                f"{name!r} names a folder: letters, digits, '.', '_', '+' and '-' only, 100 at most"
            )
        if name in OF_STORES:
            raise ValueError(f"{name!r}: a folder of records has one of that name in it; choose another")
        return name

    def cells(self, where: str = "") -> list[Cell]:
        """Every cell whose values are known: all of a suite that is not tuned, the trials of one that is.

        Raises ConfigError (of `where`, the suite's file) for a name, parameter or value that does not fit.
        """
        return self.grid(where).cells

    def grid(self, where: str = "") -> SuiteCells:
        """As `cells`, with the final cells of a tuned suite. All losses of a dataset, fraction and seed stand together,
        so that early answers compare."""
        where = where or f"suite {self.name!r}"
        losses, repeats = self._losses(where)
        grounds = self._grounds(where)
        choices = [(ground, [loss.choice.under(ground.train) for loss in losses]) for ground in grounds]
        for _, chosen in choices:
            refuse_equal_losses(chosen, where)
        refuse_equal_datasets([(ground.parts, chosen) for ground, chosen in choices], where)
        if self.tuning is not None:
            return self._tuned(losses, repeats, grounds, self.tuning, where)
        for index, entry in enumerate(self.datasets):
            if entry.tuned_with is not None:
                raise ConfigError(
                    f"{where}, datasets[{index}] ({entry.shown}), tuned_with: the suite has no trials, so there is "
                    "nothing to train with it; add [tuning], or leave it out"
                )
        cells = [
            Cell(
                suite=self.name,
                fraction=fraction,
                seed=seed,
                **{**ground.parts, **fields},
            )
            for seed in self.seeds
            for ground in grounds
            for fraction in self.fractions
            for fields in _untuned(losses, repeats, ground)
        ]
        return SuiteCells(cells, [])

    def _tuned(
        self,
        losses: Sequence[Candidate],
        repeats: Sequence[Repeat],
        grounds: Sequence[Ground],
        tuning: Tuning,
        where: str,
    ) -> SuiteCells:
        stages = Stages.of(self, tuning, where)
        tried = self._tuned_with(grounds, where)
        configurations = {
            ground.name: self._configurations(losses, tuning, ground, where) for ground in tried
        }
        trials = [
            cell
            for seed in stages.trial_seeds
            for ground, anew in zip(tried, grounds, strict=True)
            for cell in stages.trials(self.name, ground, anew, tuning, configurations[ground.name], seed)
        ]
        elsewhere = {
            anew.name: anew for ground, anew in zip(tried, grounds, strict=True) if ground is not anew
        }
        return SuiteCells(trials, stages.finals(trials, repeats, elsewhere))

    def _tuned_with(self, grounds: Sequence[Ground], where: str) -> list[Ground]:
        """What the trials on each dataset are trained with."""
        found = []
        for index, (entry, ground) in enumerate(zip(self.datasets, grounds, strict=True)):
            if (other := entry.tuned_with) is not None:
                place = f"{where}, datasets[{index}] ({entry.shown}), tuned_with"
                changed = entry.model_copy(update={"encoder": other.encoder, "train": other.train})
                tried = find_ground(changed, {}, place)
                if tried.train.reduction != ground.train.reduction:
                    raise ConfigError(
                        f"{place}: its reduction is {tried.train.reduction!r}, that of the finals "
                        f"{ground.train.reduction!r}, and losses are tuned under one; set the same in both"
                    )
                ground = tried
            found.append(ground)
        return found

    def _configurations(
        self, losses: Sequence[Candidate], tuning: Tuning, ground: Ground, where: str
    ) -> list[list[Configuration]]:
        try:
            return trial_configurations(losses, tuning, ground)
        except ValueError as error:
            raise ConfigError(f"{where}, tuning, dataset {ground.name!r}: {error}") from None

    def _grounds(self, where: str) -> list[Ground]:
        """What the cells of each dataset share."""
        found = [
            find_ground(entry, self.train, f"{where}, datasets[{index}] ({entry.shown})")
            for index, entry in enumerate(self.datasets)
        ]
        shown = [ground.name for ground in found]
        if len(set(shown)) < len(shown):
            twice = next(name for name in shown if shown.count(name) > 1)
            raise ConfigError(f"{where}: two datasets are called {twice!r}; give one of them an `id`")
        return found

    def with_losses(self, names: Sequence[str]) -> Suite:
        """The suite with registered losses added that it does not list: how a new loss joins an old grid."""
        listed = {loss.choice.id for loss in self._losses(f"suite {self.name!r}")[0]}
        added = [name for name in names if name not in listed and name in LOSSES]
        if "all" in self.losses or not added:
            return self
        return self.model_copy(update={"losses": [*self.losses, *added]})

    def _losses(self, where: str) -> tuple[list[Candidate], list[Repeat]]:
        """Those that are listed, and those that repeat one of them."""
        listed = ["all"] if self.losses == "all" else self.losses
        entries = [name for entry in listed for name in (LOSSES.names() if entry == "all" else [entry])]
        found: list[Candidate] = []
        again: list[tuple[str, LossEntry]] = []
        for index, entry in enumerate(entries):
            key = f"{where}, losses[{index}]"
            named = LossEntry(name=entry) if isinstance(entry, str) else entry
            if named.repeats is not None:
                again.append((key, named))
                continue
            declared = LOSSES.describe(named.name, key)
            given = named.model_extra or {}
            parameters = declared.resolve(given, key)
            if "reduction" in parameters and "reduction" not in given:
                parameters["reduction"] = None
            shown = named.id or declared.name
            if not SAFE_NAME.fullmatch(shown):
                raise ConfigError(f"{key}: id {shown!r} may hold letters, digits, '.', '_', '+' and '-' only")
            if self.tuning is not None:
                for fault in faults(declared):
                    raise ConfigError(f"{key}: loss {declared.name!r} ({declared.file}): {fault}")
            found.append(
                Candidate(LossChoice(declared.name, shown, parameters), Searched.of(declared, given))
            )
        repeats = find_repeats(again, [loss.choice for loss in found], self.seeds)
        ids = [*(loss.choice.id for loss in found), *(repeat.id for repeat in repeats)]
        if len(set(ids)) < len(ids):
            twice = next(name for name in ids if ids.count(name) > 1)
            raise ConfigError(f"{where}, losses: {twice!r} stands there twice; give one of them an `id`")
        if not found:
            raise ConfigError(f'{where}, losses: the list is empty; name at least one, or "all"')
        return found, repeats


def _untuned(
    losses: Sequence[Candidate], repeats: Sequence[Repeat], ground: Ground
) -> Iterator[dict[str, Any]]:
    """Loss and protocol of every cell on one dataset, as the suite has them."""
    configurations = plain_configurations(losses, ground.train)
    yield from (
        {"loss": configuration.loss, "train": configuration.train} for configuration in configurations
    )
    by_id = {configuration.loss.id: configuration for configuration in configurations}
    for repeat in repeats:
        yield repeat.fields(by_id[repeat.of].loss, by_id[repeat.of].train)
