"""describe, fetch, cache and new loss, as a user gives them."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from tests.cli.test_commands import mlbench


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "tickets.csv"
    rows = [
        f'{i},"the printer {i % 5} is broken, again",{"hard;urgent" if i % 3 else ""}' for i in range(120)
    ]
    file.write_text("number,body,tags\n" + "\n".join(rows) + "\n")
    return file


EMPTY_IS_NO_LABEL = ("--column", "missing=negative")
COLUMNS = ("--column", "text=body", "--column", "labels=tags", "--column", "separator=;", *EMPTY_IS_NO_LABEL)


def test_a_csv_is_described(table: Path, tmp_path: Path) -> None:
    page = tmp_path / "tickets.html"
    shown = mlbench("describe", str(table), *COLUMNS, "--html", str(page)).stdout
    assert "urgent" in shown
    assert "tickets" in page.read_text()
    described = json.loads(mlbench("describe", str(table), *COLUMNS, "--json").stdout)
    assert described["labels"] == ["hard", "urgent"]
    assert sum(described["sizes"].values()) == 120
    assert sum(described["unlabelled"].values()) == 40


def test_a_column_that_is_not_there(table: Path) -> None:
    error = mlbench("describe", str(table), "--column", "text=bodi", "--column", "labels=tags", code=2).stderr
    assert "bodi" in error
    assert "body" in error


@pytest.mark.parametrize(
    ("columns", "hint"),
    [
        ({}, "Say `--column text=…`, `--column image=…` or"),
        (
            {"text": "bodi"},
            "did you mean 'body'? Its columns are 'number', 'body', 'tags'; say which one by `--column text=…`",
        ),
        ({"text": "body", "labels": "tags"}, """for example `--column 'separator=";"'`"""),
        (
            {"text": "body", "labels": "number,tags"},
            """a list is written `--column 'labels=["number", "tags"]'`""",
        ),
    ],
)
def test_hints_are_what_the_user_of_describe_types(table: Path, columns: dict[str, str], hint: str) -> None:
    given = [part for key, value in columns.items() for part in ("--column", f"{key}={value}")]
    assert hint in mlbench("describe", str(table), *given, code=2).stderr


def test_recommend_takes_the_same_options(table: Path) -> None:
    results = Path(__file__).parents[2] / "results" / "study"
    like = ("recommend", "--like", str(table), "--results", str(results))
    assert "say which one by `--column text=…`" in mlbench(*like, "--column", "text=bodi", code=2).stderr


def test_a_hint_is_followed_by_pasting_it(table: Path) -> None:
    """Hints are written so that the shell and `--column` give back the setting."""
    table.write_text(table.read_text().replace(",", "\t").replace("tags", "tags's"))
    given: list[str] = []
    for _ in range(2):
        error = mlbench(
            "describe", str(table), "--column", "text=body", "--column", "labels=tags's", *given, code=2
        )
        (hint,) = re.findall(r"`(--column .*?)`", error.stderr)
        given += shlex.split(hint)
    assert given == ["--column", 'delimiter="\\t"', "--column", 'separator=";"']
    given += EMPTY_IS_NO_LABEL
    mlbench("describe", str(table), "--column", "text=body", "--column", "labels=tags's", *given)
    given = ["--column", "text=body", "--column", "labels=tags's,number", "--column", 'delimiter="\\t"']
    (hint,) = re.findall(r"`(--column .*)`", mlbench("describe", str(table), *given, code=2).stderr)
    assert shlex.split(hint) == ["--column", 'labels=["tags\'s", "number"]']


def test_a_suites_hints_are_its_keys(table: Path) -> None:
    suite = table.with_name("mine.toml")
    suite.write_text(
        'name = "mine"\nseeds = [0]\nfractions = [1.0]\nlosses = ["bce"]\n'
        f'datasets = [{{ name = "tickets", path = "{table}", text = "bodi", encoder = "bag" }}]\n'
    )
    assert "say which one by `text = …`" in mlbench("plan", str(suite), code=2).stderr


def test_columns_may_be_called_by_numbers(tmp_path: Path) -> None:
    file = tmp_path / "numbered.csv"
    file.write_text("0,1,2\n" + "".join(f"text {row},{row % 2},{row % 3 % 2}\n" for row in range(40)))
    described = mlbench(
        "describe", str(file), "--column", "text=0", "--column", "labels=[1, 2]", "--json"
    ).stdout
    assert json.loads(described)["labels"] == ["1", "2"]


def test_a_file_that_is_not_there(table: Path) -> None:
    error = mlbench("describe", "ticket.csv", cwd=table.parent, code=2).stderr
    assert "ticket.csv: no such file or folder; did you mean 'tickets.csv'?" in error
    suite = table.with_name("mine.toml")
    suite.write_text(
        'name = "mine"\nseeds = [0]\nfractions = [1.0]\nlosses = ["bce"]\n'
        'datasets = [{ name = "complaints", path = "ticket.csv", text = "body", encoder = "bag" }]\n'
    )
    assert (
        "dataset 'complaints' is not on this machine" in mlbench("plan", str(suite), cwd=table.parent).stdout
    )


def test_six_lines_of_toml_run_a_csv(table: Path, tmp_path: Path) -> None:
    suite = tmp_path / "mine.toml"
    suite.write_text(
        'name = "mine"\nseeds = [0]\nfractions = [1.0]\nlosses = ["bce"]\n'
        f'datasets = [{{ name = "tickets", path = "{table}", text = "body", labels = "tags", separator = ";", '
        'missing = "negative", encoder = "bag", train = { epochs = 1, min_steps = 2, probe_steps = 2 } }]\n'
    )
    mlbench("run", str(suite), "--results", str(tmp_path / "results"), "--jobs", "1", "--device", "cpu")
    (record,) = (tmp_path / "results" / "mine" / "cells").iterdir()
    assert json.loads(record.read_text())["cell"]["dataset"] == "tickets"


def test_fetch_says_what_it_would_take() -> None:
    found = json.loads(mlbench("fetch", "quick", "nus_wide", "--dry-run", "--json").stdout)
    states = {each["name"]: each["status"] for each in found}
    assert states["digit-scenes"] == "built in"
    assert states["nus_wide"] == "by hand"
    assert all(each["licence"] for each in found)
    assert "did you mean 'nus_wide'" in mlbench("fetch", "nus_wid", code=2).stderr


def test_a_plugins_dataset_is_fetched_and_described(tmp_path: Path) -> None:
    toys = Path(__file__).parents[1] / "runner"
    suite = tmp_path / "toys.toml"
    suite.write_text(
        'name = "toys"\nseeds = [0]\nfractions = [1.0]\nlosses = ["toy_loss"]\n'
        '[[datasets]]\nname = "toy"\nencoder = "features"\n'
    )
    plugins = ("--plugin", str(toys / "toy_data.py"), "--plugin", str(toys / "toy_loss.py"))
    assert "toy" in mlbench("fetch", str(suite), *plugins).stdout
    assert "unknown loss 'toy_loss'" in mlbench("fetch", str(suite), code=2).stderr
    described = json.loads(mlbench("describe", "toy", *plugins, "--json").stdout)
    assert described["labels"] == ["a", "b", "c"]


def test_the_cache_is_listed_and_cleared(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MLBENCH_CACHE", str(tmp_path / "cache"))
    assert json.loads(mlbench("cache", "list", "--json").stdout) == []
    kept = tmp_path / "cache" / "encoders" / "x.npy"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"0" * 2_000_000)
    assert "2.0 MB" in mlbench("cache", "list").stdout
    assert "--older-than" in mlbench("cache", "clear", "--older-than", "soon", code=2).stderr
    mlbench("cache", "clear", "--older-than", "1h")
    assert kept.exists()
    assert "removed 1 entries" in mlbench("cache", "clear").stdout
    assert not kept.exists()


def test_a_new_loss_passes_its_check_as_it_says(tmp_path: Path) -> None:
    *_, said = mlbench("new", "loss", "mine", cwd=tmp_path).stdout.splitlines()
    command = said.removeprefix("try: mlbench ").split()
    assert command[-2] == "--plugin"
    assert "all that applies holds" in mlbench(*command, cwd=tmp_path).stdout
    assert "is there already" in mlbench("new", "loss", "mine", cwd=tmp_path, code=2).stderr
    file = tmp_path / "mine.py"
    file.write_text(file.read_text().replace("(1 - 2 * targets)", "(2 * targets - 1)"))
    assert "FAIL" in mlbench(*command, cwd=tmp_path, code=1).stdout


def test_an_unknown_loss_may_be_in_a_file_of_ones_own(tmp_path: Path) -> None:
    for unknown in (("check", "mine"), ("plan", "quick", "--loss", "mine")):
        error = mlbench(*unknown, cwd=tmp_path, code=2).stderr
        assert "if it stands in a file of your own, give that as --plugin FILE" in error
