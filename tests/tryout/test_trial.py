"""A try as its user sees it: the file, the questions, the answer."""

import json
import random
import shlex
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from mlbench import cli
from mlbench.cli.trying import ask
from mlbench.errors import ConfigError, DataError
from mlbench.records import Store
from mlbench.report.data.merge import merge
from mlbench.suite import load_suite
from mlbench.tryout.data import find_data
from mlbench.tryout.new_suite import write_suite
from mlbench.tryout.questions import Option, Question, Value
from mlbench.tryout.winner import best_seed

WORDS = {"billing": "invoice charge refund", "login": "password account locked", "speed": "slow timeout lag"}


def tickets(file: Path, rows: int = 240, header: str = "subject,body,tags") -> Path:
    """Texts whose words tell their labels."""
    draw = random.Random(0)
    lines = [header]
    for row in range(rows):
        tags = draw.sample(sorted(WORDS), k=draw.choice([1, 1, 2]))
        words = [draw.choice(WORDS[tag].split()) for tag in tags for _ in range(3)]
        draw.shuffle(words)
        text = f"the {' and the '.join(words)} have been there for {row} days"
        lines.append(f"ticket {row},{text},{'; '.join(tags)}")
    file.write_text("\n".join(lines) + "\n")
    return file


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MLBENCH_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path


def test_a_file_is_read_by_what_it_holds(folder: Path) -> None:
    found = find_data(str(tickets(folder / "tickets.csv")), {})
    assert found.name == "tickets"
    assert found.dataset.labels == ("billing", "login", "speed")
    assert dict(found.parameters) == {
        "path": str(folder / "tickets.csv"),
        "labels": "tags",
        "separator": ";",
        "text": "body",
    }


def test_columns_divided_by_another_mark_than_the_files_name_says_are_read(folder: Path) -> None:
    file = tickets(folder / "tickets.csv")
    file.write_text(file.read_text().replace("; ", "|").replace(",", ";"))
    assert find_data(str(file), {}).parameters["delimiter"] == ";"


def test_a_file_without_a_line_of_names_is_refused(folder: Path) -> None:
    file = tickets(folder / "tickets.csv")
    file.write_text(file.read_text().partition("\n")[2])
    with pytest.raises(DataError, match="first line should name the columns"):
        find_data(str(file), {})


def _doubtful(folder: Path) -> Path:
    """Two texts of equal length, and labels by which two columns could be meant."""
    file = tickets(folder / "two.csv")
    lines = [line.split(",") for line in file.read_text().splitlines()]
    rows = [[text, text[::-1], tags, tags] for _, text, tags in lines[1:]]
    table = [["first", "second", "a", "b"], *rows]
    file.write_text("".join(",".join(row) + "\n" for row in table))
    return file


def test_all_that_is_in_doubt_is_one_error_whose_advice_works_when_typed(folder: Path) -> None:
    file = _doubtful(folder)
    with pytest.raises(ConfigError) as raised:
        find_data(str(file), {})
    text = str(raised.value)
    assert "2 things to say first" in text
    assert "labels: which column holds the labels?" in text
    assert "text: which column is the text?" in text
    command = shlex.split(text.splitlines()[-1].removeprefix("as in "))
    assert command[:3] == ["mlbench", "try", str(file)]
    given = dict(option.split("=", 1) for option in command[4::2])
    assert find_data(str(file), given).parameters["text"] == "first"


def test_on_a_terminal_it_is_asked(folder: Path) -> None:
    asked: list[str] = []

    def ask(question: Question) -> Value:
        asked.append(question.key)
        return question.options[-1].value

    found = find_data(str(_doubtful(folder)), {}, ask=ask)
    assert asked == ["labels", "text"]
    assert found.parameters["labels"] == "b"
    assert found.parameters["text"] == "second"


@pytest.mark.parametrize(
    ("typed", "value"), [("2", "body"), ("other", "other"), ('["a", "b"]', ["a", "b"]), ("7", "7")]
)
def test_a_terminal_takes_the_number_of_an_option_or_a_value(
    monkeypatch: pytest.MonkeyPatch, typed: str, value: Value
) -> None:
    monkeypatch.setattr("typer.prompt", lambda *_, **__: typed)
    options = (Option("title", "8 words"), Option("body", "40 words"))
    assert ask(Question("text", "which column is the text?", options)) == value


def test_new_suite_writes_one_that_loads_and_overwrites_none(folder: Path) -> None:
    file, said = write_suite(str(tickets(folder / "tickets.csv")), {})
    assert file == Path("tickets.toml")
    assert {cell.encoder for cell in load_suite(file).cells()} == {"bag"}
    assert any("no sentence encoder is here" in line for line in said)
    with pytest.raises(ConfigError, match="there already"):
        write_suite("tickets.csv", {})


def test_run_with_a_table_in_place_of_a_suite_says_what_makes_one(folder: Path) -> None:
    tickets(folder / "tickets.csv")
    done = CliRunner().invoke(cli.app, ["run", "tickets.csv"])
    assert "mlbench try tickets.csv" in str(done.exception)
    assert "mlbench new suite tickets.csv" in str(done.exception)


def test_describe_ends_with_the_next_command(folder: Path) -> None:
    tickets(folder / "tickets.csv")
    columns = ["--column", "text=body", "--column", "labels=tags", "--column", "separator=;"]
    done = CliRunner().invoke(cli.app, ["describe", "tickets.csv", *columns])
    last = done.stdout.strip().splitlines()[-1]
    assert (
        last == "next: mlbench try tickets.csv --column text=body --column labels=tags --column 'separator=;'"
    )


@pytest.mark.slow
def test_from_a_file_to_an_answer_and_a_model_that_scores_new_rows(folder: Path) -> None:
    tickets(folder / "tickets.csv", rows=400)
    command = ["try", "tickets.csv", "--losses", "bce,asl", "--budget", "5m", "-o", "out"]
    done = CliRunner().invoke(cli.app, command)
    assert done.exit_code == 0, done.output
    assert "On tickets, " in done.stdout
    assert "Take " in done.stdout
    assert Path("out/report/index.html").is_file()
    suite = load_suite(Path("out/suite.toml"))
    merged = merge([Path("out/results")])
    assert set(merged.cells["loss"]) == {"bce", "asl"}
    assert set(merged.cells["seed"]) == set(suite.seeds)
    advised = done.stdout.strip().splitlines()[-1]
    assert advised == "next: mlbench predict out/model new.csv -o predictions.parquet"
    Path("new.csv").write_text(
        "subject,body\nnew,the invoice and the refund and the charge\nnew,the password of the account\n"
    )
    predicted = CliRunner().invoke(cli.app, shlex.split(advised)[2:])
    assert predicted.exit_code == 0, predicted.output
    table = pd.read_parquet("predictions.parquet")
    assert [list(labels) for labels in table["labels"]] == [["billing"], ["login"]]
    assert "flatters it a little" in Path("out/model/README.md").read_text()
    record = best_seed(Store(Path("out/results/tickets")), _taken(done.stdout))
    assert record is not None
    about = json.loads(Path("out/model/model.json").read_text())
    assert about["id"] == record["id"]
    assert about["test"]["map"] == record["metrics"]["test"]["map"], "trained again, it is the same model"
    assert not list(Path("out").glob(".model-*"))


def _taken(said: str) -> str:
    """The loss that an answer says to take."""
    return said.partition("Take ")[2].partition(":")[0].partition(".")[0]
