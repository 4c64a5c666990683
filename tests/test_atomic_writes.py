"""Files are there whole, or not at all."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from mlbench.atomic_writes import UNFINISHED, atomic_write


def test_a_file_takes_the_place_of_the_old_one_at_the_end_of_the_block(tmp_path: Path) -> None:
    target, through = tmp_path / "a.json", tmp_path / "tmp"
    through.mkdir()
    target.write_text("old")
    with atomic_write(target, through) as temporary:
        temporary.write_text("new")
        assert target.read_text() == "old"
        assert temporary.parent == through
    assert target.read_text() == "new"
    assert not list(through.iterdir())


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "a.json"
    target.write_text("old")

    def write() -> None:
        with atomic_write(target) as temporary:
            temporary.write_text("ne")
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        write()
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("a.json", "old")]


def test_a_killed_process_leaves_the_old_file_and_one_that_tells_whose_it_was(tmp_path: Path) -> None:
    target = tmp_path / "a.json"
    target.write_text("old")
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom mlbench.atomic_writes import atomic_write\n"
        "with atomic_write(Path(sys.argv[1])) as temporary:\n"
        "    temporary.write_text('ne'); print(flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(target)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
    assert target.read_text() == "old"
    (left,) = (file for file in tmp_path.iterdir() if file != target)
    assert left.name.startswith(f"a-{socket.gethostname()}-{process.pid}-")
    assert left.suffix == UNFINISHED
