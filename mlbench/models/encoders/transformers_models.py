"""`hf:<model>`: any text encoder of transformers, by hub id or local folder."""

from __future__ import annotations

import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from mlbench.datasets import Dataset
from mlbench.datasets.cache import Cache
from mlbench.errors import ConfigError
from mlbench.models.base import Backbone, Encoder, Fitted, register_encoder
from mlbench.models.inputs import Batch, InputRows, Inputs, Tokens
from mlbench.models.preparation import Preparation
from mlbench.models.pretrained.depth import by_depth
from mlbench.models.pretrained.frozen import freeze
from mlbench.models.pretrained.positions import check_length
from mlbench.models.pretrained.weights import content_of, local_folder, offline_options
from mlbench.models.vectors import Fronted, bare_vectors


@register_encoder("hf")
class TransformersEncoder(Encoder):
    """A text encoder of transformers: a hub id, a local folder, or the name of a folder in $MLBENCH_MODELS.

    `pooling` makes one vector of a text's tokens: their `mean`, the first (`cls`), or the model's own
    `pooler`. Texts are cut to `max_length` tokens and tokenised once. `frozen` encodes every sample once, keeps
    the `vectors` in that precision, and trains an adapter only. Only safetensors are loaded, and no code that
    comes with a model is run.
    """

    modalities = {"text"}
    exports = True
    noisy = True
    precheck = "mlbench.models.pretrained.hf_names:check_options"
    train_defaults = {
        "epochs": 10,
        "batch_size": 32,
        "encoder_lr": 3e-5,
        "head_lr": 0.001,
        "group_by_length": True,
    }

    def __init__(
        self,
        model: str,
        pooling: Literal["mean", "cls", "pooler"] = "mean",
        max_length: int = 128,
        frozen: bool = False,
        pretrained: bool = True,
        vectors: Literal["float32", "float16"] = "float32",
    ) -> None:
        self.name, self.pooling, self.max_length = model, pooling, max_length
        self.frozen, self.pretrained, self.vectors = frozen, pretrained, vectors
        self.source = str(local_folder(model) or model)

    def fit(self, dataset: Dataset, rows: npt.NDArray[np.int64], cache: Path) -> Fitted:
        tokeniser = self._load_tokeniser()
        if local_folder(self.name) is None:
            # Of a local folder `precheck` has read it.
            from transformers import AutoConfig

            config = self._load(AutoConfig.from_pretrained, "configuration")
            check_length(self.name, config.to_dict(), self.max_length)
        settings = {
            "hf": self.name,
            "max_length": self.max_length,
            "size": len(tokeniser),
            "by": [version("transformers"), version("tokenizers")],
        }
        if (folder := local_folder(self.name)) is not None:
            settings["files"] = content_of(file for file in folder.iterdir() if file.is_file())

        def tokens(split: str) -> Inputs:
            return self._tokenise(tokeniser, dataset, split, cache, settings)

        if self.frozen:
            pooled = {**settings, "pooling": self.pooling, "pretrained": self.pretrained}
            return freeze(dataset, rows, cache, pooled, tokens, self._build, self.device, self.vectors)
        train = InputRows(tokens("train"), torch.from_numpy(rows))
        return Fitted(train, tokens("validation"), tokens("test"), build=self._build)

    def preparation(self, dataset: Dataset, rows: npt.NDArray[np.int64], cache: Path) -> Preparation:
        from transformers import AutoConfig

        with tempfile.TemporaryDirectory() as folder:
            self._load_tokeniser().save_pretrained(folder)
            self._load(AutoConfig.from_pretrained, "configuration").save_pretrained(folder)
            files = {
                str(file.relative_to(folder)): file.read_bytes()
                for file in sorted(Path(folder).rglob("*"))
                if file.is_file()
            }
        return Preparation("tokens", {"max_length": self.max_length}, files=files)

    def bare(self, preparation: Preparation, folder: Path) -> Backbone:
        # A configuration may name half precision, in which no training here keeps weights.
        network = TransformersEncoder(str(folder), self.pooling, pretrained=False)._build().float()
        if not self.frozen:
            return network
        return Fronted(network, bare_vectors(network.dim), half=self.vectors == "float16")

    def front(self, preparation: Preparation) -> Backbone | None:
        return self._build() if self.frozen else None

    def _tokenise(
        self,
        tokeniser: Any,
        dataset: Dataset,
        split: str,
        cache: Path,
        settings: dict[str, Any],
    ) -> Tokens:
        """One split's token ids, tokenised once per (dataset, tokeniser, max_length) and kept on disk."""
        encoded: list[list[list[int]]] = []

        def compute(part: str) -> npt.NDArray[Any]:
            if not encoded:
                texts = list(dataset.splits[split].inputs)
                encoded.append(tokeniser(texts, truncation=True, max_length=self.max_length)["input_ids"])
            if part == "lengths":
                return np.array([len(ids) for ids in encoded[0]], dtype=np.int64)
            return np.concatenate([np.array(ids, dtype=np.int32) for ids in encoded[0]])

        kept, key = Cache(cache), {"tokens": settings, "split": split, "data": dataset.fingerprint}
        lengths = kept.array({**key, "part": "lengths"}, lambda: compute("lengths"))
        ids = kept.array({**key, "part": "ids"}, lambda: compute("ids"))
        starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        return Tokens(starts, ids, int(tokeniser.pad_token_id or 0))

    def _load_tokeniser(self) -> Any:
        from transformers import AutoTokenizer

        return self._load(AutoTokenizer.from_pretrained, "tokeniser", use_fast=True)

    def _build(self) -> Backbone:
        from transformers import AutoConfig, AutoModel

        if self.pretrained:
            network = self._load(
                AutoModel.from_pretrained, "weights", use_safetensors=True, dtype=torch.float32
            )
        else:
            network = AutoModel.from_config(self._load(AutoConfig.from_pretrained, "configuration"))
        if self.pooling == "pooler" and getattr(network, "pooler", None) is None:
            raise ConfigError(f"encoder 'hf:{self.name}' has no pooler; use pooling = 'mean' or 'cls'")
        return TextBackbone(network, self.pooling)

    def _load(self, load: Any, what: str, **options: Any) -> Any:
        from transformers.utils import logging

        logging.disable_progress_bar()
        try:
            if local_folder(self.name) is None:
                options |= offline_options(self.name)
            return load(self.source, trust_remote_code=False, **options)
        except (OSError, ValueError) as error:
            first = str(error).strip().splitlines()[0]
            raise ConfigError(
                f"encoder 'hf:{self.name}': its {what} cannot be loaded ({first}); name a local folder, "
                "put the folder in $MLBENCH_MODELS, or check the hub id and the network"
            ) from error


_takes_wide: dict[tuple[type, str, str], bool] = {}
"""What `takes_wide_masks` found, by class of network, its kind of attention and its configuration."""


def takes_wide_masks(network: Any) -> bool:
    """Whether the network takes a mask [B, 1, 1, T] for one [B, T], and gives the same for it.

    Given [B, T], transformers asks on the device whether anything is masked at all, and the host waits for the answer
    at every batch. A mask that has the shape that attention wants goes through unread. It must not where a network
    makes something of its own of the mask, such as a sliding window: so only networks that make no other mask than
    transformers' own for attention in both directions are asked, once for a configuration, with two short texts: the
    same class may look back alone, as a decoder.
    """
    kind = str(getattr(network.config, "_attn_implementation", ""))
    key = type(network), kind, str(network.config.to_json_string())
    makers = {name for name in vars(sys.modules[type(network).__module__]) if name.startswith("create_")}
    if "create_bidirectional_mask" not in makers or any(
        "window" in name or "chunk" in name for name in makers
    ):
        return False
    if key not in _takes_wide:
        ids, mask = torch.tensor([[1, 2, 3], [1, 2, 0]]), torch.tensor([[True] * 3, [True, True, False]])
        ids, mask = ids.to(network.device), mask.to(network.device)
        training = network.training
        network.eval()
        try:
            with torch.no_grad():
                narrow = network(input_ids=ids, attention_mask=mask).last_hidden_state[mask]
                wide = network(input_ids=ids, attention_mask=mask[:, None, None, :]).last_hidden_state[mask]
            _takes_wide[key] = bool(torch.allclose(narrow, wide, rtol=1e-4, atol=1e-5))
        except (TypeError, ValueError, IndexError, RuntimeError, AttributeError):
            _takes_wide[key] = False
        network.train(training)
    return _takes_wide[key]


class TextBackbone(Backbone):
    """A network of transformers, and how one vector is made of a text's hidden states."""

    def __init__(self, network: Any, pooling: str) -> None:
        super().__init__()
        self.network, self.pooling = network, pooling
        self.dim = int(network.config.hidden_size)
        self.takes_wide_masks = takes_wide_masks(network)

    def parameters_by_depth(self) -> list[list[nn.Parameter]]:
        return by_depth(self.network)

    def checkpoint_gradients(self) -> None:
        if not self.network.supports_gradient_checkpointing:
            super().checkpoint_gradients()
        # Renamed in transformers 5.
        enable = getattr(self.network, "activation_checkpointing_enable", None)
        (enable or self.network.gradient_checkpointing_enable)({"use_reentrant": False})

    def forward(self, batch: Batch) -> Tensor:
        ids, mask = batch if len(batch) == 2 else (*batch, None)
        shaped = mask[:, None, None, :] if mask is not None and self.takes_wide_masks else mask
        output = self.network(input_ids=ids, attention_mask=shaped)
        if self.pooling == "pooler":
            pooled: Tensor = output.pooler_output
            return pooled
        hidden: Tensor = output.last_hidden_state
        if self.pooling == "cls":
            return hidden[:, 0]
        if mask is None:
            return hidden.mean(dim=1)
        weight = mask.unsqueeze(-1).to(hidden.dtype)
        return (hidden * weight).sum(dim=1) / weight.sum(dim=1).clamp_min(1)
