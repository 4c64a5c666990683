"""Inputs of any kind through the commands: no traceback, and an answer within 20 seconds.

How many of each kind is $MLBENCH_FUZZ, 200 where that is not set; a table's and an archive's count a tenth of it each.
"""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
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


def ask(kind: str, *words: str) -> None:
    """The command in this process: whatever it says, it says it in words, and soon."""
    began = time.monotonic()
    done = CliRunner().invoke(app, list(words))
    TRIED[kind] += 1
    assert done.exception is None or isinstance(done.exception, SystemExit | MlbenchError), done.exc_info
    assert time.monotonic() - began < PATIENCE
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
