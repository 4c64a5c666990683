"""What else was found to fall: disks, caches, folders of others, archives, the first second."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import signal
import subprocess
import sys
import tarfile
import textwrap
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

from mlbench.code.declarations import read_declarations
from mlbench.datasets.cache import Cache
from mlbench.datasets.public.archives import RATIO_FROM
from mlbench.datasets.public.tree import Tree
from mlbench.errors import ConfigError, DataError
from mlbench.records import Store
from mlbench.runner.scheduling.devices import _folder
from mlbench.runner.scheduling.plugins import read_plugins, write_plugins
from mlbench.suite import parse_suite
from tests.records.least import LEAST_CELL

ROOT = Path(__file__).parents[2]
LOSS = '''import mlbench


@mlbench.register_loss("mine")
class Mine(mlbench.Loss):
    """é | Nobody, 2026"""

    needs = {"logits"}
'''


def test_a_suite_that_nests_too_deep_is_said_in_one_line() -> None:
    with pytest.raises(ConfigError, match="not valid TOML"):
        parse_suite("a = " + "[" * 3000 + "]" * 3000, "deep.toml")


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + LOSS.encode(),
        b"# -*- coding: latin-1 -*-\n" + LOSS.encode("latin-1"),
        LOSS.encode().replace(b"\n", b"\r\n"),
    ],
    ids=["byte-order mark", "declared encoding", "line ends"],
)
def test_plugins_are_read_as_python_reads_them(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "plain.py").write_text(LOSS, encoding="utf-8")
    file = tmp_path / "mine.py"
    file.write_bytes(content)
    [found] = read_declarations(file, "register_loss")
    assert found.source_hash == read_declarations(tmp_path / "plain.py", "register_loss")[0].source_hash
    assert found.doc.startswith("é")
    [placed] = write_plugins(read_plugins([file]))
    assert placed.read_bytes() == content


@pytest.mark.parametrize("content", [b"# coding: nonsense\n", b"x = '\xe9'\n", b"a = 1\0", b"(" * 5000])
def test_a_plugin_that_is_no_python_is_said(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "mine.py"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match="not valid Python"):
        read_declarations(file, "register_loss")


def test_a_cached_plugin_that_somebody_changed_is_not_run(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("import helper_of_mine\n")
    (tmp_path / "helper_of_mine.py").write_text("value = 1\n")
    plugins = read_plugins([tmp_path / "mine.py"])
    [placed] = write_plugins(plugins)
    helper = placed.with_name("helper_of_mine.py")
    placed.write_text("import os\n")
    helper.write_text("value = 2\n")
    assert write_plugins(plugins) == [placed]
    assert (placed.read_text(), helper.read_text()) == ("import helper_of_mine\n", "value = 1\n")


def test_a_cache_that_cannot_be_written_is_named_and_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.warns(UserWarning, match=r"set \$MLBENCH_CACHE"):
        found = Cache(tmp_path / "file" / "arrays").array({"a": 1}, lambda: np.arange(3))
    assert found.tolist() == [0, 1, 2]


def test_plugins_go_elsewhere_where_the_cache_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    (tmp_path / "mine.py").write_text(LOSS, encoding="utf-8")
    monkeypatch.setenv("MLBENCH_CACHE", str(tmp_path / "file"))
    [placed] = write_plugins(read_plugins([tmp_path / "mine.py"]))
    assert placed.read_text(encoding="utf-8") == LOSS


def test_the_folder_of_devices_must_be_the_user_s_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (made := _folder()).rmdir()
    (tmp_path / "elsewhere").mkdir()
    made.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="this user alone"):
        _folder()
    made.unlink()
    made.mkdir()
    made.chmod(0o777)
    with pytest.raises(ConfigError, match="this user alone"):
        _folder()
    made.chmod(0o700)
    assert _folder() == made
    monkeypatch.setattr("os.getuid", lambda: 12345)
    with pytest.raises(ConfigError, match="this user alone"):
        _folder()


@pytest.mark.slow
def test_a_packed_file_alone_is_no_bomb(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "labels.txt.gz", "wb") as file:
        for _ in range(RATIO_FROM // 2**20 + 2):
            file.write(bytes(2**20))
    with Tree([tmp_path / "labels.txt.gz"], tmp_path) as tree, pytest.raises(DataError, match="a bomb"):
        tree.read("labels.txt")


def test_a_packed_file_alone_is_read_whole(tmp_path: Path) -> None:
    content = os.urandom(300_000)
    (tmp_path / "labels.gz").write_bytes(gzip.compress(content))
    with Tree([tmp_path / "labels.gz"], tmp_path) as tree:
        assert tree.read("labels") == content


@pytest.mark.parametrize("name", [".", "./.", "a/..", "..", "/", "//"])
@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_an_archive_s_member_that_names_no_file_is_no_crash(tmp_path: Path, name: str, kind: str) -> None:
    file = tmp_path / f"packed.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr(zipfile.ZipInfo(name), b"here")
            archive.writestr("b.txt", b"there")
    else:
        with tarfile.open(file, "w:gz") as packed:
            for member, content in ((name, b"here"), ("b.txt", b"there")):
                item = tarfile.TarInfo(member)
                item.size = len(content)
                packed.addfile(item, io.BytesIO(content))
    (tmp_path / "work").mkdir()
    with contextlib.suppress(DataError), Tree([file], tmp_path / "work") as tree:
        assert {found: tree.read(found) for found in tree.names if found.endswith("b.txt")}
        for found in tree.names:
            with contextlib.suppress(DataError):
                tree.read(found)
    assert {path.name for path in tmp_path.iterdir()} == {file.name, "work"}


def test_files_got_by_hand_follow_no_links(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("not yours")
    folder = tmp_path / "given"
    folder.mkdir()
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "own.txt").write_text("own")
    with Tree([folder], tmp_path) as tree:
        assert tree.names == ["given/own.txt"]


def test_a_store_on_a_disk_that_turned_read_only_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path / "s")
    store.prepare()
    error = OSError(30, "Read-only file system")

    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("pathlib.Path.write_bytes", refuse)
    record = {"schema": 1, "id": "a", "cell": LEAST_CELL, "status": "done", "metrics": {}}
    with pytest.raises(DataError, match="Read-only file system"):
        store.write(record)


@pytest.mark.slow
@pytest.mark.parametrize("moment", [0.02, 0.1, 0.3, 0.6, 1.0])
def test_ctrl_c_in_the_first_second_leaves_no_traceback(tmp_path: Path, moment: float) -> None:
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "mlbench", "plan", "quick"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    time.sleep(moment)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    if "mlbench/" in said or process.returncode in (0, 130, 1):
        # Before Python has read `mlbench`, what it says is its own.
        assert "mlbench/" not in said


def version_with_site(folder: Path, find_spec: str) -> subprocess.CompletedProcess[str]:
    """`mlbench --version` where this body of `find_spec` sees every module that is imported."""
    (folder / "sitecustomize.py").write_text(
        "import os, signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "class Impatient:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        + textwrap.indent(find_spec, " " * 8)
        + "sys.meta_path.insert(0, Impatient())\n"
    )
    return subprocess.run(
        [sys.executable, "-P", "-m", "mlbench", "--version"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)])},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize("module", ["mlbench.version", "mlbench.__main__", "mlbench.cli"])
def test_ctrl_c_while_the_package_is_imported_leaves_no_traceback(tmp_path: Path, module: str) -> None:
    done = version_with_site(tmp_path, f"if name == {module!r}:\n    raise KeyboardInterrupt\n")
    assert done.returncode in (130, -signal.SIGINT)
    assert done.stdout + done.stderr == ""


def test_ctrl_c_that_compiled_code_turns_into_another_error_leaves_no_traceback(tmp_path: Path) -> None:
    """As pydantic does where it is interrupted while it builds a model: a SchemaError that names KeyboardInterrupt."""
    done = version_with_site(
        tmp_path,
        "if name == 'mlbench.cli':\n"
        "    try:\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "        for _ in range(10**6):\n"
        "            pass\n"
        "    except KeyboardInterrupt:\n"
        "        raise ValueError('KeyboardInterrupt: ') from None\n",
    )
    assert (done.returncode, done.stdout + done.stderr) == (130, "")
