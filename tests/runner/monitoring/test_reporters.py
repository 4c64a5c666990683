from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from mlbench.runner import RunSummary
from mlbench.runner.monitoring.failures import reason
from mlbench.runner.monitoring.reporters import JsonLines, LiveTable, PlainLines, live_view, reporter
from mlbench.runner.monitoring.tally import Tally, duration_text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.42, "0.4 s"), (41.2, "41 s"), (720, "12 min"), (12_000, "3 h 20 min"), (187_200, "2 d 4 h")],
)
def test_durations_read_well(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


def record(loss: str = "bce", value: float | None = 0.5, error: str | None = None) -> dict[str, Any]:
    return {
        "id": "aa",
        "suite": "quick",
        "status": "failed" if error else "done",
        "error": {"class": error, "message": "it\nbroke"} if error else None,
        "cell": {"dataset": "digits", "fraction": 0.1, "seed": 1, "loss": {"id": loss, "name": "asl"}},
        "metrics": {"validation": {"map": value}, "test": {"map": value}},
    }


def test_the_tally_counts_and_keeps_the_best() -> None:
    tally = Tally(4)
    assert tally.left is None
    for shown in (record("bce", 0.5), record("asl", 0.7), record("msc", 0.6), record(error="oom")):
        tally.count(shown)
    assert (tally.done, dict(tally.failed), tally.finished) == (3, {"oom": 1}, 4)
    assert tally.best["digits"].loss == "asl"
    assert tally.left == 0


def test_plain_lines_say_what_came_of_each_cell() -> None:
    out, tally = io.StringIO(), Tally(3)
    lines = PlainLines(out, Path("results"))
    for shown in (record(), record(error="crash")):
        tally.count(shown)
        lines.finished(shown, tally)
    first, second = out.getvalue().splitlines()
    assert first.startswith("[1/3] digits · 0.1 · seed 1 · bce: done  test mAP 0.5000   (about 0.0 s left)")
    file = Path("results/quick/cells/aa.json")
    assert second.startswith(f"[2/3] digits · 0.1 · seed 1 · bce: failed, crash: it; record: {file}   (")


def test_a_failure_is_said_with_the_line_of_ones_own_code() -> None:
    frames = [
        (Path(pytest.__file__), 1793, "_call_impl"),
        (Path("/tmp/mine.py"), 21, "forward"),
        (Path(json.__file__), 3, "einsum"),
    ]
    trace = "".join(f'  File "{file}", line {line}, in {name}\n    x\n' for file, line, name in frames)
    failed = {**record(error="error")}
    failed["error"] = {"class": "error", "message": "a word " * 60 + "\nmore", "traceback": trace}
    said = reason(failed)
    assert said.startswith("error: a word a word")
    assert said.endswith(" word … (mine.py, line 21)")
    assert len(said) < 300


def test_json_lines_are_for_programs() -> None:
    out, tally = io.StringIO(), Tally(1)
    lines = JsonLines(out)
    lines.begin(tally)
    tally.count(record())
    lines.finished(record(), tally)
    lines.summed_up(RunSummary(1, 0, 0, 0, 1, 2.5))
    events = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [event["event"] for event in events] == ["begin", "cell", "end"]
    assert events[1]["validation_map"] == 0.5
    assert events[2]["exit_code"] == 0


def test_the_live_table_shows_what_matters() -> None:
    tally = Tally(5, running=[{"dataset": "digits", "fraction": 0.1, "seed": 1, "loss": "asl"}])
    tally.running[0]["progress"] = {"phase": "train", "step": 30, "loss": 0.123456}
    tally.count(record("bce"))
    tally.count(record(error="oom"))
    out = io.StringIO()
    Console(file=out, width=120).print(live_view(tally))
    shown = out.getvalue()
    assert "2 of 5 cells · 1 done · 1 failed (1 oom) · 1 running" in shown
    assert "digits · 0.1 · seed 1 · asl" in shown
    assert "step 30  loss 0.1235" in shown
    assert "best  digits  validation mAP 0.5000  bce at fraction 0.1" in " ".join(shown.split(" "))


def test_a_log_gets_lines_and_a_terminal_a_table() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    assert isinstance(reporter("auto", Path(), io.StringIO()), PlainLines)
    assert isinstance(reporter("auto", Path(), Terminal()), LiveTable)
    terminal = Terminal()
    live = LiveTable(terminal, Path("results"))
    tally = Tally(1)
    live.begin(tally)
    tally.count(record(error="oom"))
    live.finished(record(error="oom"), tally)
    live.end(tally)
    assert "digits · 0.1 · seed 1 · bce: failed, oom: it" in terminal.getvalue()


@pytest.mark.parametrize(
    ("counts", "signal", "code"),
    [
        ((3, 0, 0, 0), 0, 0),
        ((2, 1, 0, 0), 0, 1),
        ((2, 0, 0, 1), 0, 1),
        ((2, 0, 1, 0), 2, 130),
        ((2, 1, 1, 0), 15, 143),
        ((3, 0, 0, 0), 2, 0),
    ],
)
def test_exit_codes(counts: tuple[int, int, int, int], signal: int, code: int) -> None:
    assert RunSummary(*counts, trained=0, seconds=0.0, signal=signal).exit_code == code
