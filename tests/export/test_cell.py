"""An exported folder gives the logits that were measured: by torch alone, by plain timm and transformers."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file

from mlbench.errors import ConfigError, DataError
from mlbench.export import export_cell
from mlbench.export.about import read_about
from mlbench.export.network import folder_network
from mlbench.training.checkpoint import save_tree
from tests.export.cells import STARTED, held_out, train
from tests.models.encoders.tiny_bert import save_tiny_bert
from tests.training.cells import load

TIMM = {"name": "timm:test_resnet", "pretrained": False, "size": 32}


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(save_tiny_bert(tmp_path_factory.mktemp("bert"), load("synthetic-topics").train.inputs))


def timm_weights(folder: Path) -> Path:
    file = folder / "weights.safetensors"
    save_file(timm.create_model("test_resnet").state_dict(), file)
    return file


def alone(folder: Path, samples: Any, monkeypatch: pytest.MonkeyPatch) -> np.ndarray[Any, Any]:
    """The logits of the folder's own script, which finds no mlbench to import."""
    with monkeypatch.context() as patch:
        patch.syspath_prepend(str(folder))
        for name in [name for name in sys.modules if name.partition(".")[0] == "mlbench"]:
            patch.setitem(sys.modules, name, None)
        for name in ("predict", "decoding"):
            patch.delitem(sys.modules, name, raising=False)
        model = importlib.import_module("predict").Predictor()
        assert len(model.labels(samples)) == len(model.probabilities(samples)) == len(samples)
        found: np.ndarray[Any, Any] = model.logits(samples).numpy()
        sys.modules.pop("predict")
    return found


@pytest.mark.parametrize(
    ("loss", "dataset", "encoder"),
    [
        ("two_way", "synthetic-features", "features"),
        ("mulcon", "synthetic-features", "features"),
        ("kmcl", "synthetic-topics", "bag"),
        ("supcon", "synthetic-topics", {"name": "lsa", "dimensions": 16}),
        ("bce", "digit-scenes", "conv"),
        ("bce", "digit-scenes", "frozen timm"),
        ("bce", "synthetic-topics", "frozen bert"),
    ],
)
def test_torch_alone_gives_the_measured_logits(
    loss: str, dataset: str, encoder: Any, tmp_path: Path, bert: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if encoder == "frozen bert":
        encoder = {"name": f"hf:{bert}", "max_length": 24, "frozen": True}
    if encoder == "frozen timm":
        encoder = {
            "name": "timm:test_resnet",
            "size": 32,
            "frozen": True,
            "weights": str(timm_weights(tmp_path)),
        }
    store, identifier, result = train(tmp_path, loss, dataset, encoder=encoder)
    exported = export_cell(store, identifier, tmp_path / "model")
    assert exported.largest_difference < 1e-5
    assert "program.pt2" in exported.formats
    assert set(exported.missing) == {"a native format"}
    found = alone(exported.folder, held_out(dataset), monkeypatch)
    np.testing.assert_allclose(found, result.scores["test_logits"], atol=1e-5)


@pytest.mark.parametrize("loss", ["bce", "kmcl", "supcon"])
def test_plain_timm_gives_the_measured_logits(
    loss: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, identifier, result = train(tmp_path, loss, "digit-scenes", encoder=TIMM)
    exported = export_cell(store, identifier, tmp_path / "model")
    assert not exported.missing
    native = timm.create_model(f"local-dir:{exported.folder / 'timm'}", pretrained=True).eval()
    about = timm.data.resolve_model_data_config(native)
    assert (tuple(about["input_size"]), about["crop_mode"], about["crop_pct"]) == ((3, 32, 32), "squash", 1.0)
    pixels = torch.from_numpy(held_out("digit-scenes")).permute(0, 3, 1, 2).expand(-1, 3, -1, -1) / 255
    mean, std = (torch.tensor(about[key]).view(1, 3, 1, 1) for key in ("mean", "std"))
    with torch.no_grad():
        found = native((pixels - mean) / std).numpy()
    np.testing.assert_allclose(found, result.scores["test_logits"], atol=1e-5)
    assert native.pretrained_cfg["num_classes"] == 10
    np.testing.assert_allclose(
        alone(exported.folder, held_out("digit-scenes"), monkeypatch),
        result.scores["test_logits"],
        atol=1e-5,
    )


@pytest.mark.parametrize("pooling", ["pooler", "cls"])
def test_plain_transformers_gives_the_measured_logits(
    pooling: str, tmp_path: Path, bert: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    encoder = {"name": f"hf:{bert}", "max_length": 24, "pooling": pooling}
    store, identifier, result = train(tmp_path, "asl", "synthetic-topics", encoder=encoder, encoder_lr=1e-3)
    exported = export_cell(store, identifier, tmp_path / "model")
    assert not exported.missing
    native = AutoModelForSequenceClassification.from_pretrained(exported.folder / "transformers").eval()
    tokeniser = AutoTokenizer.from_pretrained(exported.folder / "transformers")
    assert native.config.problem_type == "multi_label_classification"
    assert list(native.config.id2label.values()) == list(load("synthetic-topics").labels)
    texts = held_out("synthetic-topics")
    batch = tokeniser(texts, truncation=True, max_length=24, padding=True, return_tensors="pt")
    with torch.no_grad():
        found = native(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits.numpy()
    np.testing.assert_allclose(found, result.scores["test_logits"], atol=1e-5)
    np.testing.assert_allclose(
        alone(exported.folder, held_out("synthetic-topics"), monkeypatch),
        result.scores["test_logits"],
        atol=1e-5,
    )


def test_the_mean_of_tokens_has_no_form_in_transformers(tmp_path: Path, bert: str) -> None:
    store, identifier, _ = train(
        tmp_path, "bce", "synthetic-topics", encoder={"name": f"hf:{bert}", "max_length": 24}
    )
    exported = export_cell(store, identifier, tmp_path / "model")
    assert 'pools by "mean"' in exported.missing["a native format"]
    assert exported.missing["a native format"] in (exported.folder / "README.md").read_text()


def test_the_safetensors_give_the_program_s_logits(tmp_path: Path) -> None:
    store, identifier, result = train(tmp_path, "bce")
    folder = export_cell(store, identifier, tmp_path / "model", reading="probe", policy="global").folder
    about = read_about(folder)
    assert (about.reading, about.decision.policy) == ("probe", "global")
    with torch.no_grad():
        found = folder_network(about, folder)(torch.from_numpy(held_out("synthetic-features")))
    np.testing.assert_allclose(found.numpy(), result.scores["test_probe_logits"], atol=1e-5)
    assert about.test["map"] == result.parts["probe_metrics"]["test"]["map"]


def test_what_cannot_be_exported_is_refused(tmp_path: Path) -> None:
    store, identifier, _ = train(tmp_path, "two_way", probe="needed")
    with pytest.raises(ConfigError, match="no threshold of its own"):
        export_cell(store, identifier, tmp_path / "model", policy="native")
    with pytest.raises(ConfigError, match="skipped the probe"):
        export_cell(store, identifier, tmp_path / "model", reading="probe")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").touch()
    with pytest.raises(ConfigError, match="holds other files"):
        export_cell(store, identifier, tmp_path / "mine")
    assert not (tmp_path / "model").exists()
    store.write({**store.read(identifier), "started": "later"})
    with pytest.raises(DataError, match="of another training"):
        export_cell(store, identifier, tmp_path / "model")
    store.forget_model(identifier)
    with pytest.raises(ConfigError, match=r"mlbench run test\.toml --set store\.model=true --rerun all"):
        export_cell(store, identifier, tmp_path / "model")


def test_a_tree_that_lacks_something_is_told_to_be_no_model(tmp_path: Path) -> None:
    store, identifier, result = train(tmp_path)
    assert result.model is not None
    whole = {**result.model, "started": STARTED}
    [reading, *_] = whole["readings"]
    lacking: dict[str, Any] = {key: {**whole, key: None} for key in ("readings", "check")}
    lacking |= {
        key: {name: part for name, part in whole.items() if name != key} for key in ("backbone", "cell")
    }
    lacking[f"readings/{reading}/weights"] = {**whole, "readings": {reading: {"classifier": {}}}}
    lacking["no tree"] = []
    for said, tree in lacking.items():
        save_tree(tree, store.model_file(identifier), store.tmp_folder)
        with pytest.raises(DataError, match=f"no model that mlbench kept: .*{said}"):
            export_cell(store, identifier, tmp_path / "model")
    save_tree(whole, store.model_file(identifier), store.tmp_folder)
    assert export_cell(store, identifier, tmp_path / "model").folder.is_dir()
