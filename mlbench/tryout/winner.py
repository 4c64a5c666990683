"""The model of the loss to take, exported, so that a try ends in something to use."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mlbench.errors import MlbenchError
from mlbench.records import RecordError, Store
from mlbench.report.wording import count
from mlbench.runner import RunOptions, run_suites
from mlbench.suite import Selection, Suite, score_of

FOLDER = "model"


@dataclass(frozen=True)
class ExportedModel:
    """The exported folder of the loss to take: None where there is none, and `said` why; else `said` is which cell it
    is of."""

    folder: Path | None
    said: str


NO_MODEL = ExportedModel(None, "")
"""Where none was asked for."""


def export_winner(suite: Suite, loss: str, results: Path, output: Path, options: RunOptions) -> ExportedModel:
    """Write the model of the suite's cell of `loss` whose seed is best on validation into `output`, of the records in
    the folder `results`.

    A try keeps no models while it trains, for a pretrained encoder's are large: the one cell is trained once more.
    Whatever is in the way of it costs the model alone.
    """
    from mlbench.export.cell import refuse_other

    store = Store(results)
    record = best_seed(store, loss)
    if record is None:
        return ExportedModel(None, f"no model: {loss} has no finished cell")
    seed = record["cell"]["seed"]
    said = f"{loss}, seed {seed}, the best of its seeds on validation"
    try:
        if _is_there(output, record["id"]):
            return ExportedModel(output, said)
        refuse_other(output)
        with tempfile.TemporaryDirectory(prefix=".model-", dir=output.parent) as folder:
            if not store.model_file(record["id"]).is_file():
                selection = Selection(losses=(loss,), seeds=(seed,))
                chosen = replace(options, results=Path(folder), selection=selection, progress="none")
                done = run_suites([_keeping(suite, record)], chosen)
                done.end_if_signalled()
                if not done.done:
                    return ExportedModel(None, f"no model: {loss}, seed {seed} was not trained again")
                store = Store(Path(folder) / suite.name)
            _export(store, record["id"], output, len(suite.losses))
    except MlbenchError as error:
        return ExportedModel(None, f"no model: {error}")
    return ExportedModel(output, said)


def _keeping(suite: Suite, record: Mapping[str, Any]) -> Suite:
    """The suite under which the cell of a record is trained once more, by as many threads, so that the numbers are the
    same, and kept."""
    store = suite.store.model_copy(update={"model": True})
    threads = record["environment"]["threads"]
    return suite.model_copy(update={"store": store, "train": {**suite.train, "threads": threads}})


def best_seed(store: Store, loss: str) -> dict[str, Any] | None:
    """The finished record of `loss` that is best on validation, of equal ones that of the first seed; None where there
    is none."""
    found = [
        (-math.inf if math.isnan(score) else score, -record["cell"]["seed"], record)
        for record in store.records()
        if not isinstance(record, RecordError) and record["cell"]["loss"]["id"] == loss
        if (score := score_of(record)) is not None
    ]
    return max(found, key=lambda each: each[:2])[2] if found else None


def _is_there(output: Path, identifier: str) -> bool:
    """Whether an earlier try has exported this cell already."""
    from mlbench.export.about import read_about

    try:
        return read_about(output).id == identifier
    except MlbenchError:
        return False


def _export(store: Store, identifier: str, output: Path, losses: int) -> None:
    from mlbench.export import export_cell

    note = (
        f"The same rows chose its loss among {count(losses, 'loss', 'losses')}, which flatters it a little."
    )
    export_cell(store, identifier, output, note=note if losses > 1 else "")
