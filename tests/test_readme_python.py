"""The pieces of Python in the README run as they stand, where their library is there."""

import re
from pathlib import Path
from typing import Any

import pytest

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def piece(name: str) -> dict[str, Any]:
    """What the names of a marked piece are after it has run."""
    found = re.search(rf"<!-- {name} -->\n```python\n(.*?)```", README, re.DOTALL)
    assert found, f"README has no piece of Python marked {name!r}"
    names: dict[str, Any] = {}
    exec(compile(found[1], f"README, {name}", "exec"), names)
    return names


def test_a_loop_of_ones_own() -> None:
    names = piece("own loop")
    assert names["loss"](names["model"](names["inputs"]), names["targets"]).isfinite()


def test_a_trainer_of_transformers() -> None:
    pytest.importorskip("transformers")
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    trainer = piece("trainer")["LossTrainer"]
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8}
    model = BertForSequenceClassification(BertConfig(vocab_size=10, num_labels=3, **sizes))
    inputs = {"input_ids": torch.ones((4, 5), dtype=torch.long), "labels": torch.eye(4, 3)}
    value, outputs = trainer.compute_loss(trainer.__new__(trainer), model, inputs, return_outputs=True)
    value.backward()
    assert outputs.logits.shape == (4, 3)
    assert model.classifier.weight.grad.isfinite().all()


def test_a_module_of_lightning() -> None:
    pytest.importorskip("lightning")
    import torch

    module = piece("lightning")["Classifier"](torch.nn.Linear(4, 3))
    module.training_step((torch.randn(6, 4), torch.eye(6, 3)), 0).backward()
    assert module.network.weight.grad.isfinite().all()


@pytest.mark.parametrize("name", ["try_data", "run_suite", "make_report", "load_records", "load_scores"])
def test_what_the_readme_calls_is_public(name: str) -> None:
    import mlbench

    assert f"mlbench.{name}(" in README
    assert name in mlbench.__all__
    assert callable(getattr(mlbench, name))
