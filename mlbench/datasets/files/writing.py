"""Samples -> a folder in the folder format, a part at a time, whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from mlbench.datasets.cards import Card, Modality, folder_card_text
from mlbench.errors import DataError

GROUP_BYTES, GROUP_ROWS = 32 << 20, 20_000
"""Samples are written in groups of this many: what a reader holds at once."""

_TYPES = {"text": pa.large_string(), "image": pa.large_binary(), "features": pa.list_(pa.float32())}


@dataclass(frozen=True)
class Sample:
    """One sample of a public source."""

    input: str | bytes | Sequence[float]
    labels: Sequence[str]
    id: str
    unscored: Sequence[str] = ()


@dataclass
class _WrittenSplit:
    """A split that is being written."""

    writer: pq.ParquetWriter
    rows: list[Sample] = field(default_factory=list)
    held: int = 0
    count: int = 0


def write_samples(
    folder: Path,
    samples: Iterable[tuple[str, Sample]],
    card: Card,
    vocabulary: Sequence[str] | None = None,
    on_sample: Callable[[int], None] | None = None,
) -> dict[str, int]:
    """Write (split, sample) pairs as a dataset folder; returns the size of each split.

    It is written into a temporary folder beside `folder`, then moved into its place. Without a vocabulary it
    is the sorted union of the labels that occur. Raises DataError where no sample comes.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        with ExitStack() as stack:
            splits: dict[str, _WrittenSplit] = {}
            seen: set[str] = set()
            for number, (name, sample) in enumerate(samples, start=1):
                if name not in splits:
                    file = temporary / f"{name}.parquet"
                    writer = pq.ParquetWriter(file, _schema(card.modality), compression="zstd")
                    splits[name] = _WrittenSplit(stack.enter_context(writer))
                _add(splits[name], sample, card.modality)
                seen.update(sample.labels)
                if on_sample:
                    on_sample(number)
            for split in splits.values():
                _flush(split, card.modality)
        if "train" not in splits:
            raise DataError(f"{card.name}: no training sample was found in its files")
        sizes = {name: split.count for name, split in splits.items()}
        text = folder_card_text(card, tuple(vocabulary or sorted(seen)), sizes)
        (temporary / "dataset.toml").write_text(text, encoding="utf-8")
        temporary.chmod(0o755)
        if folder.exists():
            shutil.rmtree(folder)
        temporary.replace(folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return sizes


def _schema(modality: Modality) -> pa.Schema:
    strings = pa.list_(pa.string())
    return pa.schema({"id": pa.string(), modality: _TYPES[modality], "labels": strings, "unscored": strings})


def _add(split: _WrittenSplit, sample: Sample, modality: Modality) -> None:
    split.rows.append(sample)
    split.held += len(sample.input)
    if split.held > GROUP_BYTES or len(split.rows) >= GROUP_ROWS:
        _flush(split, modality)


def _flush(split: _WrittenSplit, modality: Modality) -> None:
    if not split.rows:
        return
    columns: dict[str, list[Any]] = {
        "id": [row.id for row in split.rows],
        modality: [row.input for row in split.rows],
        "labels": [list(row.labels) for row in split.rows],
        "unscored": [list(row.unscored) for row in split.rows],
    }
    split.writer.write_table(pa.table(columns, schema=_schema(modality)))
    split.count += len(split.rows)
    split.rows, split.held = [], 0
