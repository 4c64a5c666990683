"""How precisely a file of scores keeps them."""

from __future__ import annotations

import io
import os
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from mlbench.records import UNREADABLE, Store
from mlbench.records.scores import enough
from tests.runner.test_rescore import damage


@pytest.mark.parametrize("kept", ["float16", "float32"])
def test_a_file_is_enough_where_it_is_at_least_as_precise(kept: str, tmp_path: Path) -> None:
    file = tmp_path / "a.npz"
    np.savez_compressed(file, test_logits=np.ones((4, 3), kept))
    assert enough(file, "none")
    assert enough(file, "float16")
    assert enough(file, "float32") == (kept == "float32")


def test_a_file_that_is_damaged_or_not_there_is_not_enough(tmp_path: Path) -> None:
    file = tmp_path / "a.npz"
    assert not enough(file, "float16")
    np.savez_compressed(file, test_logits=np.random.default_rng(0).normal(size=(40, 30)))
    damage(file)
    assert not enough(file, "float16")
    assert enough(file, "none")


NAME = "bootstrap/map"
"""Of the only array of the files below: what a report and `pack` read."""


def _member(header: str) -> bytes:
    """A file of scores whose array says this of itself."""
    sink = io.BytesIO()
    told = header.encode() + b"\n"
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr(f"{NAME}.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(told)) + told)
    return sink.getvalue()


def _marked(at: int, value: int) -> bytes:
    """A file of scores with another number at a place of its members' headers, local and central."""
    sink = io.BytesIO()
    np.savez(sink, **{NAME: np.zeros(9)})
    content = bytearray(sink.getvalue())
    for start, place in ((b"PK\x03\x04", at), (b"PK\x01\x02", at + 2)):
        struct.pack_into("<H", content, content.find(start) + place, value)
    return bytes(content)


def _array() -> bytes:
    sink = io.BytesIO()
    np.save(sink, np.zeros(9))
    return sink.getvalue()


def _badly_packed() -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr(f"{NAME}.npy", _array())
    content = bytearray(sink.getvalue())
    content[60:80] = bytes(255 - byte for byte in content[60:80])
    return bytes(content)


HOSTILE = {
    "nothing": b"",
    "an array": _array(),
    "encrypted": _marked(6, 1),
    "an unknown method": _marked(8, 99),
    "a damaged stream": _badly_packed(),
    "larger than any memory": _member(
        "{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999, 99999)}"
    ),
    "nested too deep": _member("(" * 3000),
    "signed too often": _member("-" * 9000 + "1"),
}


@pytest.mark.filterwarnings("ignore:unclosed file")  # numpy leaves a broken archive open
@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_file_of_any_kind_raises_what_comes_of_one_that_cannot_be_read(
    content: bytes, tmp_path: Path
) -> None:
    store = Store(tmp_path)
    store.prepare()
    store.scores_file("a").write_bytes(content)
    with pytest.raises(UNREADABLE):
        store.scores("a")
    enough(store.scores_file("a"), "float32")


def test_a_pipe_is_no_file_of_scores(tmp_path: Path) -> None:
    """One that nobody writes to would be read for ever."""
    store = Store(tmp_path)
    store.prepare()
    os.mkfifo(store.scores_file("a"))
    with pytest.raises(FileNotFoundError):
        store.scores("a")
    assert not enough(store.scores_file("a"), "float32")
