"""A page for each cell: its record, its scores, its curves, and the command that trains it again."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from mlbench.report.analysis import Analysis
from mlbench.report.data.grid import READINGS
from mlbench.report.data.kinds import kind_of
from mlbench.report.data.tuned.drawn import HIDDEN, as_trained
from mlbench.report.page.templating import environment, static
from mlbench.report.tables.formats.html import to_html
from mlbench.report.tables.model import Row, Table, TableColumn, number, word
from mlbench.report.wording import show_fraction

_SKIPPED = ("metrics/", "probe_metrics/", "floor_metrics/", "history/", "dataset/label", "dataset/seen")


def write_cell_pages(analysis: Analysis, commands: Mapping[str, str], folder: Path) -> None:
    """`<id>.html` of every cell."""
    template = environment().get_template("cell.html.jinja")
    style, mark = static("style.css"), kind_of(analysis.grid.cells).mark
    for row in as_trained(analysis.grid.cells).drop(columns=HIDDEN, errors="ignore").to_dict("records"):
        identifier = str(row["id"])
        text = template.render(
            title=f"{row['loss']} on {row['task']}, {show_fraction(row['fraction'])}, seed {row['seed']}",
            style=style,
            mark=mark,
            row=row,
            command=commands.get(identifier, ""),
            curves=_curves(row),
            metrics=Markup(to_html(_metrics(analysis, row))) if row["status"] == "done" else "",
            facts=[(key, _show(value)) for key, value in row.items() if _is_fact(str(key), value)],
        )
        (folder / f"{_safe(identifier)}.html").write_text(text, encoding="utf-8")


def _metrics(analysis: Analysis, row: Mapping[Hashable, Any]) -> Table:
    readings = {**READINGS, "floor": "floor_metrics"}
    rows = [
        Row(
            (
                word(analysis.measures[key].title),
                *(number(_float(row.get(f"{column}/{split}/{key}")), 4)
                  for column in readings.values() for split in ("validation", "test")),
            )
        )
        for key in analysis.grid.metric_keys
    ]  # fmt: skip
    columns = [TableColumn("metric", numeric=False)]
    columns += [TableColumn(f"{name}, {split}") for name in readings for split in ("validation", "test")]
    return Table("metrics", "Metrics", tuple(columns), tuple(rows))


def _curves(row: Mapping[Hashable, Any]) -> Markup:
    """Loss, gradient norm and validation scores over the epochs."""
    drawn = []
    for column in ("epochs", "evaluations"):
        found = row.get(f"history/{column}")
        items = found if isinstance(found, list) else []
        scores = [name for name in (items[0] if items else ()) if name not in ("step", "epoch")]
        for name in scores if column == "evaluations" else ("loss", "gradient_norm"):
            points = [
                (float(item["epoch"]), float(item[name]))
                for item in items
                if item.get(name) is not None and item.get("epoch") is not None
            ]
            if len(points) > 1:
                drawn.append(_line(name.replace("_", " "), points))
    return Markup("").join(drawn)


def _line(name: str, points: Sequence[tuple[float, float]]) -> Markup:
    """A small line drawing: thousands of pages are no place for a plotting library."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    wide, tall = (max(xs) - min(xs)) or 1.0, (max(ys) - min(ys)) or 1.0
    path = " ".join(
        f"{(x - min(xs)) / wide * 300 + 4:.1f},{100 - (y - min(ys)) / tall * 92:.1f}" for x, y in points
    )
    words = escape(f"{name}: from {ys[0]:.4g} to {ys[-1]:.4g}, between {min(ys):.4g} and {max(ys):.4g}")
    return Markup(
        f'<figure><svg viewBox="0 0 308 108" role="img" aria-label="{words}" style="width:308px"><polyline '
        f'points="{path}" fill="none" stroke="var(--accent)" stroke-width="1.6"/></svg>'
        f"<figcaption>{words}</figcaption></figure>"
    )


def _is_fact(key: str, value: Any) -> bool:
    missing = value is None or (isinstance(value, float) and value != value)
    return not missing and not key.startswith(_SKIPPED) and key != "error_message"


def _show(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _float(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _safe(identifier: str) -> str:
    return "".join(letter for letter in identifier if letter.isalnum() or letter in "-_") or "cell"
