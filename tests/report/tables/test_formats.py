"""The four formats of a table, and names that try to be more than names."""

from __future__ import annotations

import csv
import io
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlbench.plain_text import fit
from mlbench.records import Store, load_records
from mlbench.report import report
from mlbench.report.analysis import Analysis, View
from mlbench.report.data.grid import Grid
from mlbench.report.tables.breakdowns import frequency_table
from mlbench.report.tables.comparison import comparison_table
from mlbench.report.tables.formats import html, latex, markdown
from mlbench.report.tables.formats.csv import to_csv
from mlbench.report.tables.model import Row, Table, TableColumn, TableEntry, format_number, number, word
from tests.report.synthetic import World, records, write

EVIL = (
    "<script>document.title='owned'</script>",
    "\\input{/etc/passwd}",
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)",
    "a|b\nc",
    "**bold** [link](javascript:alert(1))",
    "$x^2_{3}$ 100% #1 & ~",
    '"><img src=x onerror=alert(1)>',
    "été 数据 \u202eleft",
    "数据",
    "*x",
    "[2pt]y",
)


def table(*names: str) -> Table:
    rows = tuple(
        Row((word(name), TableEntry("0.500", 0.5, "0.010", 0.01, "2/3", best=True))) for name in names
    )
    return Table("t", "Title", (TableColumn("loss", numeric=False), TableColumn("score")), rows, "Caption.")


class Texts(HTMLParser):
    """The text of table cells, and every tag that occurs."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.headers: list[str] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.inside = tag == "th" and ("scope", "row") in attrs
        if self.inside:
            self.headers.append("")

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag != "th"

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.headers[-1] += data


@settings(max_examples=60)
@given(st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=30))
def test_html_shows_any_name_as_it_is(name: str) -> None:
    parser = Texts()
    parser.feed(html.to_html(table(name)))
    assert parser.headers == [fit(name)]
    assert parser.tags <= {"div", "table", "caption", "thead", "tbody", "tr", "th", "td", "b", "small", "p"}


@pytest.mark.parametrize("name", EVIL)
def test_html_runs_nothing(name: str) -> None:
    parser = Texts()
    parser.feed(html.to_html(table(name)))
    assert parser.headers == [fit(name)]
    assert not {"script", "img", "a"} & parser.tags


@pytest.mark.parametrize("name", EVIL)
def test_csv_starts_no_formula(name: str) -> None:
    rows = list(csv.reader(io.StringIO(to_csv([({}, table(name))]))))
    assert rows[0] == ["loss", "score", "score sd", "score note"]
    assert rows[1][0][:1] not in ("=", "+", "-", "@")
    assert rows[1][1:] == ["0.5", "0.01", "2/3"]


@pytest.mark.parametrize("name", EVIL)
def test_markdown_keeps_a_name_in_its_cell(name: str) -> None:
    line = markdown.to_markdown(table(name)).splitlines()[4]
    assert len(re.findall(r"(?<!\\)\|", line)) == 3
    assert "<" not in line.split("|")[1]


def test_no_number_reads_minus_nought() -> None:
    assert format_number(-0.0001) == "0.000"
    assert format_number(-0.5) == "-0.500"
    assert format_number(123.456) == "123.5"
    assert number(float("nan")).value is None


def test_reference_rows_stand_below_a_line() -> None:
    whole = table("asl")
    whole = Table("t", "T", whole.columns, (*whole.rows, Row((word("floor"), number(0.1)), "reference")))
    assert "<tfoot>" in html.to_html(whole)
    assert latex.to_latex(whole).count(r"\midrule") == 2


def test_a_wide_table_is_set_in_panels() -> None:
    columns = (TableColumn("loss", numeric=False), *(TableColumn(f"d{index}") for index in range(20)))
    wide = Table("t", "T", columns, (Row((word("asl"), *(number(0.1) for _ in range(20)))),))
    assert latex.to_latex(wide).count(r"\begin{tabular}") == 4


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not here")
@pytest.mark.slow
def test_latex_compiles_as_it_stands(tmp_path: Path) -> None:
    evil = World(
        losses={"bce": 0.0, **dict.fromkeys(EVIL, 0.01)},
        datasets=("go_emotions", EVIL[1], EVIL[6], *(f"set-{number}" for number in range(7))),
        fractions=(1.0,),
        failed=[("bce", "set-1", None, None)],
        error="\\undefined \\end{document}",
    )
    folder = report(write(tmp_path / "results", evil), tmp_path / "report").parent
    run = subprocess.run(
        ["pdflatex", "-no-shell-escape", "-halt-on-error", "-interaction=nonstopmode", "report.tex"],
        cwd=folder, capture_output=True, timeout=300,
    )  # fmt: skip
    log = run.stdout.decode(errors="replace")
    assert run.returncode == 0, log[-2000:]
    assert (folder / "report.pdf").stat().st_size > 10_000
    assert "root:" not in log
    wide = re.findall(r"Overfull \\hbox \(([0-9.]+)pt", log)
    assert all(float(width) < 60 for width in wide), wide


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not here")
def test_a_single_table_compiles_by_input(tmp_path: Path) -> None:
    (tmp_path / "one.tex").write_text(latex.to_latex(table(*EVIL)))
    body = "\\documentclass{article}\\usepackage{booktabs}\\begin{document}\\input{one}\\end{document}"
    (tmp_path / "paper.tex").write_text(body)
    run = subprocess.run(
        ["pdflatex", "-no-shell-escape", "-halt-on-error", "-interaction=nonstopmode", "paper.tex"],
        cwd=tmp_path, capture_output=True, timeout=120,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout.decode(errors="replace")[-1500:]


@pytest.mark.skipif(
    shutil.which("pdflatex") is None or shutil.which("pdftotext") is None,
    reason="pdflatex or pdftotext is not here",
)
def test_latex_prints_the_first_letters_of_a_row(tmp_path: Path) -> None:
    r"""After `\\` and `\midrule` a bracket begins an option, and `\\` takes a star for its own."""
    (tmp_path / "report.tex").write_text(latex.document("T", [table("[2pt]a", "*x", "[3pt]y")]))
    command = ["pdflatex", "-no-shell-escape", "-halt-on-error", "-interaction=nonstopmode", "report.tex"]
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=True, timeout=120)
    shown = subprocess.run(
        ["pdftotext", "-layout", "report.pdf", "-"], cwd=tmp_path, capture_output=True, check=True, text=True
    )
    names = [line.split()[0] for line in shown.stdout.splitlines() if "0.500" in line]
    assert names == ["[2pt]a", "*x", "[3pt]y"]


def test_the_csv_of_the_comparison_counts_families_as_the_page_does(tmp_path: Path) -> None:
    few = World(losses={"bce": 0.0, "asl": 0.01, "focal": -0.01}, fractions=(1.0,), keys=("map",))
    analysis = Analysis(Grid(load_records(write(tmp_path, few))))
    compared = comparison_table(analysis, View("map", "own", 0))
    assert compared is not None
    rows = {row["loss"]: row for row in csv.DictReader(io.StringIO(to_csv([({}, compared)])))}
    for pair in analysis.pairs(View("map", "own", 0)):
        row = rows[pair.loss]
        counts = [str(pair.wins), str(pair.ties), str(pair.defeats)]
        assert [row["ahead"], row["level"], row["behind"]] == counts
        line = next(
            line for line in markdown.to_markdown(compared).splitlines() if f"| {pair.loss} |" in line
        )
        assert " | ".join(counts) in line


def test_all_labels_are_of_the_datasets_of_the_buckets(tmp_path: Path) -> None:
    """One dataset has too few labels for buckets; it counts for none of the columns."""
    store = Store(tmp_path / "suite")
    store.prepare()
    for record, _ in records(World(losses={"bce": 0.0, "asl": 0.0}, fractions=(1.0,), keys=("map",))):
        few = record["cell"]["dataset"] != "go_emotions"
        test = record["metrics"]["test"]
        test.update(
            {"map": 0.9} if few else {"map": 0.25, "map/head": 0.3, "map/medium": 0.25, "map/tail": 0.2}
        )
        store.write(record)
    analysis = Analysis(Grid(load_records(tmp_path)))
    frequencies = frequency_table(analysis, View("map", "own", 0))
    assert frequencies is not None
    assert [column.title for column in frequencies.columns] == [
        "loss",
        "all labels",
        "head",
        "medium",
        "tail",
    ]
    for row in frequencies.rows:
        assert [entry.text for entry in row.entries[1:]] == ["0.250", "0.300", "0.250", "0.200"]
