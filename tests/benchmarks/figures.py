"""The figures that a run of the benchmarks leaves: printed as they come, and one small file for each device."""

from __future__ import annotations

import datetime
import json
import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock

from mlbench.runner.worker.environment import code

Row = dict[str, Any]


@dataclass
class Figures:
    """Rows of figures by part, measured on `hardware`, in two files of `folder`: `<file>.json`, and the same as
    tables in `<file>.md`, by default called as the device. A part that was not measured keeps its rows there."""

    hardware: dict[str, Any]
    folder: Path
    file: str = ""
    parts: dict[str, list[Row]] = field(default_factory=dict)

    def add(self, part: str, **row: Any) -> None:
        """Print one row of a part, and write it: what ends this process must not take it along."""
        self.parts.setdefault(part, []).append(row)
        print("\n" + ", ".join(f"{name} {shown(value)}" for name, value in row.items()))
        self.write()

    def write(self) -> Path:
        """Write all parts; returns the file of the tables."""
        name = self.file or re.sub(r"[^a-z0-9]+", "-", str(self.hardware["device"]).lower()).strip("-")
        file = self.folder / f"{name}.json"
        made = {"measured": f"{datetime.date.today()}", **code(), "hardware": self.hardware}
        self.folder.mkdir(parents=True, exist_ok=True)
        # Several processes may measure at once, each its own parts.
        with FileLock(Path(tempfile.gettempdir()) / f"mlbench-figures-{name}.lock"):
            earlier = json.loads(file.read_text(encoding="utf-8"))["parts"] if file.exists() else {}
            parts = earlier | {part: {**made, "rows": rows} for part, rows in self.parts.items()}
            whole = {"device": self.hardware["device"], "parts": dict(sorted(parts.items()))}
            file.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
            tables = file.with_suffix(".md")
            tables.write_text(markdown(whole), encoding="utf-8")
        return tables


def markdown(whole: dict[str, Any]) -> str:
    """The figures of one device as Markdown tables."""
    lines = [f"# {whole['device']}", ""]
    for part, found in whole["parts"].items():
        changed = ", changed" if found["git_dirty"] else ""
        said = ", ".join(f"{name} {value}" for name, value in found["hardware"].items())
        lines += [
            f"## {part}",
            "",
            f"{said}; {found['measured']}, commit {found['git_commit'] or '?'}{changed}",
            "",
        ]
        names = list(dict.fromkeys(name for row in found["rows"] for name in row))
        lines += [f"| {' | '.join(names)} |", "|" + " --- |" * len(names)]
        lines += [f"| {' | '.join(shown(row.get(name)) for name in names)} |" for row in found["rows"]]
        lines.append("")
    return "\n".join(lines)


def shown(value: Any) -> str:
    """A figure as it is printed; three digits are what a timing is good for."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return str(value)
