"""`timm:<model>`: any image encoder of timm."""

from __future__ import annotations

from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from mlbench.datasets import Dataset
from mlbench.errors import ConfigError, did_you_mean
from mlbench.models.base import Backbone, Encoder, Fitted, register_encoder
from mlbench.models.images.augmentation import augment_images
from mlbench.models.images.pixels import image_inputs, split_images, to_unit
from mlbench.models.inputs import Batch
from mlbench.models.preparation import Preparation
from mlbench.models.pretrained.frozen import freeze
from mlbench.models.pretrained.memory_format import is_convolutional
from mlbench.models.pretrained.timm_names import check_patch
from mlbench.models.pretrained.weights import content_of, local_folder
from mlbench.models.vectors import Fronted, bare_vectors


@register_encoder("timm")
class TimmEncoder(Encoder):
    """An image encoder of timm by its name, with its own mean and deviation, its classifier taken off.

    `pretrained` loads its weights: from `weights` (a safetensors or PyTorch file with timm's key names), from
    `$MLBENCH_MODELS/<model>/model.safetensors`, or from the hub. `size` is the side that images are resized
    to (the model's own where not given). `frozen` encodes every sample once, keeps the `vectors` in that
    precision, and trains an adapter only.
    """

    modalities = {"image"}
    exports = True
    augmentations = {"flip", "crop", "randaugment", "cutout+randaugment"}
    precheck = "mlbench.models.pretrained.timm_names:check_options"
    train_defaults = {"epochs": 30, "batch_size": 64, "encoder_lr": 0.0001, "head_lr": 0.001}

    def __init__(
        self,
        model: str,
        pretrained: bool = True,
        frozen: bool = False,
        size: int | None = None,
        weights: str | None = None,
        vectors: Literal["float32", "float16"] = "float32",
    ) -> None:
        import timm

        if not timm.is_model(model):
            raise ConfigError(
                f"encoder 'timm:{model}': no such model{did_you_mean(model, timm.list_models())}"
            )
        self.model, self.pretrained, self.frozen, self.vectors = model, pretrained, frozen, vectors
        self.weights = self._local_weights(weights) if pretrained else None
        self.config: dict[str, Any] = dict(timm.get_pretrained_cfg(model, allow_unregistered=False).to_dict())
        self.size = size or int(self.config["input_size"][-1])

    def _local_weights(self, weights: str | None) -> Path | None:
        if weights is not None:
            given = Path(weights).expanduser()
            if not given.is_file():
                raise ConfigError(f"encoder 'timm:{self.model}': weights {weights!r}: no such file")
            return given
        folder = local_folder(self.model)
        return folder / "model.safetensors" if folder and (folder / "model.safetensors").is_file() else None

    def fit(self, dataset: Dataset, rows: npt.NDArray[np.int64], cache: Path) -> Fitted:
        if not self.frozen:
            return Fitted(*image_inputs(dataset, rows, self.size, cache), build=self._build)
        settings = {
            "timm": self.model,
            "pretrained": self.pretrained,
            "size": self.size,
            "by": version("timm"),
        }
        if self.weights is not None:
            settings["weights"] = content_of([self.weights])
        images = partial(split_images, dataset, size=self.size, cache=cache)
        return freeze(dataset, rows, cache, settings, images, self._build, self.device, self.vectors)

    def preparation(self, dataset: Dataset, rows: npt.NDArray[np.int64], cache: Path) -> Preparation:
        return Preparation("pixels", {"size": self.size})

    def bare(self, preparation: Preparation, folder: Path) -> Backbone:
        network = TimmEncoder(self.model, pretrained=False, size=preparation.settings["size"])._build()
        if not self.frozen:
            return network
        return Fronted(network, bare_vectors(network.dim), half=self.vectors == "float16")

    def front(self, preparation: Preparation) -> Backbone | None:
        return self._build() if self.frozen else None

    def _build(self) -> Backbone:
        import timm

        overlay = {"file": str(self.weights)} if self.weights is not None else None
        sized = {"img_size": self.size} if self._takes_size() else {}
        try:
            network = timm.create_model(
                self.model, pretrained=self.pretrained, pretrained_cfg_overlay=overlay, num_classes=0, **sized
            )
        except (OSError, RuntimeError) as error:
            raise ConfigError(
                f"encoder 'timm:{self.model}': its weights cannot be loaded ({error}); give a file as "
                "`weights`, put model.safetensors in $MLBENCH_MODELS/<model>/, or set pretrained = false"
            ) from error
        patch = getattr(getattr(network, "patch_embed", None), "patch_size", None)
        if patch is not None:
            check_patch(self.model, self.size, max(patch) if isinstance(patch, tuple) else int(patch))
        return TimmBackbone(self.model, network, self.config)

    def _takes_size(self) -> bool:
        """Transformers with a fixed grid of patches are told the size; convolutions take any."""
        own = int(self.config["input_size"][-1])
        return self.size != own and bool(self.config.get("fixed_input_size"))


class TimmBackbone(Backbone):
    """A network of timm by the name `model`, without its classifier."""

    mean: Tensor
    std: Tensor

    def __init__(self, model: str, network: Any, config: dict[str, Any]) -> None:
        super().__init__()
        self.model, self.network = model, network
        self.convolutional = is_convolutional(network)
        if self.convolutional:
            network.to(memory_format=torch.channels_last)
        self.dim = int(
            network.head_hidden_size if hasattr(network, "head_hidden_size") else network.num_features
        )
        self.register_buffer("mean", torch.tensor(config["mean"]).view(1, -1, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(config["std"]).view(1, -1, 1, 1), persistent=False)

    def forward(self, batch: Batch) -> Tensor:
        features: Tensor = self.network(self.normalise(batch[0]))
        return features

    def normalise(self, images: Tensor) -> Tensor:
        """uint8 [B, H, W, C] as the network takes them, [B, 3, H, W]."""
        normalised = (to_unit(images) - self.mean) / self.std
        return normalised.contiguous(memory_format=torch.channels_last) if self.convolutional else normalised

    def parameters_by_depth(self) -> list[list[nn.Parameter]]:
        from timm.models import group_parameters

        named = dict(self.network.named_parameters())
        layers = group_parameters(self.network, self.network.group_matcher(coarse=False))
        return [[named[name] for name in layers[depth]] for depth in sorted(layers)]

    def checkpoint_gradients(self) -> None:
        """As the network does it itself; its batch norms then move their running statistics twice a step."""
        try:
            self.network.set_grad_checkpointing()
        except (AttributeError, AssertionError):
            super().checkpoint_gradients()

    def augment(self, batch: Batch, generator: torch.Generator, how: str) -> Batch:
        return augment_images(batch, generator, how)
