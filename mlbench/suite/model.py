"""A suite as its file states it, checked; and the cells that it stands for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from mlbench.errors import ConfigError
from mlbench.registry import DATASETS, ENCODERS, LOSSES
from mlbench.suite.cell import Cell, LossChoice
from mlbench.suite.entries import DatasetEntry, EncoderEntry, LossEntry, Store
from mlbench.suite.protocol import Protocol
from mlbench.suite.resolution import resolve_protocol
from mlbench.suite.trials import Contender, Point, ProtocolOf, tuned_points, untuned_points
from mlbench.suite.tuning import Tuning
from mlbench.suite.twins import refuse_equal_datasets, refuse_equal_losses

SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")
"""What names that become folders or rows may look like."""


class Suite(BaseModel):
    """A grid of cells under one protocol."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    name: str
    description: str = ""
    seeds: list[int] = Field(min_length=1, examples=["[0, 1, 2]"])
    fractions: list[float | int] = Field(min_length=1, examples=["[0.1, 1.0]"])
    losses: Literal["all"] | list[str | LossEntry] = Field(examples=['["bce", "asl"]'])
    train: dict[str, Any] = Field(default_factory=dict)
    tuning: Tuning | None = None
    store: Store = Store()
    datasets: list[DatasetEntry] = Field(min_length=1)

    @field_validator("name")
    @classmethod
    def _safe(cls, name: str) -> str:
        if not SAFE_NAME.fullmatch(name):
            raise ValueError(
                f"{name!r} names a folder: letters, digits, '.', '_', '+' and '-' only, 100 at most"
            )
        return name

    @field_validator("seeds", "fractions")
    @classmethod
    def _distinct(cls, values: list[Any]) -> list[Any]:
        if len(set(values)) < len(values):
            raise ValueError(f"{values} holds a value twice")
        return values

    @field_validator("seeds")
    @classmethod
    def _seed(cls, values: list[int]) -> list[int]:
        for value in values:
            if not 0 <= value < 2**63:
                raise ValueError(f"{value} is no seed; seeds are whole numbers from 0 to 2^63 - 1")
        return values

    @field_validator("fractions")
    @classmethod
    def _fraction(cls, values: list[float | int]) -> list[float | int]:
        for value in values:
            if isinstance(value, float) and value > 1 and value.is_integer():
                raise ValueError(
                    f"{value} is above 1: write {int(value)} for that many rows, or a share in (0, 1]"
                )
            if not (0 < value <= 1 or (isinstance(value, int) and value > 1)):
                raise ValueError(f"{value} is neither a share in (0, 1] nor a whole number of rows above 1")
        return [float(value) if value <= 1 else int(value) for value in values]

    def cells(self, where: str = "") -> list[Cell]:
        """Every cell, all losses of a dataset, fraction and seed together, so that early answers compare.

        Raises ConfigError (of `where`, the suite's file) for a name, parameter or value that does not fit.
        """
        where = where or f"suite {self.name!r}"
        losses = self._losses(where)
        resolved = [self._dataset(entry, index, where) for index, entry in enumerate(self.datasets)]
        shown = [parts["dataset"] for parts, _ in resolved]
        if len(set(shown)) < len(shown):
            twice = next(name for name in shown if shown.count(name) > 1)
            raise ConfigError(f"{where}: two datasets are called {twice!r}; give one of them an `id`")
        grids = [(parts, [loss.choice.under(parts["train"]) for loss in losses]) for parts, _ in resolved]
        for _, choices in grids:
            refuse_equal_losses(choices, where)
        refuse_equal_datasets(grids, where)
        return [
            Cell(
                suite=self.name,
                fraction=fraction,
                seed=seed,
                **{**parts, "loss": point.loss, "train": point.train, "trial": point.trial},
            )
            for seed in self.seeds
            for index, (parts, protocol_of) in enumerate(resolved)
            for points in [
                self._points(losses, parts, protocol_of, seed, f"{where}, tuning.shared, datasets[{index}]")
            ]
            for fraction in self.fractions
            for point in points
        ]

    def _points(
        self,
        losses: Sequence[Contender],
        parts: Mapping[str, Any],
        protocol_of: ProtocolOf,
        seed: int,
        where: str,
    ) -> list[Point]:
        """What is trained on a dataset with a seed: every loss, or all of its trials."""
        if self.tuning is None:
            return untuned_points(losses, parts["train"])
        stream = f"{parts['dataset']}/{seed}"
        try:
            return tuned_points(losses, self.tuning, parts["train"], protocol_of, stream)
        except ValueError as error:
            raise ConfigError(f"{where}: {error}") from None

    def with_losses(self, names: Sequence[str]) -> Suite:
        """The suite with registered losses added that it does not list: how a new loss joins an old grid."""
        listed = {loss.choice.id for loss in self._losses(f"suite {self.name!r}")}
        added = [name for name in names if name not in listed and name in LOSSES]
        if "all" in self.losses or not added:
            return self
        return self.model_copy(update={"losses": [*self.losses, *added]})

    def _losses(self, where: str) -> list[Contender]:
        listed = ["all"] if self.losses == "all" else self.losses
        entries = [name for entry in listed for name in (LOSSES.names() if entry == "all" else [entry])]
        found: list[Contender] = []
        for index, entry in enumerate(entries):
            key = f"{where}, losses[{index}]"
            named = LossEntry(name=entry) if isinstance(entry, str) else entry
            declared = LOSSES.describe(named.name, key)
            given = named.model_extra or {}
            parameters = declared.resolve(given, key)
            if "reduction" in parameters and "reduction" not in given:
                parameters["reduction"] = None
            shown = named.id or declared.name
            if not SAFE_NAME.fullmatch(shown):
                raise ConfigError(f"{key}: id {shown!r} may hold letters, digits, '.', '_', '+' and '-' only")
            space = declared.attributes.get("search_space", {})
            left_open = {name: space[name] for name in space if name not in given}
            found.append(Contender(LossChoice(declared.name, shown, parameters), left_open))
        ids = [loss.choice.id for loss in found]
        if len(set(ids)) < len(ids):
            twice = next(name for name in ids if ids.count(name) > 1)
            raise ConfigError(f"{where}, losses: {twice!r} stands there twice; give one of them an `id`")
        if not found:
            raise ConfigError(f'{where}, losses: the list is empty; name at least one, or "all"')
        return found

    def _dataset(self, entry: DatasetEntry, index: int, where: str) -> tuple[dict[str, Any], ProtocolOf]:
        """What all cells of a dataset share, and their protocol under knobs that go over all the suite says."""
        key = f"{where}, datasets[{index}] ({entry.shown})"
        if not SAFE_NAME.fullmatch(entry.shown):
            raise ConfigError(f"{key}: a name may hold letters, digits, '.', '_', '+' and '-' only")
        declared = DATASETS.describe(entry.loader, key)
        encoder = EncoderEntry(name=entry.encoder) if isinstance(entry.encoder, str) else entry.encoder
        kind, _, model = encoder.name.partition(":")
        recipe = ENCODERS.describe(kind, f"{key}, encoder")
        given = {**(encoder.model_extra or {}), **({"model": model} if model else {})}
        options = recipe.resolve(given, f"{key}, encoder")

        def protocol_of(knobs: Mapping[str, Any]) -> Protocol:
            return resolve_protocol(recipe, options, {**self.train, **entry.train, **knobs}, key)

        parts = {
            "dataset": entry.shown,
            "loader": declared.name,
            "dataset_parameters": declared.resolve(entry.parameters, key),
            "encoder": f"{recipe.name}:{model}" if model else recipe.name,
            "encoder_options": options,
            "train": protocol_of({}),
        }
        return parts, protocol_of
