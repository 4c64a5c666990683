"""A reply is read as it was written, whatever is printed before, beside and after it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mlbench.cli import app

IMITATION = '{"error": "an imitation", "differences": [], "circumstances": []}'
LOUD = f'''
import atexit
import os

import mlbench
from mlbench.metrics import Metric

print({IMITATION!r})
print("a line without an end", end="")
os.write(1, b"bytes of its own\\n")
atexit.register(print, {IMITATION!r}, flush=True)
atexit.register(os.write, 1, b"more bytes\\n")


@mlbench.register_loss("loud")
class Loud(mlbench.Loss):
    """The mean of the logits. | Nobody, 2026"""

    needs = {{"logits"}}
    search_space = {{}}

    def __init__(self, margin: float = 1.0) -> None:
        super().__init__()
        if margin < 0:
            raise ValueError("margin must not be negative")

    def forward(self, out, targets):
        return out.logits.mean()


@mlbench.register_metric("loud_metric")
class LoudMetric(Metric):
    """The mean over samples of the highest logit."""

    kind = "ranking"
    direction = "higher"
    bounds = (None, None)
    formula = "mean_i max_l s_il"

    def __call__(self, view):
        return view.mean_over_samples(view.scored.logits.amax(1).double())
'''


@pytest.fixture
def loud(tmp_path: Path) -> Path:
    """A plugin that prints what looks like a reply, while it is loaded and while its process ends."""
    file = tmp_path / "loud.py"
    file.write_text(LOUD, encoding="utf-8")
    return file


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=cwd, capture_output=True, text=True)


def test_what_is_printed_goes_to_standard_error_until_the_process_ends(tmp_path: Path) -> None:
    code = (
        "import atexit, os, sys\n"
        "from mlbench.replies import reply, reply_stream\n"
        "atexit.register(print, 'at exit')\n"
        "print('before')\n"
        "reply_stream()\n"
        "print('beside', end='')\n"
        "os.system('echo a child')\n"
        "reply('\\u00e4 and \\udce9')\n"
        "print('after')\n"
    )
    done = run("-c", code, cwd=tmp_path)
    assert done.stdout == "before\nä and \\udce9\n"
    assert all(each in done.stderr for each in ("beside", "a child", "after", "at exit"))
    closed = subprocess.run(
        ["sh", "-c", '"$0" -c "$1" 2>&-', sys.executable, code], capture_output=True, text=True
    )
    assert closed.stdout == done.stdout


@pytest.mark.parametrize(
    "arguments",
    [("check", "loss", "loud"), ("check", "metric", "loud_metric")],
)
def test_json_stands_alone_on_standard_output(loud: Path, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = run("-m", "mlbench", *arguments, "--json", "--plugin", str(loud), cwd=tmp_path)
    assert {"property", "passed"} <= json.loads(done.stdout)[0].keys(), done.stdout
    assert IMITATION in done.stderr


def test_a_run_s_events_stand_alone_on_standard_output(loud: Path, tmp_path: Path) -> None:
    suite = "name = 'a'\nlosses = ['bce']\nseeds = [0]\n[[datasets]]\nname = 'voc2007'\nencoder = 'conv'\n"
    (tmp_path / "a.toml").write_text(suite)
    done = run("-m", "mlbench", "run", "a.toml", "--json", "--plugin", str(loud), cwd=tmp_path)
    events = [json.loads(line)["event"] for line in done.stdout.splitlines()]
    assert events[-1] == "end", done.stdout


def test_a_stream_that_is_put_in_its_place_gets_the_reply() -> None:
    shown = CliRunner().invoke(app, ["show", "loss", "asl", "--json"])
    assert json.loads(shown.stdout)["name"] == "asl"
