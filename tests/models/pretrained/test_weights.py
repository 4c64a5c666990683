"""Pretrained encoders, frozen and not: small real ones where `$MLBENCH_MODELS` holds them, else random weights."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlbench.datasets.public import hub
from mlbench.errors import ConfigError
from mlbench.models.pretrained.weights import offline_options
from mlbench.registry import ENCODERS
from mlbench.training import run_cell
from tests.models.encoders.tiny_bert import save_tiny_bert
from tests.training.cells import load, make_cell

VISION, TEXT = "tf_efficientnet_lite0", "all-MiniLM-L6-v2"


@pytest.fixture
def models() -> Path:
    folder = os.environ.get("MLBENCH_MODELS")
    if not folder or not Path(folder).is_dir():
        pytest.skip("MLBENCH_MODELS does not name a folder of models")
    return Path(folder)


def run(dataset: str, encoder: dict[str, Any], cache: Path, loss: str = "bce", **train: Any) -> Any:
    cell = make_cell(loss, dataset, encoder=encoder, **train)
    return run_cell(cell, load(dataset), cache_dir=cache)


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.usefixtures("models")
def test_a_frozen_vision_encoder_is_run_once_and_read_by_two_losses(tmp_path: Path) -> None:
    encoder = {"name": f"timm:{VISION}", "frozen": True, "size": 64}
    first = run("digit-scenes", encoder, tmp_path, "supcon")
    written = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.npy")}
    assert written
    other = run("digit-scenes", encoder, tmp_path, "prototype")
    assert {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.npy")} == written
    assert not np.array_equal(first.scores["test_logits"], other.scores["test_logits"])
    assert first.parts["probe_metrics"] != other.parts["probe_metrics"]
    assert first.parts["metrics"]["test"]["map"] > first.parts["floor_metrics"]["test"]["map"]


def test_frozen_vectors_are_of_the_weights_that_are_there_now(tmp_path: Path) -> None:
    """Weights of one name and size: another folder's, and the same one's after it was written again."""
    import timm
    import torch
    from safetensors.torch import save_file

    def vectors(weights: Path) -> Any:
        encoder = ENCODERS.build("timm", model="test_resnet", frozen=True, size=32, weights=str(weights))
        return encoder.fit(data, np.arange(20), tmp_path / "cache").validation.batch(torch.arange(3))[0]

    data, written = load("digit-scenes"), [tmp_path / name / "model.safetensors" for name in ("one", "two")]
    for number, file in enumerate(written):
        file.parent.mkdir()
        torch.manual_seed(number)
        save_file(timm.create_model("test_resnet", num_classes=0).state_dict(), file)
    assert written[0].stat().st_size == written[1].stat().st_size
    first, second = (vectors(file) for file in written)
    assert not torch.equal(first, second)
    shutil.copyfile(written[1], written[0])
    assert torch.equal(vectors(written[0]), second)


def test_a_text_encoder_that_was_written_again_is_read_again(tmp_path: Path) -> None:
    import torch

    data = load("synthetic-topics")
    texts = list(data.train.inputs)

    def vectors() -> Any:
        encoder = ENCODERS.build("hf", model=str(tmp_path / "bert"), frozen=True)
        return encoder.fit(data, np.arange(20), tmp_path / "cache").validation.batch(torch.arange(3))[0]

    save_tiny_bert(tmp_path / "bert", texts, layers=1)
    first = vectors()
    assert torch.equal(first, vectors())
    save_tiny_bert(tmp_path / "bert", texts, layers=2)
    assert not torch.equal(first, vectors())


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize("frozen", [True, False])
def test_a_text_encoder_reads_what_the_bare_model_reads(models: Path, tmp_path: Path, frozen: bool) -> None:
    """The backbone's vectors are the masked mean of the model's last hidden states, text by text."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    data = load("synthetic-topics")
    encoder = ENCODERS.build("hf", model=TEXT, max_length=16, frozen=frozen)
    fitted = encoder.fit(data, np.arange(20), tmp_path)
    backbone = fitted.build().eval()
    with torch.no_grad():
        read = backbone(fitted.test.batch(torch.arange(4)))
    tokeniser = AutoTokenizer.from_pretrained(models / TEXT)
    model = AutoModel.from_pretrained(models / TEXT, dtype=torch.float32).eval()
    expected = []
    for text in data.test.inputs[:4]:
        with torch.no_grad():
            ids = tokeniser(text, truncation=True, max_length=16, return_tensors="pt")
            expected.append(model(**ids).last_hidden_state[0].mean(dim=0))
    if frozen:
        # Standardised by an affine map with one scale: differences of texts keep their proportions.
        differences, wanted = read[1:] - read[:1], torch.stack(expected)[1:] - expected[0]
        scale = (differences * wanted).sum() / wanted.square().sum()
        torch.testing.assert_close(differences, scale * wanted, rtol=1e-3, atol=1e-3)
    else:
        torch.testing.assert_close(read, torch.stack(expected), rtol=1e-3, atol=1e-4)


@pytest.mark.slow
def test_any_timm_architecture_trains_at_a_small_size(tmp_path: Path) -> None:
    for model in ("resnet10t", "vit_tiny_patch16_224"):
        encoder = {"name": f"timm:{model}", "pretrained": False, "size": 32}
        result = run("digit-scenes", encoder, tmp_path, fraction=0.2, min_steps=2, evaluations=1)
        assert np.isfinite(result.scores["test_logits"]).all()


@pytest.mark.parametrize(
    ("encoder", "message"),
    [
        ({"model": "resnet51"}, "encoder 'timm:resnet51': no such model; did you mean 'resnet5"),
        ({"model": "resnet10t", "weights": "/nowhere/x.safetensors"}, "no such file"),
    ],
)
def test_a_vision_model_that_is_not_there(encoder: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        ENCODERS.build("timm", **encoder)


def test_a_text_model_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    encoder = ENCODERS.build("hf", model=str(tmp_path / "nowhere"))
    with pytest.raises(ConfigError, match=r"its tokeniser cannot be loaded .*MLBENCH_MODELS"):
        encoder.fit(load("synthetic-topics"), np.arange(5), tmp_path)


def test_a_model_that_cannot_be_had_is_known_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "why_unreachable", lambda: "no route to host")
    start = time.monotonic()
    with pytest.raises(
        ConnectionError, match="not on this machine, and the hub cannot be reached: no route to host"
    ):
        offline_options("nobody/nothing")
    assert time.monotonic() - start < 10
    monkeypatch.setattr(hub, "why_unreachable", lambda: "")
    assert offline_options("nobody/nothing") == {}
