"""Text encoders of transformers: what the protocol's options do to them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from torch import Tensor

from mlbench import LabelStats
from mlbench.errors import ConfigError
from mlbench.models.base import Backbone
from mlbench.models.encoders.transformers_models import TextBackbone, takes_wide_masks
from mlbench.registry import ENCODERS
from mlbench.training import CellResult, run_cell
from tests.models.encoders.tiny_bert import save_tiny_bert
from tests.training.cells import load, make_cell

STATS = LabelStats(torch.arange(8), 30)


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(save_tiny_bert(tmp_path_factory.mktemp("bert"), load("synthetic-topics").train.inputs))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def run(
    bert: str, cache: Path, loss: str = "bce", options: dict[str, Any] | None = None, **train: Any
) -> CellResult:
    encoder = {"name": f"hf:{bert}", "max_length": 24, **(options or {})}
    train = {"encoder_lr": 1e-3, "min_steps": 8, "epochs": 1, **train}
    return run_cell(
        make_cell(loss, "synthetic-topics", encoder=encoder, **train),
        load("synthetic-topics"),
        cache_dir=cache,
    )


def backbone(bert: str) -> Backbone:
    encoder = ENCODERS.build("hf", model=bert)
    built: Backbone = encoder._build()
    return built


def test_checkpointed_gradients_are_the_same_gradients(bert: str, cache: Path) -> None:
    plain, saved = run(bert, cache), run(bert, cache, gradient_checkpointing=True)
    np.testing.assert_allclose(saved.scores["test_logits"], plain.scores["test_logits"], rtol=1e-4, atol=1e-5)


def test_gradient_checkpointing_is_used(bert: str) -> None:
    built = backbone(bert)
    built.checkpoint_gradients()
    assert any(getattr(module, "gradient_checkpointing", False) for module in built.modules())


def test_an_encoder_that_cannot_checkpoint_says_so() -> None:
    with pytest.raises(ConfigError, match="gradient_checkpointing = false"):
        run_cell(make_cell(gradient_checkpointing=True), load("synthetic-features"))


def test_parameters_by_depth_are_all_parameters_from_input_to_output(bert: str) -> None:
    built = backbone(bert)
    layers = built.parameters_by_depth()
    assert len(layers) == 1 + 2 + 1  # embeddings, two blocks, pooler
    flat = [id(parameter) for layer in layers for parameter in layer]
    assert sorted(flat) == sorted(id(parameter) for parameter in built.parameters())
    names = {id(parameter): name for name, parameter in built.named_parameters()}
    assert all("embeddings" in names[id(parameter)] for parameter in layers[0])
    assert all("layer.1." in names[id(parameter)] for parameter in layers[2])


def test_layer_decay_lowers_the_rate_of_lower_layers(bert: str, cache: Path) -> None:
    from mlbench.losses.bce import BinaryCrossEntropy
    from mlbench.models.model import Model
    from mlbench.suite import Protocol
    from mlbench.training.optimisers import Optimisers
    from mlbench.training.schedule import Schedule
    from mlbench.training.streams import Streams

    protocol = Protocol.model_validate({"encoder_lr": 0.5, "head_lr": 2.0, "layer_decay": 0.1})
    encoder = ENCODERS.build("hf", model=bert, max_length=8)
    fitted = encoder.fit(load("synthetic-topics"), np.arange(10), cache)
    model = Model.build(fitted, BinaryCrossEntropy(), STATS, protocol, Streams(0).as_global)
    optimisers = Optimisers(model, BinaryCrossEntropy(), protocol, Schedule.of(protocol, 10))
    rates = {id(p): group["lr"] for group in optimisers.all[0].param_groups for p in group["params"]}
    for depth, layer in enumerate(model.backbone.parameters_by_depth()):
        for parameter in layer:
            assert rates[id(parameter)] == pytest.approx(0.5 * 0.1 ** (3 - depth))
    assert {rates[id(parameter)] for parameter in model.heads.parameters()} == {2.0}


def test_two_dropout_passes_are_two_views(bert: str, cache: Path) -> None:
    result = run(bert, cache, "supcon", views=2)
    assert np.isfinite(result.scores["test_logits"]).all()
    built = backbone(bert).train()
    assert built.is_noisy
    ids = torch.full((1, 6), 5)
    both = built((ids.repeat(2, 1), torch.ones(2, 6, dtype=torch.bool)))
    assert not torch.allclose(both[0], both[1])


def test_views_that_nothing_makes_differ_are_refused() -> None:
    with pytest.raises(
        ConfigError, match=r"train.views: encoder 'bag' has no dropout.*2 views.*set train.augmentation"
    ):
        make_cell("supcon", "synthetic-topics", views=2)


def test_a_model_without_dropout_makes_no_views(tmp_path: Path, cache: Path) -> None:
    """The configuration alone says so, so this shows when the cell starts."""
    quiet = save_tiny_bert(tmp_path, load("synthetic-topics").train.inputs, dropout=0.0)
    with pytest.raises(ConfigError, match="has no dropout that would make the views of a row differ"):
        run(str(quiet), cache, "supcon", views=2)


def test_rows_grouped_by_length_are_the_default_for_text(bert: str) -> None:
    cell = make_cell("bce", "synthetic-topics", encoder=f"hf:{bert}")
    assert cell.train.group_by_length
    assert not make_cell("bce", "synthetic-topics").train.group_by_length


def test_predictions_keep_the_order_of_the_rows(bert: str, cache: Path) -> None:
    """They are made in batches of like length."""
    from mlbench.losses.bce import BinaryCrossEntropy
    from mlbench.models.model import Model
    from mlbench.suite import Protocol
    from mlbench.training.scoring.scorer import predict_features
    from mlbench.training.streams import Streams

    data = load("synthetic-topics")
    encoder = ENCODERS.build("hf", model=bert, max_length=24)
    fitted = encoder.fit(data, np.arange(len(data.train)), cache)
    model = Model.build(
        fitted, BinaryCrossEntropy(), STATS, Protocol.model_validate({}), Streams(0).as_global
    ).eval()
    together = predict_features(model, fitted.train, torch.device("cpu"), batch_size=16)
    some = torch.tensor([7, 3, 200])
    with torch.no_grad():
        one_by_one = torch.cat([model.features(fitted.train.batch(row[None])) for row in some])
    torch.testing.assert_close(together[some], one_by_one, rtol=1e-4, atol=1e-5)
    chosen = predict_features(model, fitted.train, torch.device("cpu"), some)
    torch.testing.assert_close(chosen, one_by_one, rtol=1e-4, atol=1e-5)


def test_a_text_is_encoded_alike_with_padding_and_without(bert: str) -> None:
    """No mask, a mask [B, T] and one [B, 1, 1, T] give a text the same features."""
    built = backbone(bert).eval()
    assert isinstance(built, TextBackbone)
    assert built.takes_wide_masks
    text = torch.tensor([[5, 6, 7]])
    padded, mask = torch.tensor([[5, 6, 7, 0, 0]]), torch.tensor([[True, True, True, False, False]])
    for pooling in ("mean", "cls", "pooler"):
        built.pooling = pooling
        alone, wide = built((text,)), built((padded, mask))
        built.takes_wide_masks = False
        narrow = built((padded, mask))
        built.takes_wide_masks = True
        torch.testing.assert_close(wide, alone, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(narrow, alone, rtol=1e-4, atol=1e-5)


def test_no_mask_is_read_on_the_device(bert: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each question to a mask would be a wait for the GPU."""
    built = backbone(bert).train()
    asked: list[Tensor] = []
    monkeypatch.setattr(Tensor, "all", lambda self, *_: asked.append(self))
    monkeypatch.setattr(Tensor, "__bool__", lambda self: asked.append(self))
    built((torch.tensor([[5, 6], [7, 0]]), torch.tensor([[True, True], [True, False]])))
    built((torch.tensor([[5, 6], [7, 8]]),))
    assert asked == []


@pytest.mark.parametrize("kind", ["Bert", "Roberta", "Electra", "MPNet", "DebertaV2"])
def test_networks_give_the_same_with_and_without_padding(kind: str) -> None:
    """Whatever a network makes of masks, and whether or not it takes wide ones."""
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    config = getattr(transformers, f"{kind}Config")(vocab_size=50, pad_token_id=0, **sizes)
    built = TextBackbone(transformers.AutoModel.from_config(config), "mean").eval()
    text, padded = torch.tensor([[5, 6, 7]]), torch.tensor([[5, 6, 7, 0, 0]])
    found = built((padded, torch.tensor([[True, True, True, False, False]])))
    torch.testing.assert_close(found, built((text,)), rtol=1e-4, atol=1e-5)


def test_a_network_with_a_sliding_window_makes_its_own_mask() -> None:
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    special = dict.fromkeys((f"{name}_token_id" for name in ("pad", "bos", "eos", "cls", "sep")), 0)
    config = transformers.ModernBertConfig(vocab_size=50, **sizes, **special)
    assert not takes_wide_masks(transformers.AutoModel.from_config(config))


def test_each_configuration_of_a_network_is_asked_for_itself() -> None:
    """A decoder is of the same class as an encoder, and a mask that it takes unread would let it look ahead."""
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    found = [
        takes_wide_masks(
            transformers.AutoModel.from_config(
                transformers.BertConfig(vocab_size=50, is_decoder=decodes, **sizes)
            )
        )
        for decodes in (False, True)
    ]
    assert found == [True, False]
