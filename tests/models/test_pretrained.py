"""Pretrained encoders, frozen and not: small real ones where `$MLBENCH_MODELS` holds them, else random weights."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlbench.errors import ConfigError
from mlbench.registry import ENCODERS
from mlbench.training import run_cell
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


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize("frozen", [True, False])
def test_a_text_encoder_reads_what_the_bare_model_reads(models: Path, tmp_path: Path, frozen: bool) -> None:
    """The trunk's vectors are the masked mean of the model's last hidden states, text by text."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    data = load("synthetic-topics")
    encoder = ENCODERS.build("hf", model=TEXT, max_length=16, frozen=frozen)
    fitted = encoder.fit(data, np.arange(20), tmp_path)
    trunk = fitted.build().eval()
    with torch.no_grad():
        read = trunk(fitted.test.batch(torch.arange(4)))
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
