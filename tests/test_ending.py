"""Real signals to real commands: what they have started ends with them, and their temporary folders go."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from mlbench.records import Store
from mlbench.suite import parse_suite
from tests.runner.test_interruption import processes, wait_until
from tests.runner.test_rescore import finish

HOLD = '''
import os
import subprocess
import time
from pathlib import Path

import mlbench
from mlbench.metrics import Metric


def hold(where):
    """Say that it is here, start a process that outlives its group, and stay."""
    if os.environ["HOLD"] == where:
        subprocess.Popen(["sleep", "600"], start_new_session=True)
        Path(os.environ["HELD"]).touch()
        for _ in range(6000):
            time.sleep(0.1)


@mlbench.register_loss("hold")
class Hold(mlbench.Loss):
    """The mean of the logits. | Nobody, 2026"""

    needs = {"logits"}
    search_space = {}

    def __init__(self) -> None:
        super().__init__()
        hold("init")

    def forward(self, out, targets):
        hold("forward")
        return out.logits.mean()


@mlbench.register_metric("hold_metric")
class HoldMetric(Metric):
    """The mean over samples of the highest logit."""

    kind = "ranking"
    direction = "higher"
    bounds = (None, None)
    formula = "mean_i max_l s_il"

    def __call__(self, view):
        hold("metric")
        return view.mean_over_samples(view.scored.logits.amax(1).double())
'''
SUITE = """
name = "mine"
losses = ["hold"]
seeds = [0]
fractions = [1.0]
train = { epochs = 1, min_steps = 5, evaluations = 1 }

[[datasets]]
name = "synthetic-features"
samples = 300
labels = 9
encoder = "features"
"""

EACH = [
    signal.SIGTERM,
    *(pytest.param(number, marks=pytest.mark.slow) for number in (signal.SIGHUP, signal.SIGINT)),
]

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts a command in a folder of its own, whose plugin holds it up at a place, and waits until it is there."""
    for name in ("tmp", "cache", "here"):
        (tmp_path / name).mkdir()
    (tmp_path / "hold.py").write_text(HOLD, encoding="utf-8")
    (tmp_path / "here" / "mine.toml").write_text(SUITE, encoding="utf-8")
    held = tmp_path / "held"
    own = {
        "TMPDIR": str(tmp_path / "tmp"),
        "MLBENCH_CACHE": str(tmp_path / "cache"),
        "MLBENCH_TEST_LOG": str(tmp_path / "log"),
        "HELD": str(held),
        "TORCHINDUCTOR_CACHE_DIR": str(tmp_path / "cache" / "torch"),
    }
    for name, value in own.items():
        monkeypatch.setenv(name, value)

    def start(*arguments: str, hold: str = "", until: Callable[[], bool] = held.exists) -> Any:
        command = [sys.executable, "-m", "mlbench", *arguments]
        if hold:
            command += ["--plugin", str(tmp_path / "hold.py")]
        process = subprocess.Popen(
            command,
            env={**os.environ, "HOLD": hold},
            cwd=tmp_path / "here",
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=hear_all,
        )
        wait_until(lambda: until() or process.poll() is not None, 120)
        assert process.poll() is None, process.communicate()
        return process

    yield start
    for left in processes(tmp_path / "log"):
        with contextlib.suppress(psutil.Error):
            left.kill()


def hear_all() -> None:
    """What is ignored children ignore too: Ctrl-C in a shell's background, SIGHUP under `nohup`."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def ended(process: subprocess.Popen[str], number: int, tmp_path: Path) -> None:
    """It ends by the signal, soon, and leaves nothing behind."""
    began = time.monotonic()
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + number, errors
    assert time.monotonic() - began < 14, "it was ended outright"
    wait_until(lambda: not processes(tmp_path / "log"), 5)
    assert list((tmp_path / "tmp").iterdir()) == []
    assert "Traceback" not in errors, errors
    assert "leaked" not in errors, errors


@pytest.fixture
def record(tmp_path: Path) -> Store:
    """A cell that was trained elsewhere, as far as its record says."""
    [cell] = parse_suite(SUITE.replace("hold", "bce"), "mine.toml").cells()
    described = json.loads(json.dumps(cell.describe()).replace('"bce"', '"hold"'))
    described["loss"]["parameters"] = {}
    store = Store(tmp_path / "results" / "mine")
    store.write({**finish(store, "ab12"), "suite": "mine", "cell": described})
    return store


@pytest.mark.parametrize("number", EACH)
def test_verify(started: Start, record: Store, tmp_path: Path, number: int) -> None:
    ended(started("verify", str(record.folder), hold="forward"), number, tmp_path)


@pytest.mark.parametrize("number", EACH)
def test_rescore(started: Start, tmp_path: Path, number: int) -> None:
    store = Store(tmp_path / "results" / "mine")
    for seed in range(4):
        finish(store, f"cell{seed}", seed)
    process = started("rescore", str(store.folder), "--jobs", "2", hold="metric")
    ended(process, number, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_try_while_it_measures(started: Start, tmp_path: Path, number: int) -> None:
    arguments = ("try", "synthetic-features", "--losses", "hold,bce,asl", "--no-model", "--device", "cpu")
    process = started(*arguments, "-o", str(tmp_path / "out"), hold="forward")
    ended(process, number, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("hold", "arguments"),
    [
        ("forward", ("plan", "mine.toml", "--measure", "--device", "cpu")),
        ("init", ("run", "mine.toml", "--device", "cpu")),
        ("forward", ("check", "loss", "hold")),
        ("metric", ("check", "metric", "hold_metric")),
    ],
)
def test_other_commands(started: Start, tmp_path: Path, hold: str, arguments: tuple[str, ...]) -> None:
    ended(started(*arguments, hold=hold), signal.SIGTERM, tmp_path)


@pytest.mark.slow
def test_cell(started: Start, record: Store, tmp_path: Path) -> None:
    ended(started("cell", str(record.cell_file("ab12")), hold="forward"), signal.SIGTERM, tmp_path)


@pytest.mark.slow
def test_doctor(started: Start, tmp_path: Path) -> None:
    def asks() -> bool:
        return len(processes(tmp_path / "log")) > 1

    ended(started("doctor", until=asks), signal.SIGTERM, tmp_path)


def test_a_dropped_connection_that_is_ignored_stays_so(tmp_path: Path) -> None:
    code = (
        "import os, signal; from mlbench.ending import Ending\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "Ending().listen()\n"
        "os.kill(os.getpid(), signal.SIGHUP)\n"
        "print('goes on')\n"
    )
    assert subprocess.check_output([sys.executable, "-c", code], cwd=tmp_path, text=True) == "goes on\n"


def test_a_second_signal_ends_outright_what_holds_up_the_first(tmp_path: Path) -> None:
    code = (
        "import subprocess, time; from mlbench.ending import Ending\n"
        "Ending().listen()\n"
        "child = subprocess.Popen(['sleep', '600'], stdout=subprocess.DEVNULL)\n"
        "try:\n"
        "    print(child.pid, flush=True)\n"
        "    time.sleep(600)\n"
        "except SystemExit:\n"
        "    print('held up', flush=True)\n"
        "    time.sleep(600)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        process.terminate()
        assert process.stdout.readline() == "held up\n"
        process.terminate()
        assert process.wait(20) == 128 + signal.SIGTERM
    assert not psutil.pid_exists(child)


def test_what_comes_while_children_are_started_is_heard_afterwards_and_not_by_them(tmp_path: Path) -> None:
    code = (
        "import os, signal, subprocess, sys; from mlbench.ending import deaf_children\n"
        "heard = []\n"
        "for number in (signal.SIGINT, signal.SIGTERM):\n"
        "    signal.signal(number, lambda number, _: heard.append(number))\n"
        "with deaf_children():\n"
        "    child = subprocess.Popen([sys.executable, '-c', 'print(input())'], stdin=subprocess.PIPE)\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    assert not heard\n"
        "assert sorted(heard) == [signal.SIGINT, signal.SIGTERM], heard\n"
        "child.terminate()\n"
        "child.communicate(b'there')\n"
    )
    assert subprocess.check_output([sys.executable, "-c", code], cwd=tmp_path, text=True) == "there\n"
