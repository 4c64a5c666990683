"""The whole report: what it writes, that its formats agree, and what it does with bad input."""

from __future__ import annotations

import csv
import html
import re
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from mlbench.errors import DataError
from mlbench.records import find_record, load_records
from mlbench.report import report
from tests.report.synthetic import World, write

TWO = ("digit-scenes", "go_emotions")


def test_every_format_is_written(made: Path) -> None:
    for name in (
        "index.html",
        "report.md",
        "report.tex",
        "cells.parquet",
        "tables/map.csv",
        "tables/map.tex",
    ):
        assert (made / name).stat().st_size > 0, name
    drawings = sorted((made / "figures").glob("*.png"))
    assert drawings
    assert all(drawing.with_suffix(".svg").exists() for drawing in drawings)


def test_records_are_flat_in_one_parquet(made: Path, results: Path) -> None:
    flat = pd.read_parquet(made / "cells.parquet")
    assert len(flat) == len(load_records(results))
    assert "metrics/test/map" in flat.columns


def test_a_parameter_of_two_kinds_is_written_as_json(tmp_path: Path) -> None:
    weights = {"bce": "balanced", "bce~double": 2.0, "bce~sure": True, "asl": None}
    world = World(
        losses=dict.fromkeys(weights, 0.0), datasets=TWO, seeds=(0,), fractions=(1.0,), keys=("map",),
        parameters={loss: {"pos_weight": weight, "gamma": 1 + weight if weight == 2 else 1}
                    for loss, weight in weights.items()},
    )  # fmt: skip
    report(write(tmp_path / "results", world), tmp_path / "report")
    flat = pd.read_parquet(tmp_path / "report/cells.parquet")
    flat = flat[flat["dataset"] == "go_emotions"].set_index("loss")
    written = flat["cell/loss/parameters/pos_weight"]
    assert written.dropna().to_dict() == {"bce": '"balanced"', "bce~double": "2.0", "bce~sure": "true"}
    assert written.isna().sum() == 1
    assert flat["cell/loss/parameters/gamma"].dtype == float


def test_mean_and_spread_are_those_of_the_records(made: Path, results: Path) -> None:
    frame = load_records(results)
    rows = frame[(frame.loss == "asl") & (frame.dataset == "go_emotions") & (frame.fraction == 1.0)]
    with (made / "tables/map.csv").open() as file:
        table = list(csv.DictReader(file))
    row = next(
        row
        for row in table
        if (row["reading"], row["training data"], row["loss"]) == ("own logits", "100 %", "asl")
    )
    assert float(row["go_emotions"]) == pytest.approx(rows["metrics/test/map"].mean(), abs=1e-12)
    assert float(row["go_emotions sd"]) == pytest.approx(rows["metrics/test/map"].std(), abs=1e-12)


def test_the_same_numbers_in_every_format(made: Path) -> None:
    with (made / "tables/map.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["reading"] == "own logits"]
    assert any(row["go_emotions note"] == "missing" for row in rows)
    shown = {
        f"{float(row[name]):.3f}" for row in rows for name in ("go_emotions", "reuters21578") if row[name]
    }
    page = (made / "index.html").read_text()
    whole = [row for row in rows if row["training data"] == "100 %"]
    for text in (made / "tables/map.md", made / "tables/map.tex"):
        assert shown <= set(re.findall(r"\d\.\d{3}", text.read_text())), text
    assert {f"{float(row['go_emotions']):.3f}" for row in whole if row["go_emotions"]} <= set(
        re.findall(r"\d\.\d{3}", page)
    )


def test_failed_and_missing_cells_are_shown(made: Path) -> None:
    text = (made / "tables/map.md").read_text()
    assert "failed: oom" in text
    assert "– (missing)" in text
    assert re.search(r"0\.\d{3} ± 0\.\d{3}(</u>)? \(2/3\)", text), "two of three seeds must be said"
    page = (made / "index.html").read_text()
    assert "4 failed" in page.replace("<b>", "").replace("</b>", "")
    assert "kmcl" in re.search(r"Not ranked[^<]*", page)[0]  # type: ignore[index]


def test_floor_and_ceiling_have_rows_of_their_own(made: Path) -> None:
    text = (made / "tables/map.md").read_text()
    assert "| floor |" in text
    assert "| ceiling |" in text
    assert "0.920" in text


def test_oracle_is_never_ranked(made: Path) -> None:
    text = (made / "tables/f1_macro@oracle.md").read_text()
    assert "**" not in text
    assert "<u>" not in text
    assert re.search(r"\| bce \| – \| – \|", text)


def test_less_is_better_where_the_metric_says_so(made: Path, results: Path) -> None:
    frame = load_records(results)
    cells = frame[(frame.dataset == "eurlex21") & (frame.fraction == 1.0)]
    means = cells.groupby("loss")["metrics/test/ranking_loss"].mean()
    text = (made / "tables/ranking_loss.md").read_text().split("###")[2]
    header = [part.strip() for part in text.splitlines()[2].split("|")]
    row = next(line for line in text.splitlines() if line.startswith(f"| {means.idxmin()} "))
    assert row.split("|")[header.index("eurlex21")].strip().startswith("**")


@pytest.mark.parametrize(
    "world",
    [
        World(losses={"bce": 0.0}, datasets=TWO, keys=("map",)),
        World(datasets=("digit-scenes",), keys=("map",)),
        World(seeds=(0,), datasets=TWO, keys=("map",)),
        World(losses={"bce": 0.0}, datasets=("digit-scenes",), seeds=(0,), fractions=(1.0,)),
        World(fractions=(500, 0.5, 1.0), datasets=TWO, keys=("map",)),
        World(keys=("lrap",), datasets=TWO),
    ],
    ids=["one loss", "one dataset", "one seed", "one cell", "absolute counts", "no main metric"],
)
def test_small_grids_give_a_report(world: World, tmp_path: Path) -> None:
    index = report(write(tmp_path / "results", world), tmp_path / "report")
    assert "Which loss?" in index.read_text()
    assert "nan" not in (tmp_path / "report/report.md").read_text().lower()


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "suite/cells").mkdir(parents=True)
    with pytest.raises(DataError, match="no records here"):
        report(tmp_path, tmp_path / "report")


def test_only_failed_cells_are_an_error_that_says_how_they_failed(tmp_path: Path) -> None:
    write(tmp_path / "results", World(failed=[(None, None, None, None)], seeds=(0,)))
    with pytest.raises(DataError, match=r"all 72 cells failed \(72 oom\)"):
        report(tmp_path / "results", tmp_path / "report")


def test_a_truncated_record_is_named_and_left_out(tmp_path: Path) -> None:
    root = write(tmp_path / "results", World(seeds=(0,), datasets=TWO, keys=("map",)))
    victim = sorted((root / "synthetic/cells").iterdir())[0]
    victim.write_bytes(victim.read_bytes()[:100])
    index = report(root, tmp_path / "report")
    assert victim.name in index.read_text()
    assert "not a whole record" in index.read_text()


@pytest.mark.slow
def test_a_second_report_leaves_nothing_of_the_first(tmp_path: Path) -> None:
    wide = write(tmp_path / "wide", World(seeds=(0,), datasets=TWO, keys=("map", "lrap")))
    narrow = write(tmp_path / "narrow", World(seeds=(0,), datasets=TWO, keys=("map",)))
    report(wide, tmp_path / "report")
    report(narrow, tmp_path / "report")
    assert not (tmp_path / "report/tables/lrap.csv").exists()


def test_the_command_of_each_cell_names_where_its_record_lies(tmp_path: Path) -> None:
    world = World(seeds=(0,), datasets=TWO, keys=("map",))
    ours = write(tmp_path / "of mine", replace(world, losses={"bce": 0.0}))
    theirs = write(tmp_path / "theirs", replace(world, losses={"asl": 0.1}))
    index = report(ours, tmp_path / "report", against=[theirs], cells=True)
    pages = sorted((index.parent / "cells").iterdir())
    assert len(pages) == len(load_records([ours, theirs]))
    for page in pages:
        found = re.search("<code>(mlbench cell .*)</code>", page.read_text(encoding="utf-8"))
        assert found is not None
        command, cell, identifier, *places = shlex.split(html.unescape(found[1]))
        assert (command, cell, places) == (
            "mlbench",
            "cell",
            ["--results", str(ours), "--results", str(theirs)],
        )
        assert find_record(identifier, *map(Path, places[1::2]))[0]["id"] == identifier == page.stem


def test_importing_the_room_is_cheap_and_no_report_loads_torch(tmp_path: Path) -> None:
    root = write(tmp_path / "results", World(seeds=(0,), datasets=("digit-scenes",), fractions=(1.0,)))
    code = (
        "import sys, mlbench.report as room\n"
        "heavy = {'pandas', 'numpy', 'matplotlib', 'jinja2', 'scipy', 'torch'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        f"room.report({str(root)!r}, {str(tmp_path / 'report')!r})\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
