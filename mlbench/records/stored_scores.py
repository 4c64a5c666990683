"""The scores of one cell, for those who compute something of their own from them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from mlbench.errors import DataError
from mlbench.records.scores import UNREADABLE
from mlbench.records.store import Store, stores

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class Scores(NamedTuple):
    """Of one split: `logits` float32 [N, L], `targets` uint8 [N, L] (255: not scored), `ids` [N], `labels` [L]."""

    logits: npt.NDArray[np.float32]
    targets: npt.NDArray[np.uint8]
    ids: list[str]
    labels: list[str]


def load_scores(
    record: Path | str | Mapping[str, Any],
    results: Path | str = "results",
    *,
    split: Literal["validation", "test"] = "test",
    reading: Literal["own", "probe"] = "own",
) -> Scores:
    """The stored scores of a record: its file `…/cells/<id>.json`, its id, or a row of `load_records` (whatever has an
    "id"), the latter two looked for under `results`.

    `own` are the scores that `metrics` are of, `probe` those of the linear probe. Raises DataError where none are kept.
    """
    store, identifier = _find(record, Path(results))
    name = f"{split}_{'probe_' if reading == 'probe' else ''}logits"
    try:
        kept = store.scores(identifier)
        return Scores(
            logits=kept[name].astype("float32"),
            targets=kept[f"{split}_targets"],
            ids=[str(each) for each in kept[f"{split}_ids"]],
            labels=[str(each) for each in kept["labels"]],
        )
    except UNREADABLE as error:
        file = store.scores_file(identifier)
        raise DataError(
            f"{file}: holds no {name} ({error}); scores are kept where a suite's [store] says so, and not beside "
            "packed records"
        ) from None


def _find(record: Path | str | Mapping[str, Any], results: Path) -> tuple[Store, str]:
    if not isinstance(record, Path | str):
        return _of_id(str(record["id"]), results)
    file = Path(record)
    if file.suffix == ".json":
        return Store(file.parent.parent), file.stem
    return _of_id(str(record), results)


def _of_id(identifier: str, results: Path) -> tuple[Store, str]:
    for store in stores(results):
        if store.scores_file(identifier).is_file():
            return store, identifier
    raise DataError(
        f"{results}: no scores of a cell {identifier}; give the folder of results that holds them"
    )
