"""`predict` reads what people have, scores it as training did, and runs nothing of the folder."""

from __future__ import annotations

import copy
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest
import torch

from mlbench.errors import ConfigError, DataError
from mlbench.export import export_cell, predict
from mlbench.export.about import read_about
from mlbench.training import CellResult
from tests.export.cells import held_out, train

Exported = tuple[Path, CellResult]


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    folder = tmp_path_factory.mktemp("words")
    store, identifier, result = train(folder, "asl", "synthetic-topics")
    return export_cell(store, identifier, folder / "model").folder, result


@pytest.fixture
def file(tmp_path: Path) -> Path:
    rows = [{"id": f"t{row}", "text": text} for row, text in enumerate(held_out("synthetic-topics"))]
    (tmp_path / "new.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path / "new.jsonl"


def test_rows_get_calibrated_probabilities_and_labels(words: Exported, file: Path, tmp_path: Path) -> None:
    folder, result = words
    about = read_about(folder)
    assert predict(folder, file, tmp_path / "out.parquet") == len(result.scores["test_logits"])
    table = pq.read_table(tmp_path / "out.parquet")
    assert table.column("id").to_pylist()[:2] == ["t0", "t1"]
    logits = torch.from_numpy(result.scores["test_logits"])
    expected = torch.sigmoid(logits / about.calibration.temperature).numpy()
    rows = table.column("probabilities").to_pylist()
    np.testing.assert_allclose([[row[label] for label in about.labels] for row in rows], expected, atol=1e-5)
    chosen = logits > torch.tensor(about.decision.thresholds["label"])
    for row, labels in enumerate(table.column("labels").to_pylist()):
        assert set(labels) == {about.labels[place] for place in chosen[row].nonzero().flatten().tolist()}
        scores = [rows[row][label] for label in labels]
        assert scores == sorted(scores, reverse=True)


def test_other_files_and_thresholds(words: Exported, file: Path, tmp_path: Path) -> None:
    folder, result = words
    predict(folder, file, tmp_path / "out.csv", policy="0.5")
    table = pc.read_csv(tmp_path / "out.csv")
    labels = [json.loads(cell) for cell in table.column("labels").to_pylist()]
    assert [len(row) for row in labels] == (result.scores["test_logits"] > 0).sum(1).tolist()
    predict(folder, file, tmp_path / "out.jsonl")
    first = json.loads((tmp_path / "out.jsonl").read_text().splitlines()[0])
    assert set(first) == {"id", "labels", "probabilities"}
    assert table.column(f"p_{read_about(folder).labels[0]}")[0].as_py() == pytest.approx(
        next(iter(first["probabilities"].values())), abs=1e-6
    )


def test_no_id_is_a_formula_to_a_spreadsheet(words: Exported, tmp_path: Path) -> None:
    (tmp_path / "new.jsonl").write_text('{"id": "=1+1", "text": "a"}\n{"id": "b", "text": "a"}\n')
    predict(words[0], tmp_path / "new.jsonl", tmp_path / "out.csv")
    assert pc.read_csv(tmp_path / "out.csv").column("id").to_pylist() == ["'=1+1", "b"]
    predict(words[0], tmp_path / "new.jsonl", tmp_path / "out.parquet")
    assert pq.read_table(tmp_path / "out.parquet").column("id").to_pylist() == ["=1+1", "b"]


def test_nothing_of_the_folder_is_run(words: Exported, file: Path, tmp_path: Path) -> None:
    folder, _ = words
    (folder / "predict.py").write_text("raise SystemExit('ran')")
    (folder / "decoding.py").write_text("raise SystemExit('ran')")
    (folder / "program.pt2").write_bytes(b"not a program")
    predict(folder, file, tmp_path / "out.parquet")


def test_bad_requests(words: Exported, file: Path, tmp_path: Path) -> None:
    folder, _ = words
    with pytest.raises(ConfigError, match=r"written as \.parquet, \.csv, \.jsonl"):
        predict(folder, file, tmp_path / "out.xlsx")
    with pytest.raises(ConfigError, match="the model has thresholds"):
        predict(folder, file, tmp_path / "out.csv", policy="best")
    with pytest.raises(DataError, match="no exported model"):
        predict(tmp_path, file, tmp_path / "out.csv")
    with pytest.raises(DataError, match="no column 'body'"):
        predict(folder, file, tmp_path / "out.csv", columns={"text": "body"})
    broken = tmp_path / "broken"
    broken.mkdir()
    told = json.loads((folder / "model.json").read_text())
    (broken / "model.json").write_text(json.dumps({**told, "format": 2}))
    with pytest.raises(DataError, match="export the cell again"):
        predict(broken, file, tmp_path / "out.csv")
    (broken / "model.json").write_text(json.dumps({**told, "labels": 3}))
    with pytest.raises(DataError, match=r"model\.json: labels"):
        predict(broken, file, tmp_path / "out.csv")
    (broken / "model.json").write_text(json.dumps(told))
    (broken / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(DataError, match=r"model\.safetensors"):
        predict(broken, file, tmp_path / "out.csv")


def test_a_folder_that_anybody_wrote_is_told_what_is_wrong(
    words: Exported, file: Path, tmp_path: Path
) -> None:
    """Whatever its files hold; a temperature below zero would turn the probabilities round."""
    broken = tmp_path / "broken"
    shutil.copytree(words[0], broken)
    whole = json.loads((broken / "model.json").read_text())
    for at, value, said in (
        (("labels",), [], "thresholds of"),
        (("labels",), whole["labels"][1:], "thresholds of"),
        (("inputs", "settings"), {}, "no network is as it says"),
        (("inputs", "settings", "words"), "x", "no network is as it says"),
        (("network", "adapter"), -1, "no network is as it says"),
        (("network", "options", "width"), 10**30, "no network is as it says"),
        (("network", "classifier"), {}, "no network is as it says"),
        (("network", "classifier", "sizes"), [], "no network is as it says"),
        (("decision", "thresholds", "label"), [], "thresholds of"),
        (("decision", "thresholds", "global"), float("nan"), "decision.thresholds.global"),
        (("calibration", "temperature"), -1, "greater than 0"),
        (("calibration", "temperature"), 0, "greater than 0"),
        (("calibration", "temperature"), float("inf"), "finite"),
    ):
        told = copy.deepcopy(whole)
        inner: Any = told
        for key in at[:-1]:
            inner = inner[key]
        inner[at[-1]] = value
        (broken / "model.json").write_text(json.dumps(told))
        with pytest.raises(DataError, match=rf"model\.json.*{said}"):
            predict(broken, file, tmp_path / "out.csv")
    fewer = {
        **whole,
        "labels": whole["labels"][1:],
        "decision": {"policy": "0.5", "thresholds": {"0.5": 0.0}},
    }
    (broken / "model.json").write_text(json.dumps(fewer))
    with pytest.raises(DataError, match="another number of logits"):
        predict(broken, file, tmp_path / "out.csv")


def test_a_vocabulary_that_anybody_wrote_is_told_to_be_none(
    words: Exported, file: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(words[0], broken)
    known = json.loads((broken / "words.json").read_text())
    for text in (
        "[" * 100_000,
        "words",
        "[1]",
        "{}",
        json.dumps({**known, "inverse": known["inverse"][1:]}),
        json.dumps({**known, "inverse": ["a"]}),
        json.dumps({"words": [*known["words"], "one"], "inverse": [*known["inverse"], 1.0]}),
        json.dumps({**known, "words": [[1]]}),
    ):
        (broken / "words.json").write_text(text)
        with pytest.raises(DataError, match="cannot be prepared"):
            predict(broken, file, tmp_path / "out.csv")


@pytest.mark.parametrize("device", ["nonsense", "meta", "cuda:99", ""])
def test_a_device_that_is_not_there_is_told(words: Exported, file: Path, tmp_path: Path, device: str) -> None:
    with pytest.raises(ConfigError, match=f"--device {device}: "):
        predict(words[0], file, tmp_path / "out.csv", device=device)
