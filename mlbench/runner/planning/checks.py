"""What is wrong with a suite's encoders, columns, precision and losses, said before anything is trained; loads no torch
and reads no data but the headers of tables.

Whether losses can be built with their parameters is tried in a process of its own, `python -m
mlbench.runner.planning.checks`, since that loads torch, which a run's driver never does.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mlbench import datasets
from mlbench.code.declarations import Declaration
from mlbench.errors import ConfigError, DataError
from mlbench.registry import ENCODERS, LOSSES, load_plugins
from mlbench.replies import reply, reply_stream
from mlbench.runner.scheduling.devices import chosen_devices
from mlbench.runner.worker.asking import ask
from mlbench.suite import Cell, LossChoice


def check_encoders(cells: Iterable[Cell]) -> None:
    """Raise ConfigError for an encoder that does not read what its dataset holds, or whose own `precheck` says
    that its options cannot work. Each dataset of a suite is checked once with each encoder."""
    for cell in _by_encoder(cells):
        where = f"suite {cell.suite!r}, dataset {cell.dataset!r}"
        encoder = ENCODERS.describe(cell.encoder.partition(":")[0], where)
        reads = encoder.attributes.get("modalities")
        holds = datasets.modality(cell.loader, cell.dataset_parameters)
        if reads and holds and holds not in reads:
            raise ConfigError(
                f"{where}: it holds {holds}, but encoder {cell.encoder!r} reads {' and '.join(sorted(reads))}"
            )
        _precheck(encoder, cell.encoder_options, where)


def _by_encoder(cells: Iterable[Cell]) -> list[Cell]:
    """A cell of each dataset of a suite and each encoder with its options: trials may have another than finals."""

    def key(cell: Cell) -> tuple[str, ...]:
        options = json.dumps(dict(cell.encoder_options), sort_keys=True)
        return cell.suite, cell.dataset, cell.encoder, options

    return list({key(cell): cell for cell in cells}.values())


def check_models(cells: Iterable[Cell]) -> None:
    """Raise ConfigError for an encoder that does not export, where the suite of these cells keeps models. Every loss
    has a model: its own logits, or the probe's."""
    for cell in _by_encoder(cells):
        encoder = ENCODERS.describe(cell.encoder.partition(":")[0])
        if not encoder.attributes.get("exports"):
            raise ConfigError(
                f"suite {cell.suite!r}, store.model = true: encoder {cell.encoder!r} ({encoder.file}) does not say how "
                "new samples are prepared, so no model of it can be kept; give it `exports`, `preparation` and `bare` "
                "(see Encoder), or set store.model = false"
            )


def check_data(cells: Iterable[Cell], data_root: Path | None) -> None:
    """Raise ConfigError for a column that a suite names and its file lacks. Data that are not here, or cannot be
    read, are no reason to refuse the rest."""
    for cell in {(cell.suite, cell.dataset): cell for cell in cells}.values():
        try:
            datasets.check(cell.loader, cell.dataset_parameters, data_root=data_root)
        except DataError as error:
            raise ConfigError(f"suite {cell.suite!r}, dataset {cell.dataset!r}: {error}") from None


def check_precision(cells: Iterable[Cell], device: str) -> None:
    """Raise ConfigError for a precision that none of this host's devices has, where cells run on `device`."""
    for cell in cells:
        if cell.train.precision == "fp16" and not chosen_devices(device):
            raise ConfigError(
                f"suite {cell.suite!r}, dataset {cell.dataset!r}, train.precision = 'fp16': it needs a CUDA device, "
                f"and --device {device} means the CPU here; use 'bf16' or 'float32'"
            )


def _precheck(encoder: Declaration, options: Mapping[str, Any], where: str) -> None:
    module, _, function = encoder.attributes.get("precheck", "").partition(":")
    if not module:
        return
    try:
        getattr(importlib.import_module(module), function)(options)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None


def check_losses(cells: Iterable[Cell], plugins: Sequence[Path]) -> None:
    """Raise ConfigError for a loss that refuses its parameters, or whose file does not import.

    Built-in losses with their own defaults are known to be built: where there are no others nothing is tried.
    """
    open_question = {
        (cell.suite, cell.loss.id, json.dumps(dict(cell.loss.parameters))): cell.loss
        for cell in cells
        if _open(cell.loss)
    }
    if not open_question:
        return
    asked = {
        "plugins": [str(file) for file in plugins],
        "losses": [[choice.name, dict(choice.parameters)] for choice in open_question.values()],
    }
    tried = ask(["-m", "mlbench.runner.planning.checks"], json.dumps(asked))
    if not isinstance(tried.reply, list):
        # It died, of no loss's fault that could be told from here: the cells will say.
        return
    for (suite, loss, _), problem in zip(open_question, tried.reply, strict=True):
        if problem:
            raise ConfigError(f"suite {suite!r}, losses, {loss!r}: {problem}")


def _open(choice: LossChoice) -> bool:
    """Whether it is a question if it can be built. The protocol's reduction is none: its values are known."""
    declared = LOSSES.describe(choice.name)
    defaults = {parameter.name: parameter.default for parameter in declared.parameters}
    own = {name: value for name, value in choice.parameters.items() if name != "reduction"}
    return declared.origin != "built in" or any(defaults[name] != value for name, value in own.items())


def _problem(name: str, parameters: Mapping[str, Any]) -> str:
    """Why a loss cannot be built; "" where it can."""
    try:
        LOSSES.build(name, **parameters)
    except (ConfigError, ValueError) as error:
        return str(error)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def main() -> None:
    """Read what to build from standard input; reply with the problems, or "", as a JSON list."""
    reply_stream()
    asked = json.load(sys.stdin)
    load_plugins(Path(file) for file in asked["plugins"])
    reply(json.dumps([_problem(name, parameters) for name, parameters in asked["losses"]]))


if __name__ == "__main__":
    main()
