"""Inputs of any kind through the commands: no traceback, and an answer within 20 seconds.

How many of each kind is $MLBENCH_FUZZ, 200 where that is not set; of tables, archives and records a tenth of it, of
records that are reported a hundredth. The time that this process waits for a processor is not counted.
"""

from __future__ import annotations

import contextlib
import copy
import gzip
import io
import json
import os
import shutil
import tarfile
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from mlbench.cli import app
from mlbench.datasets.public.tree import Tree
from mlbench.errors import MlbenchError
from mlbench.records import RecordError, Store

SIZE = int(os.environ.get("MLBENCH_FUZZ", "200"))
PATIENCE = 20.0
TRIED: Counter[str] = Counter()

pytestmark = pytest.mark.slow
fuzzed = settings(
    max_examples=SIZE,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

NAMES = ["bce", "asl", "synthetic-features", "features", "bag", "all", "", "..", "nul\0", "é"]
names = st.sampled_from(NAMES) | st.text()
values = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | names,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
datasets = st.fixed_dictionaries(
    {"name": st.just("synthetic-features") | names, "encoder": st.just("features") | names},
    optional={
        "samples": st.integers(-5, 300) | values,
        "labels": st.integers(-2, 12) | values,
        "path": names,
        "text": values,
        "separator": values,
        "train": values,
    },
)
losses = st.fixed_dictionaries({"name": names}, optional={"id": names, "gamma": values})
protocols = st.dictionaries(st.sampled_from(["epochs", "batch_size", "head_lr", "precision", "x"]), values)
suites = st.fixed_dictionaries(
    {
        "name": st.just("fuzzed") | names,
        "datasets": st.lists(datasets, min_size=1, max_size=2) | values,
    },
    optional={
        "losses": st.lists(names | losses, max_size=3) | values,
        "seeds": st.lists(st.integers(), max_size=2) | values,
        "fractions": st.lists(st.floats(), max_size=2) | values,
        "train": protocols | values,
        "tuning": values,
        "store": values,
    },
)
lines = st.lists(
    st.lists(st.text(st.characters(exclude_categories=()), max_size=12), max_size=5), max_size=12
)


@pytest.fixture(scope="module", autouse=True)
def figures() -> Iterator[None]:
    yield
    print(f"\nfuzzed: {dict(TRIED)}, {sum(TRIED.values())} in all")


def clock() -> float:
    """Seconds, but for those in which a busy machine had no processor for this thread."""
    waited = 0
    with contextlib.suppress(OSError, IndexError):
        waited = int(Path("/proc/thread-self/schedstat").read_text(encoding="ascii").split()[1])
    return time.monotonic() - waited / 10**9


def ask(kind: str, *words: str) -> None:
    """The command in this process: whatever it says, it says it in words, and soon."""
    began = clock()
    done = CliRunner().invoke(app, list(words))
    TRIED[kind] += 1
    assert done.exception is None or isinstance(done.exception, SystemExit | MlbenchError), done.exc_info
    assert clock() - began < PATIENCE
    str(done.exception or "").encode()


@given(suites)
@fuzzed
def test_suites(tmp_path: Path, suite: dict[str, Any]) -> None:
    file = tmp_path / "fuzzed.toml"
    file.write_bytes(tomli_w.dumps(suite).encode("utf-8", "replace"))
    ask("suites", "plan", str(file), "--results", str(tmp_path / "results"))


DEEP = [b"a = " + b"[" * 3000, b"\xef\xbb\xbfname = 1", b"a." * 3000 + b"b = 1"]
NO_PYTHON = [b"def f(:", b"# coding: nonsense\nx = 1", b"(" * 3000, b"\xef\xbb\xbfx = 1"]


@given(st.binary(max_size=300) | st.sampled_from(DEEP))
@fuzzed
def test_suites_of_any_bytes(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "fuzzed.toml"
    file.write_bytes(content)
    ask("bytes", "plan", str(file), "--results", str(tmp_path / "results"))


@given(st.binary(max_size=400) | st.sampled_from(NO_PYTHON))
@fuzzed
def test_plugins_of_any_bytes(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "fuzzed.py"
    file.write_bytes(content)
    ask("plugins", "list", "losses", "--plugin", str(file))


@given(lines, st.sampled_from(["csv", "tsv", "jsonl"]), st.binary(max_size=4))
@settings(fuzzed, max_examples=max(1, SIZE // 10))
def test_tables(tmp_path: Path, rows: list[list[str]], kind: str, start: bytes) -> None:
    file = tmp_path / f"fuzzed.{kind}"
    file.write_bytes(start + "\n".join(map(",".join, rows)).encode("utf-8", "surrogatepass"))
    ask("tables", "describe", str(file))


Places = dict[str, list[tuple[str | int, ...]]]


@cache
def published() -> tuple[list[dict[str, Any]], Places]:
    """Four real records, and the places of what they hold, by their first key."""
    found = Store(Path(__file__).parents[1] / "results" / "gpu-real").records()
    kept = [record for record, _ in zip(found, range(4), strict=False) if not isinstance(record, RecordError)]
    places: Places = {}
    for record in kept:
        for at in _places(record):
            places.setdefault(str(at[0]), []).append(at)
    return kept, places


def _places(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if at:
        yield at
    if len(at) < 5 and isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value[:2]):
            yield from _places(item, (*at, key))


def changed(record: dict[str, Any], at: tuple[str | int, ...], value: Any) -> None:
    """Put a value there, where there is such a place."""
    inner: Any = record
    with contextlib.suppress(KeyError, IndexError, TypeError):
        for key in at[:-1]:
            inner = inner[key]
        inner[at[-1]] = value


def hostile_records() -> st.SearchStrategy[list[tuple[tuple[str | int, ...], Any]]]:
    places = published()[1]
    place = st.sampled_from(sorted(places)).flatmap(lambda key: st.sampled_from(places[key]))
    return st.lists(st.tuples(place, st.none() | values), min_size=1, max_size=4)


def lay_down(folder: Path, changes: list[tuple[tuple[str | int, ...], Any]]) -> Path:
    """A folder of results with the four records, the last two changed."""
    shutil.rmtree(folder, ignore_errors=True)
    cells = folder / "fuzzed" / "cells"
    cells.mkdir(parents=True)
    records = copy.deepcopy(published()[0])
    for number, (at, value) in enumerate(changes):
        changed(records[2 + number % 2], at, value)
    for record, original in zip(records, published()[0], strict=True):
        (cells / f"{original['id']}.json").write_text(json.dumps(record), encoding="utf-8")
    return folder


READERS = ["status {}", "status {} --json", "pack {}", "rescore {}", "compare bce asl --results {}"]


@given(st.data(), st.sampled_from(READERS))
@settings(fuzzed, max_examples=max(1, SIZE // 10))
def test_records(tmp_path: Path, data: st.DataObject, command: str) -> None:
    folder = lay_down(tmp_path / "results", data.draw(hostile_records()))
    ask("records", *command.format(folder).split())


@given(st.data())
@settings(fuzzed, max_examples=max(1, SIZE // 100))
def test_records_reported(tmp_path: Path, data: st.DataObject) -> None:
    folder = lay_down(tmp_path / "results", data.draw(hostile_records()))
    ask("reports", "report", str(folder), "-o", str(tmp_path / "out"))


def _zip(members: list[tuple[str, bytes]]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name or "x"), content)
    return sink.getvalue()


def _tar(members: list[tuple[str, bytes]]) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w:gz") as archive:
        for name, content in members:
            item = tarfile.TarInfo(name)
            item.size = len(content)
            archive.addfile(item, io.BytesIO(content))
    return sink.getvalue()


def _gz(members: list[tuple[str, bytes]]) -> bytes:
    return gzip.compress(b"".join(content for _, content in members))


PACKERS = {"zip": _zip, "tar.gz": _tar, "gz": _gz}
members = st.lists(
    st.tuples(
        st.sampled_from([".", "..", "/a", "a/../../b", "", "a", "c:x", "a\\..\\..\\b", "./."])
        | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20),
        st.binary(max_size=50),
    ),
    max_size=4,
)


@given(members, st.sampled_from(["zip", "tar.gz", "gz"]), st.integers(0, 60), st.binary(max_size=3))
@settings(fuzzed, max_examples=max(1, SIZE // 10))
def test_archives(
    tmp_path_factory: pytest.TempPathFactory, made: list[tuple[str, bytes]], kind: str, at: int, damage: bytes
) -> None:
    folder = tmp_path_factory.mktemp("archive")
    content = PACKERS[kind](made)
    file = folder / f"fuzzed.{kind}"
    file.write_bytes(content[:at] + damage + content[at + len(damage) :] if damage else content)
    TRIED["archives"] += 1
    try:
        with Tree([file], folder / "work") as tree:
            for name in tree.names:
                tree.read(name)
    except MlbenchError as error:
        str(error).encode()
    outside = {path.name for path in folder.iterdir()} - {file.name, "work"}
    assert not outside
