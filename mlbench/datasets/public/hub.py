"""The Hugging Face hub, through `datasets`: files only, never a repository's own code."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from mlbench.datasets.base import split_called
from mlbench.datasets.files.marks import are_multi_hot
from mlbench.datasets.places import fetched_root
from mlbench.errors import DataError, DatasetNotFoundError

TIMEOUT = 10.0


def hub_folder(repository: str, config: str = "") -> Path:
    """Where the tables of a hub id are kept once they are fetched."""
    readable = re.sub(r"[^A-Za-z0-9._-]+", "--", f"{repository} {config}".strip()).strip(".-")[:80]
    digest = hashlib.sha256(f"{repository}\n{config}".encode()).hexdigest()[:8]
    return fetched_root() / "hub" / f"{readable}-{digest}"


def fetch_hub(repository: str, config: str = "") -> Path:
    """Fetch a hub id's tables into `hub_folder`, one Parquet file per split, all or none.

    Raises DatasetNotFoundError where it cannot be had.
    """
    folder = hub_folder(repository, config)
    if not (folder / "train.parquet").is_file():
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            for split, table in _tables_or_advice(repository, config, temporary / "cache").items():
                pq.write_table(table, temporary / f"{split_called(split)}.parquet")
            shutil.rmtree(temporary / "cache", ignore_errors=True)
            temporary.chmod(0o755)
            temporary.replace(folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return folder


def _tables_or_advice(repository: str, config: str, cache: Path) -> dict[str, pa.Table]:
    try:
        return hub_tables(repository, config, cache=cache)
    except DatasetNotFoundError as error:
        raise DatasetNotFoundError(
            f"{error}\n  what to do: fetch it where there is a network and copy {hub_folder(repository, config)} "
            "from there, or give a file as `path`"
        ) from None


def hub_tables(repository: str, config: str = "", *, cache: Path) -> dict[str, pa.Table]:
    """The splits of a hub id, or of a local folder laid out like one, by its absolute path, as Arrow tables; class
    numbers become their names, images stay encoded. `cache` is where `datasets` works.

    Raises DataError for an id that is a folder's name here: `datasets` would read that one.
    """
    import datasets
    from datasets.utils.logging import disable_progress_bar

    disable_progress_bar()
    if not Path(repository).is_absolute():
        if Path(repository).exists():
            raise DataError(
                f"hub dataset {repository!r}: {Path(repository).absolute()} would be read in its place; work in "
                "another folder, or give that one as `path`"
            )
        check_reachable(repository)
    try:
        loaded = datasets.load_dataset(repository, config or None, cache_dir=str(cache))
    except (ConnectionError, FileNotFoundError) as error:
        raise DatasetNotFoundError(
            f"hub dataset {repository!r} cannot be fetched ({_first_line(error)})"
        ) from error
    except (ValueError, RuntimeError, OSError) as error:
        raise DataError(f"hub dataset {repository!r}: {_first_line(error)}") from error
    return {str(name): _plain(split) for name, split in loaded.items()}


def check_reachable(repository: str) -> None:
    """Raise DatasetNotFoundError at once where the hub does not answer: its client would try for half a minute."""
    if reason := why_unreachable():
        raise DatasetNotFoundError(f"hub dataset {repository!r}: the hub cannot be reached ({reason})")


def why_unreachable() -> str:
    """Why the hub does not answer; empty where it does."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        return "the hub is switched off by HF_HUB_OFFLINE"
    try:
        request = urllib.request.Request(constants.ENDPOINT, method="HEAD", headers={"User-Agent": "mlbench"})
        urllib.request.urlopen(request, timeout=TIMEOUT).close()
    except urllib.error.HTTPError:
        return ""
    except OSError as error:
        return str(getattr(error, "reason", error))
    return ""


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).split("\n", 1)[0][:300]


def _plain(split: Any) -> pa.Table:
    """The split's table with class numbers replaced by names and images left encoded."""
    from datasets import ClassLabel, Image

    features = dict(split.features)
    for name, feature in features.items():
        if isinstance(feature, Image):
            split = split.cast_column(name, Image(decode=False))
    table: pa.Table = split.with_format("arrow")[:]
    for index, name in enumerate(table.column_names):
        inner = getattr(features[name], "feature", features[name])
        if isinstance(inner, ClassLabel):
            table = table.set_column(index, name, _named(table.column(name), inner.names))
    return table.replace_schema_metadata(None)


def _named(column: pa.ChunkedArray, names: list[str]) -> pa.ChunkedArray:
    """Numbers, or lists of numbers, as names; −1 is no class, and lists of marks stay what they are."""
    cells = column.to_pylist()
    if any(isinstance(cell, list) for cell in cells) and are_multi_hot(cells):
        return column
    values = [
        [names[value] for value in cell]
        if isinstance(cell, list)
        else None
        if cell in (None, -1)
        else names[cell]
        for cell in cells
    ]
    return pa.chunked_array([pa.array(values)])
