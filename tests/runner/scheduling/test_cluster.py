"""Clusters that are none, that go, and whose workers are not fit: what is said, and that the others work on."""

from __future__ import annotations

import contextlib
import http.server
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlbench.errors import ConfigError
from mlbench.records import Store
from mlbench.runner import run_suites
from mlbench.runner.scheduling import cluster as clusters
from mlbench.runner.scheduling.cluster import open_cluster, place, refusals
from tests.runner.conftest import MakeOptions, MakeSuite
from tests.runner.driver import start
from tests.runner.scheduling.dask_cluster import ROOT, Host, cluster, running
from tests.runner.test_interruption import count, end, wait_until


@pytest.fixture
def other_copy(tmp_path: Path) -> Path:
    """A copy of mlbench of another version."""
    copy = tmp_path / "other"
    shutil.copytree(ROOT / "mlbench", copy / "mlbench", ignore=shutil.ignore_patterns("__pycache__"))
    version = copy / "mlbench" / "version.py"
    version.write_text(version.read_text() + "\nTRAINING_VERSION = 0\n")
    return copy


@pytest.fixture
def older_copy(other_copy: Path) -> Path:
    """One that lacks modules that a slot needs."""
    shutil.rmtree(other_copy / "mlbench" / "runner" / "scheduling")
    return other_copy


ACTS: list[Any] = [("sleep", 0.3 + number / 100) for number in range(6)]


@pytest.mark.slow
@pytest.mark.parametrize("copy", ["other_copy", "older_copy"])
def test_a_worker_of_another_version_takes_no_cell_and_says_why(
    copy: str,
    request: pytest.FixtureRequest,
    suite: MakeSuite,
    options: MakeOptions,
    tmp_path: Path,
    log: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    there: Path = request.getfixturevalue(copy)
    with running(tmp_path / "elsewhere", [Host(), Host(copy=there)]) as found:
        settings = options(engine="dask", scheduler=found.address, progress="plain")
        summary = run_suites([suite(*ACTS)], settings)
    assert (summary.done, summary.failed, summary.missing, summary.reason) == (6, 0, 0, "")
    said = capfd.readouterr().err
    assert "takes no cell; install the same on all hosts" in said
    assert ("another copy of mlbench" if copy == "other_copy" else "one of another version") in said
    assert "Traceback" not in said
    assert count(log, "end") == 6


@pytest.mark.slow
def test_a_cluster_of_workers_of_another_version_is_refused(
    other_copy: Path, suite: MakeSuite, options: MakeOptions, tmp_path: Path
) -> None:
    with running(tmp_path / "elsewhere", [Host(copy=other_copy)] * 2) as found:
        settings = options(engine="dask", scheduler=found.address)
        with pytest.raises(ConfigError, match="none of its workers may take a cell") as caught:
            run_suites([suite(*ACTS)], settings)
    assert str(caught.value).count("training 0") == 2
    assert not Store(settings.results / "toys").ids()


@pytest.mark.slow
def test_a_worker_that_does_not_see_the_folder_takes_no_cell(
    suite: MakeSuite, options: MakeOptions, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    results = tmp_path / "results"
    results.mkdir()
    unseen = ["unshare", "-m", "sh", "-c", f'mount -t tmpfs tmpfs {results} && exec "$@"', "sh"]
    if shutil.which("unshare") is None or subprocess.run([*unseen, "true"], check=False).returncode:
        pytest.skip("hiding a folder from a process is not permitted here")
    with running(tmp_path / "elsewhere", [Host(), Host(before=unseen)]) as found:
        settings = options(engine="dask", scheduler=found.address, progress="plain")
        summary = run_suites([suite(*ACTS)], settings)
        assert (summary.done, summary.failed, summary.missing, summary.reason) == (6, 0, 0, "")
        said = capfd.readouterr().err
        assert "does not see the run's lock" in said
        assert "file system that all hosts share" in said
    with running(tmp_path / "alone", [Host(before=unseen)]) as found:
        settings = options(engine="dask", scheduler=found.address)
        summary = run_suites([suite("done", "warn", *ACTS)], settings)
        assert (summary.done, summary.failed, summary.missing, summary.exit_code) == (6, 0, 2, 1)
        assert "file system that all hosts share" in summary.reason


@pytest.mark.slow
def test_a_scheduler_that_is_lost_meanwhile_is_said_and_the_same_command_goes_on(
    tmp_path: Path, log: Path
) -> None:
    results = tmp_path / "results"
    acts: list[Any] = [["sleep", 1.0 + number / 100] for number in range(6)]
    with running(tmp_path / "elsewhere", [Host()] * 2) as found:
        driver = start(results, acts, engine="dask", scheduler=found.address)
        wait_until(lambda: count(log, "end") >= 1, 120)
        found.scheduler.kill()
        code, summary = end(driver, log)
    assert (code, summary["failed"]) == (1, 0)
    assert summary["missing"] > 0
    assert "the cluster was lost" in summary["reason"]
    code, summary = end(start(results, acts, engine="sequential"), log)
    assert (code, summary["done"]) == (0, 6)


@contextlib.contextmanager
def web_server() -> Iterator[int]:
    """The port of something that is no scheduler."""
    server = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    "address", ["http://x", "nonsense://x:1", "tcp://127.0.0.1:1", "tls://127.0.0.1:1", "ucx://x", "", "x"]
)
def test_an_address_that_is_none_is_said_in_one_line(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "ANSWER", 1.0)
    with (
        pytest.raises(ConfigError, match=r"--scheduler .*cannot be reached: ") as caught,
        open_cluster(address, 1),
    ):
        pass
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_the_command_says_it_in_one_line_and_exits_with_2(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text(
        'name = "s"\nlosses = ["bce"]\n[[datasets]]\nname = "synthetic-features"\nencoder = "features"\n'
    )
    with web_server() as port:
        for address in ("http://x", "tls://127.0.0.1:1", f"tcp://127.0.0.1:{port}"):
            command = ["run", "s.toml", "--engine", "dask", "--scheduler", address]
            done = subprocess.run(
                [sys.executable, "-P", "-m", "mlbench", *command],
                cwd=tmp_path,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 2, done.stderr
            [line] = done.stderr.splitlines()
            assert line.startswith(f"mlbench: --scheduler {address}: cannot be reached: ")


@pytest.mark.slow
def test_a_cluster_without_workers_is_said_to_have_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clusters, "PATIENCE", 1.0)
    with (
        cluster(tmp_path / "elsewhere", workers=0) as address,
        pytest.raises(ConfigError, match="no worker, and none came within 1 s"),
        open_cluster(address, 1),
    ):
        pass


def test_what_workers_say_of_themselves_decides() -> None:
    here, where = place()
    refused = refusals(
        {
            "a": (here, where),
            "b": ("0.0.9, training 1, abc", where),
            "c": ModuleNotFoundError("No module named 'mlbench'"),
            "d": AttributeError("no attribute 'place'"),
            "e": OSError("it has left"),
        }
    )
    assert refused.keys() == {"b", "c", "d"}
    assert "0.0.9, training 1, abc there" in refused["b"]
    assert "No module named 'mlbench'" in refused["c"]
    assert all("install the same on all hosts" in why for why in refused.values())
