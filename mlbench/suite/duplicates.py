"""What a suite lists twice under two names: it would train the same cells, and tell them as two."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mlbench.errors import ConfigError
from mlbench.suite.cell import LossChoice


def refuse_equal_losses(choices: Sequence[LossChoice], where: str) -> None:
    """Raise ConfigError for two losses of equal parameters."""
    seen: dict[str, str] = {}
    for choice in choices:
        earlier = seen.setdefault(_loss(choice), choice.id)
        if earlier != choice.id:
            raise ConfigError(
                f"{where}, losses: {choice.id!r} is {earlier!r} once more, with equal parameters: the same "
                "cells under two names. Change a parameter or leave one out; to see how far a loss is from "
                "itself, compare seeds"
            )


def refuse_equal_datasets(
    grids: Iterable[tuple[Mapping[str, Any], Sequence[LossChoice]]], where: str
) -> None:
    """Raise ConfigError for two datasets, each with its losses, of the same data, encoder and protocol."""
    seen: dict[tuple[str, str], str] = {}
    for parts, choices in grids:
        alike = ("loader", "dataset_parameters", "encoder", "encoder_options")
        rest = json.dumps([*(parts[key] for key in alike), parts["train"].identity()], sort_keys=True)
        for choice in choices:
            earlier = seen.setdefault((rest, _loss(choice)), parts["dataset"])
            if earlier != parts["dataset"]:
                raise ConfigError(
                    f"{where}, datasets: {parts['dataset']!r} is {earlier!r} once more: loss {choice.id!r} has "
                    "equal data, encoder and protocol there, so the same cells under two names. Change one of "
                    "these or leave a dataset out"
                )


def _loss(choice: LossChoice) -> str:
    return json.dumps([choice.name, dict(choice.parameters)], sort_keys=True)
