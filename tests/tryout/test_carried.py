"""The encoders that a machine carries, by folders that hold no real weights."""

from pathlib import Path

import pytest

from mlbench.tryout.carried import image_encoders, text_encoders


def _model(folder: Path, size: int) -> None:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(bytes(size))


def test_sentence_encoders_and_timm_models_are_found_in_the_folder_and_in_the_hubs_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLBENCH_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    assert text_encoders() == image_encoders() == []
    _model(tmp_path / "models" / "all-MiniLM-L12-v2", 30)
    _model(tmp_path / "models" / "bert-base-uncased", 10)
    _model(tmp_path / "models" / "resnet18", 20)
    _model(tmp_path / "hub" / "models--intfloat--multilingual-e5-small" / "snapshots" / "abc", 20)
    _model(tmp_path / "hub" / "models--timm--resnet50.a1_in1k" / "snapshots" / "abc", 40)
    texts = text_encoders()
    assert [each.name for each in texts] == ["hf:intfloat/multilingual-e5-small", "hf:all-MiniLM-L12-v2"]
    assert [each.many_languages for each in texts] == [True, False]
    assert [each.name for each in image_encoders()] == ["timm:resnet18", "timm:resnet50.a1_in1k"]


def test_weights_that_can_run_code_and_folders_without_any_are_no_encoders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLBENCH_MODELS", str(tmp_path))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    _model(tmp_path / "a-minilm", 10)
    (tmp_path / "a-minilm" / "model.safetensors").rename(tmp_path / "a-minilm" / "pytorch_model.bin")
    assert text_encoders() == []
