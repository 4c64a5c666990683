"""How a run is shown: a live table on a terminal, plain lines in a log, JSON lines for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from mlbench.records import Store
from mlbench.runner.monitoring.failures import reason
from mlbench.runner.monitoring.summary import RunSummary
from mlbench.runner.monitoring.tally import Tally, duration_text
from mlbench.runner.options import Progress
from mlbench.suite import stage_of


class Reporter(Protocol):
    """Told of everything that happens in a run, always from one thread at a time."""

    def begin(self, tally: Tally) -> None: ...
    def note(self, text: str) -> None: ...
    def finished(self, record: Mapping[str, Any], tally: Tally) -> None: ...
    def update(self, tally: Tally) -> None: ...
    def end(self, tally: Tally) -> None: ...
    def summed_up(self, summary: RunSummary) -> None: ...


def reporter(
    how: Progress, results: Path, out: TextIO | None = None, events: TextIO | None = None
) -> Reporter:
    """The one that `how` names, of cells whose records go to `results`; "auto" is live on a terminal and plain
    elsewhere. JSON goes to `events`."""
    shown = out or sys.stderr
    if how == "auto":
        how = "live" if shown.isatty() else "plain"
    match how:
        case "live":
            return LiveTable(shown, results)
        case "json":
            return JsonLines(events or sys.stdout)
        case "none":
            return Silent()
    return PlainLines(shown, results)


def describe(record: Mapping[str, Any]) -> str:
    """A finished cell in one line, without its outcome."""
    cell = record["cell"]
    stage = stage_of(cell.get("trial"))
    return _named(cell["dataset"], cell["fraction"], cell["seed"], cell["loss"]["id"], stage)


def outcome(record: Mapping[str, Any], results: Path) -> str:
    """What came of a cell, in a few words; of a failed one also why, and where its record is."""
    if record["status"] == "failed":
        file = Store(results / record["suite"]).cell_file(record["id"])
        return f"failed, {reason(record)}; record: {file}"
    # Of a trial the number that it may be chosen by.
    trial = record["cell"].get("trial")
    split = "validation" if trial and not trial.get("final") else "test"
    value = ((record.get("metrics") or {}).get(split) or {}).get("map")
    return "done" if value is None else f"done  {split} mAP {value:.4f}"


class Silent:
    """Shows nothing."""

    def begin(self, tally: Tally) -> None: ...
    def note(self, text: str) -> None: ...
    def finished(self, record: Mapping[str, Any], tally: Tally) -> None: ...
    def update(self, tally: Tally) -> None: ...
    def end(self, tally: Tally) -> None: ...
    def summed_up(self, summary: RunSummary) -> None: ...


class PlainLines(Silent):
    """A line for every finished cell."""

    def __init__(self, out: TextIO, results: Path) -> None:
        self._out, self._results = out, results

    def note(self, text: str) -> None:
        print(text, file=self._out, flush=True)

    def finished(self, record: Mapping[str, Any], tally: Tally) -> None:
        left = "".join(f"   ({text})" for text in _left(tally))
        self.note(
            f"[{tally.finished}/{tally.total}] {describe(record)}: {outcome(record, self._results)}{left}"
        )

    def summed_up(self, summary: RunSummary) -> None:
        self.note(str(summary))


class JsonLines(Silent):
    """An object a line: `begin`, `note`, `cell` for every finished one, `end`."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def begin(self, tally: Tally) -> None:
        self._write("begin", total=tally.total)

    def note(self, text: str) -> None:
        self._write("note", text=text)

    def finished(self, record: Mapping[str, Any], tally: Tally) -> None:
        error, trial = record.get("error") or {}, record["cell"].get("trial") or {}
        self._write(
            "cell",
            id=record["id"],
            suite=record["suite"],
            cell={key: record["cell"][key] for key in ("dataset", "fraction", "seed")},
            loss=record["cell"]["loss"]["id"],
            trial=trial.get("number"),
            final=bool(trial.get("final")),
            status=record["status"],
            error={key: error[key] for key in ("class", "message")} if error else None,
            validation_map=((record.get("metrics") or {}).get("validation") or {}).get("map"),
            finished=tally.finished,
            total=tally.total,
            seconds_left=tally.left,
        )

    def summed_up(self, summary: RunSummary) -> None:
        self._write("end", **summary.describe())

    def _write(self, event: str, **content: Any) -> None:
        print(json.dumps({"event": event, **content}, ensure_ascii=False), file=self._out, flush=True)


class LiveTable(Silent):
    """Counts, time left, what runs, the best so far; failures and notes stay as lines above it."""

    def __init__(self, out: TextIO, results: Path) -> None:
        self._results = results
        self._console = Console(file=out, highlight=False)
        self._live = Live(console=self._console, auto_refresh=False)

    def begin(self, tally: Tally) -> None:
        self._live.start()
        self.update(tally)

    def note(self, text: str) -> None:
        self._console.print(Text(text))

    def finished(self, record: Mapping[str, Any], tally: Tally) -> None:
        if record["status"] == "failed":
            self.note(f"{describe(record)}: {outcome(record, self._results)}")

    def update(self, tally: Tally) -> None:
        self._live.update(live_view(tally), refresh=True)

    def end(self, tally: Tally) -> None:
        self._live.update(_ended(tally), refresh=True)
        self._live.stop()

    def summed_up(self, summary: RunSummary) -> None:
        self.note(str(summary))


def live_view(tally: Tally) -> Group:
    """The table that stands on a terminal while cells run."""
    running = Table.grid(padding=(0, 2))
    for lock in tally.running:
        progress = lock.get("progress")
        progress = progress if isinstance(progress, dict) else {}
        said = "  ".join(_figure(key, value) for key, value in progress.items())
        running.add_row(Text("  runs", style="dim"), Text(_locked_cell(lock)), Text(said, style="dim"))
    bar = Table.grid()
    bar.add_row(ProgressBar(total=max(1, tally.total), completed=tally.finished, width=40))
    return Group(_headline(tally), bar, running, _best(tally))


def _ended(tally: Tally) -> Group:
    return Group(_headline(tally), _best(tally))


def _best(tally: Tally) -> Table:
    best = Table.grid(padding=(0, 2))
    for dataset, found in sorted(tally.best.items()):
        reached = f"{found.loss} at fraction {found.fraction:g}"
        best.add_row(
            Text("  best", style="dim"), Text(dataset), f"validation mAP {found.value:.4f}", Text(reached)
        )
    return best


def _headline(tally: Tally) -> Text:
    parts = [f"{tally.finished} of {tally.total} cells", f"{tally.done} done"]
    if tally.failed:
        classes = ", ".join(f"{count} {name}" for name, count in sorted(tally.failed.items()))
        parts.append(f"{tally.failed.total()} failed ({classes})")
    if tally.running:
        parts.append(f"{len(tally.running)} running")
    return Text(" · ".join([*parts, duration_text(tally.elapsed), *_left(tally)]), style="bold")


def _left(tally: Tally) -> list[str]:
    """The time left, where it can be told and there is any."""
    if tally.left is None or tally.finished >= tally.total:
        return []
    return [f"about {duration_text(tally.left)} left"]


def _locked_cell(lock: Mapping[str, Any]) -> str:
    return _named(lock["dataset"], lock["fraction"], lock["seed"], lock["loss"], lock.get("stage", ""))


def _named(dataset: str, fraction: float, seed: int, loss: str, stage: str) -> str:
    share = f"{fraction:g}" if isinstance(fraction, int | float) else fraction
    return f"{dataset} · {share} · seed {seed} · {loss}{stage}"


def _figure(key: str, value: Any) -> str:
    return f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}"
