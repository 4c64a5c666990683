"""`predict`: an exported model's scores of new rows, as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import torch
from torch import Tensor

from mlbench.atomic_writes import atomic_write
from mlbench.datasets.cards import Modality
from mlbench.datasets.decoding import ImageError, open_image, squash
from mlbench.datasets.user.new_rows import NewRows, read_new_rows
from mlbench.errors import ConfigError, DataError
from mlbench.export import standalone
from mlbench.export.about import About, read_about
from mlbench.export.network import folder_network
from mlbench.models.deployed import Deployed
from mlbench.plain_text import no_formula, said

BATCH = 64
MODALITY: Mapping[str, Modality] = {
    "words": "text",
    "tokens": "text",
    "pixels": "image",
    "features": "features",
}
WRITERS = (".parquet", ".csv", ".jsonl")


def predict(
    folder: Path,
    data: Path,
    output: Path,
    *,
    columns: Mapping[str, Any] | None = None,
    policy: str | None = None,
    device: str = "cpu",
) -> int:
    """Score every row of `data` with the model in `folder` and write a table; returns how many rows there are.

    Its columns: `id`, `labels` (those whose logit is above the threshold, the likeliest first) and `probabilities`, one
    number a label, in the model's order of labels. In Parquet and JSON lines these are lists and a struct, in CSV a
    column `p_…` a label, and an id there that a spreadsheet would take for a formula begins with an apostrophe.
    `columns` says how `data` are read where that differs from the data of training. Nothing in
    `folder` is executed. Raises ConfigError or DataError.
    """
    if output.suffix not in WRITERS:
        raise ConfigError(f"-o {output}: predictions are written as {', '.join(WRITERS)}")
    about = read_about(folder)
    thresholds = _thresholds(about, policy)
    modality = MODALITY[about.inputs.kind]
    rows = read_new_rows(data, modality, _columns(about, columns or {}))
    network = _moved(folder_network(about, folder), device)
    prepare = _preparer(about, folder)
    logits = []
    with torch.no_grad():
        for some in _batches(rows, about, str(data)):
            inputs = (part.to(device) for part in prepare.prepare(some))
            logits.append(network(*inputs).float().cpu())
    _write(output, rows.ids, torch.cat(logits), about, thresholds)
    return len(rows.ids)


def _moved(network: Deployed, device: str) -> Deployed:
    try:
        place = torch.device(device)
        if place.type == "meta":
            raise ValueError("it computes nothing")
        return network.to(place)
    except (RuntimeError, AssertionError, NotImplementedError, ValueError) as error:
        reason = said(error).partition("\n")[0]
        raise ConfigError(f"--device {device}: {reason}; say cpu, or cuda:0") from None


def _preparer(about: About, folder: Path) -> standalone.Preparer:
    """As `standalone.preparer`. Raises DataError where the files of the folder do not make one."""
    try:
        prepare = standalone.preparer(about.inputs.model_dump(), folder)
        if isinstance(prepare, standalone.Vocabulary):
            known = about.inputs.settings["words"]
            if len(prepare.numbers) != known or prepare.inverse.shape != (known,):
                raise ValueError(f"words.json has not the {known} words of its network")
    except Exception as error:
        # A vocabulary of any kind, and whatever a tokeniser makes of its files.
        raise DataError(f"{folder}: its samples cannot be prepared: {said(error, 300)}") from None
    return prepare


def _thresholds(about: About, policy: str | None) -> Tensor:
    known = about.decision.thresholds
    chosen = policy or about.decision.policy
    if chosen not in known:
        raise ConfigError(f"--policy {chosen}: the model has thresholds {', '.join(known)}")
    return torch.tensor(known[chosen])


def _columns(about: About, given: Mapping[str, Any]) -> dict[str, Any]:
    """Those of training, under what is said anew; another input column takes the place of the one of training."""
    inputs = {"text", "image", "features"}
    kept = {
        key: value
        for key, value in about.inputs.columns.items()
        if not (key in inputs and inputs & set(given))
    }
    return {**kept, **given}


def _batches(rows: NewRows, about: About, where: str) -> Iterator[Any]:
    for start in range(0, len(rows.ids), BATCH):
        some = rows.inputs[start : start + BATCH]
        if about.inputs.kind == "pixels":
            size = about.inputs.settings["size"]
            yield [_pixels(image, size, rows.ids[start + place], where) for place, image in enumerate(some)]
        elif about.inputs.kind == "features" and np.shape(some)[1] != about.inputs.settings["dim"]:
            raise DataError(
                f"{where}: its vectors have {np.shape(some)[1]} numbers, and the model takes "
                f"{about.inputs.settings['dim']}"
            )
        else:
            yield some


def _pixels(image: Any, size: int, identifier: str, where: str) -> npt.NDArray[np.uint8]:
    try:
        return np.asarray(squash(open_image(image, size), size))
    except ImageError as error:
        raise DataError(f"{where}: image {identifier!r}: {error}; replace it or leave it out") from None


def _write(output: Path, ids: Sequence[str], logits: Tensor, about: About, thresholds: Tensor) -> None:
    probabilities = torch.sigmoid(logits / about.calibration.temperature)
    order = logits.argsort(dim=1, descending=True, stable=True).tolist()
    chosen = (logits > thresholds).tolist()
    labels = [
        [about.labels[place] for place in places if yes[place]]
        for places, yes in zip(order, chosen, strict=True)
    ]
    columns = [pa.array(column) for column in probabilities.T.contiguous().numpy()]
    output.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(output) as temporary:
        if output.suffix == ".csv":
            _write_csv(temporary, ids, labels, columns, about.labels)
            return
        scores = pa.StructArray.from_arrays(columns, names=about.labels)
        table = pa.table(
            {"id": list(ids), "labels": pa.array(labels, pa.list_(pa.string())), "probabilities": scores}
        )
        if output.suffix == ".parquet":
            import pyarrow.parquet as pq

            pq.write_table(table, temporary)
        else:
            table.to_pandas().to_json(temporary, orient="records", lines=True, force_ascii=False)


def _write_csv(
    file: Path,
    ids: Sequence[str],
    labels: Sequence[Sequence[str]],
    columns: Sequence[Any],
    names: Sequence[str],
) -> None:
    import json

    import pyarrow.csv as pc

    told = [json.dumps(row, ensure_ascii=False) for row in labels]
    table = pa.table(
        [pa.array([no_formula(each) for each in ids]), pa.array(told), *columns],
        names=["id", "labels", *(f"p_{name}" for name in names)],
    )
    pc.write_csv(table, file)
