"""Texts of any kind: what is made of them, and that commands and records bear them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlbench.datasets.fingerprints import memo
from mlbench.datasets.user.arrow_files import saved_files, saved_splits
from mlbench.errors import ConfigError, DataError, MlbenchError
from mlbench.export.about import read_about
from mlbench.models.pretrained.hf_names import _config
from mlbench.plain_text import fit, fit_all, no_formula, parse_json, parse_toml, said, writable
from mlbench.records import Store, decode, encode
from mlbench.report.output.files import guard
from mlbench.report.tables.formats import html, markdown
from mlbench.runner import run_suites
from tests.records.least import LEAST_CELL
from tests.runner.conftest import PLUGINS, MakeOptions, MakeSuite, options, suite, toys

__all__ = ["options", "suite", "toys"]
ROOT = Path(__file__).parents[1]
HOSTILE = "a\x1b[2Jb\udce9c\x07\u202ed\r\ne\tf"
FIT = "a\\x1b[2Jb\\udce9c\\x07\\u202ed\ne\tf"


def test_control_characters_and_surrogates_are_shown_and_lines_kept() -> None:
    assert fit(HOSTILE) == FIT
    assert fit_all({HOSTILE: [HOSTILE, 1.0, None]}) == {FIT: [FIT, 1.0, None]}
    assert fit("mAP ± 0.1, 汉字, é") == "mAP ± 0.1, 汉字, é"
    assert writable("\x1b\udce9") == "\x1b\\udce9"


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_becomes_one_that_can_be_written_and_stays_so(text: str) -> None:
    found = fit(text)
    found.encode()
    assert fit(found) == found
    assert not any(ord(letter) < 32 and letter not in "\n\t" for letter in found)
    assert str(MlbenchError(text)) == found
    for shown in (html.escape(text), markdown.escape(text), guard(text)):
        assert "\x1b" not in shown
        shown.encode()


def test_an_error_that_cannot_say_what_it_is_is_said_to_be_one() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise ValueError

    assert "ValueError" in said(Mute())
    assert len(said(Exception("x" * 10**6))) < 30_000


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "[" * 5000,
        f"{'a.' * 5000}b = 1",
        f"[{'a.' * 5000}b]",
        f"x = {'1' * 5000}",
        f"x = 0x{'1' * 5000}",
        "x =",
    ],
    ids=["nested", "dotted", "table", "long", "hexadecimal", "broken"],
)
def test_toml_that_cannot_be_read_or_said_again_is_one_kind_of_error(text: str) -> None:
    with pytest.raises(tomllib.TOMLDecodeError):
        parse_toml(text)
    assert parse_toml(f"{'a.' * 20}b = 0x{'f' * 20}")


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "1" * 5000, "", "[1"])
def test_json_that_cannot_be_read_is_one_kind_of_error(text: str) -> None:
    with pytest.raises(ValueError):
        parse_json(text)
    assert parse_json(b"[1]") == [1]


def test_what_others_nested_too_deep_is_told_or_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each reader of a file that another program wrote."""
    deep = "[" * 100_000
    for name in ("model.json", "state.json", "dataset_dict.json", "config.json"):
        (tmp_path / name).write_text(deep)
    for told in (read_about, saved_files):
        with pytest.raises(DataError, match="nested too deep"):
            told(tmp_path)
    with pytest.raises(ConfigError, match="nested too deep"):
        _config(tmp_path, "mine")
    assert saved_splits(tmp_path) == {}
    monkeypatch.setenv("MLBENCH_CACHE", str(tmp_path / "cache"))
    assert memo("fingerprints", 1, lambda: "a") == "a"
    for file in (tmp_path / "cache").rglob("*.json"):
        file.write_text(deep)
    assert memo("fingerprints", 1, lambda: "b") == "b"


def test_a_formula_is_none_in_a_spreadsheet() -> None:
    assert guard("=cmd|' /C calc'!A0").startswith("'=")


def test_a_record_of_any_text_is_written_and_read_fit() -> None:
    error = {"class": "error", "message": HOSTILE, "traceback": HOSTILE}
    loss = {"name": "l", "id": "l", "parameters": {"separator": "\x1f"}}
    cell = {**LEAST_CELL, "loss": loss}
    record = {"schema": 1, "id": "1", "suite": "s", "cell": cell, "status": "failed", "error": error}
    found = decode(encode(record).encode(), "here")
    assert found["error"]["message"] == FIT
    assert found["cell"]["loss"]["parameters"] == {"separator": "\x1f"}
    # One that another program wrote.
    foreign = json.dumps({**record, "suite": "\x1b]0;x", "error": {**error, "message": "\x1b[2J"}}).replace(
        "\\udce9", ""
    )
    found = decode(foreign.encode(), "here")
    assert (found["suite"], found["error"]["message"]) == ("\\x1b]0;x", "\\x1b[2J")
    assert found["cell"]["loss"]["parameters"] == {"separator": "\x1f"}


def test_no_word_of_a_cell_stops_the_others(suite: MakeSuite, options: MakeOptions) -> None:
    settings = options(cell_function="tests.runner.hostile_words:run_cell")
    summary = run_suites([suite("raise", "mute", "warn", "done")], settings)
    assert (summary.done, summary.failed, summary.missing) == (2, 2, 0)
    for record in Store(settings.results / "toys").records():
        assert isinstance(record, dict)
        assert (record.get("error") or {}).get("class") in (None, "error")
        if record["cell"]["loss"]["id"] == "warn":
            assert record["warnings"] == [FIT]
        if record["cell"]["loss"]["id"] == "raise":
            assert record["error"]["message"] == f"RuntimeError: {FIT}"


SUITE = """
name = "texts"
losses = ["bce"]
[train]
epochs = 1
min_steps = 2
[[datasets]]
name = "données"
path = "{path}"
encoder = "features"
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variables", "closed"),
    [
        ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, "2>&-"),
        ({"PYTHONIOENCODING": "ascii"}, ""),
        ({"LC_ALL": "C.UTF-8"}, ">&- 2>&- <&-"),
    ],
    ids=["C", "ascii", "closed"],
)
def test_every_command_works_in_any_locale_and_with_closed_streams(
    variables: dict[str, str], closed: str, suite: MakeSuite, options: MakeOptions, tmp_path: Path
) -> None:
    settings = options(cell_function="tests.runner.hostile_words:run_cell")
    run_suites([suite("raise", "warn", "done")], settings)
    plugins = " ".join(f"--plugin {file}" for file in PLUGINS)
    (tmp_path / "toys.toml").write_text(
        'name = "toys"\nlosses = ["toy_loss"]\n[[datasets]]\nname = "toy"\nencoder = "features"\n'
    )
    for command in (
        "status results",
        f"status {settings.results} --json",
        "list datasets",
        "show loss asl",
        f"plan toys.toml {plugins}",
        f"rescore results {plugins}",
        "pack results",
        f"report results -o out {plugins}",
    ):
        done = subprocess.run(
            f"{sys.executable} -P -m mlbench {command} {closed}",
            shell=True,
            cwd=tmp_path,
            capture_output=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        )
        assert b"Traceback" not in done.stderr + done.stdout, (command, done.stderr.decode())
        assert b"\x1b" not in done.stderr + done.stdout
        assert done.returncode in ((0, 1) if "rescore" in command else (0,)), (command, done.stderr.decode())
    for file in (tmp_path / "out").rglob("*"):
        if file.suffix in (".md", ".csv", ".html", ".svg", ".tex"):
            assert "\x1b" not in file.read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_file_name_that_is_no_utf_8_is_planned_and_said(tmp_path: Path) -> None:
    name = os.fsdecode(b"donn\xe9es")
    folder = tmp_path / name
    folder.mkdir()
    (folder / "texts.toml").write_text(SUITE.format(path="there.csv"), encoding="utf-8")
    (folder / "there.csv").write_text("text,labels\n" + "a word,x\nanother,y\n" * 40)
    done = subprocess.run(
        [sys.executable, "-P", "-m", "mlbench", "plan", str(folder / "texts.toml")],
        cwd=folder,
        capture_output=True,
        text=True,
        errors="surrogateescape",
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode in (0, 2)


def test_an_error_that_names_a_file_names_it_fit() -> None:
    assert str(DataError(f"{os.fsdecode(bytes([0xE9]))}.csv: no")) == "\\udce9.csv: no"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@a", "\tb"])
def test_a_spreadsheet_takes_no_text_for_a_formula(text: str) -> None:
    assert no_formula(text) == f"'{text}"
    assert no_formula(f"a{text}") == f"a{text}"
