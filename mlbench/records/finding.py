"""A record that is named by its file, or by its id."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mlbench.errors import DataError
from mlbench.records.codec import decode
from mlbench.records.packed import packed_ids, read_one
from mlbench.records.store import Store, stores

Found = tuple[dict[str, Any], Store | None]
"""A record, with the store that it lies in, if any."""


def find_record(name: str, *places: Path) -> Found:
    """The record of a file, or of an id, or the start of one, in `places`: results roots, suites' folders, packed
    files, records. Of one that lies in several, the first that finished counts.

    Raises DataError where there is none, or several that the id is the start of.
    """
    file = Path(name)
    if file.is_file():
        return _in_file(file)
    if not re.fullmatch(r"[0-9a-f]+", name):
        raise DataError(f"{name}: there is no such file; name a record's file, or its id with --results")
    found: dict[str, list[Store | Path]] = {}
    for identifier, source in _listed(places):
        if identifier.startswith(name):
            found.setdefault(identifier, []).append(source)
    if len(found) != 1:
        some = f"{len(found)} cells, such as {min(found)}," if found else "no cell"
        where = ", ".join(map(str, places))
        raise DataError(f"{name}: {some} of {where} has an id that starts so; write more of it, or the file")
    [(identifier, sources)] = found.items()
    records = [_read(source, identifier) for source in sources]
    return next((each for each in records if each[0]["status"] == "done"), records[0])


def _listed(places: Sequence[Path]) -> Iterator[tuple[str, Store | Path]]:
    """Every id, with the store or the file that has its record."""
    for place in places:
        if place.suffix == ".json" and place.is_file():
            yield str(_in_file(place)[0]["id"]), place
        elif place.suffix == ".parquet" and place.is_file():
            of = Store(place.parent)
            yield from ((each, of if of.packed_file == place else place) for each in packed_ids(place))
        else:
            yield from ((each, store) for store in stores(place) for each in store.ids())


def _read(source: Store | Path, identifier: str) -> Found:
    if isinstance(source, Store):
        return source.read(identifier), source
    if source.suffix == ".json":
        return _in_file(source)
    return decode((read_one(source, "record", identifier) or "").encode(), str(source)), None


def _in_file(file: Path) -> Found:
    folder = file.resolve().parent.parent
    return decode(file.read_bytes(), str(file)), Store(folder) if (folder / "cells").is_dir() else None
