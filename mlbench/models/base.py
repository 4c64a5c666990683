"""What an encoder is: a recipe that is fitted to a dataset and then gives freshly initialised backbones."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from mlbench.datasets import Dataset
from mlbench.errors import ConfigError
from mlbench.models.inputs import Batch, Inputs
from mlbench.models.preparation import Preparation
from mlbench.registry import ENCODERS

register_encoder = ENCODERS.register


class Backbone(nn.Module):
    """The part of a network that turns a batch into features [B, `dim`]."""

    dim: int
    compiles: ClassVar[bool] = True
    """Whether torch.compile knows what it is made of."""

    def forward(self, batch: Batch) -> Tensor:
        raise NotImplementedError

    def augment(self, batch: Batch, generator: torch.Generator, how: str) -> Batch:
        """A changed copy of a training batch; `how` is the protocol's `augmentation`."""
        raise NotImplementedError(f"{type(self).__name__} has no augmentation {how!r}")

    @property
    def is_noisy(self) -> bool:
        """Whether two training passes of one row differ, by dropout: enough to make several views of it."""
        return any(isinstance(module, nn.Dropout) and module.p > 0 for module in self.modules())

    def parameters_by_depth(self) -> list[list[nn.Parameter]]:
        """All parameters by depth, those next to the input first; for layer-wise learning rates."""
        return [list(self.parameters())]

    def checkpoint_gradients(self) -> None:
        """Keep few activations for the backward pass and compute the others again."""
        raise ConfigError("this encoder cannot checkpoint its gradients; set gradient_checkpointing = false")

    def own_optimiser(self) -> torch.optim.Optimizer | None:
        """The optimiser of this backbone's own parameters, where it brings one; else the protocol's is used."""
        return None


@dataclass(frozen=True)
class Fitted:
    """An encoder fitted to one cell's training rows.

    `train` holds those rows alone, in their order. `build` gives a new backbone, initialised from torch's global
    generator. Where `vectors` is True the backbone has nothing to train and an adapter goes on top of it.
    """

    train: Inputs
    validation: Inputs
    test: Inputs
    build: Callable[[], Backbone]
    vectors: bool = False


def rows_digest(rows: npt.NDArray[np.int64]) -> str:
    """A hash of training rows and their order: a name for what is fitted to them."""
    return hashlib.sha256(rows.tobytes()).hexdigest()


class Encoder(ABC):
    """A recipe, built from its options alone. Options are the parameters of `__init__`, all with literal
    defaults but for the `model` that follows the colon of the encoder's name."""

    modalities: ClassVar[AbstractSet[str]]
    """What it can read: "text", "image", "features"."""
    fixed: ClassVar[bool] = False
    """Nothing of it is trained: its vectors come from `fit`, and an adapter goes on top. A literal too."""
    augmentations: ClassVar[AbstractSet[str]] = frozenset()
    """Values of the protocol's `augmentation` that its backbones know, beside "none"; others are refused before
    anything is trained. A literal, like `modalities`."""
    noisy: ClassVar[bool] = False
    """Whether its backbones have dropout, so that two passes of one row are two views of it. A literal too."""
    precheck: ClassVar[str] = ""
    """"module:function": looks at the options before anything is trained, without loading torch, and raises
    ConfigError for what could only fail."""
    train_defaults: ClassVar[Mapping[str, Any]] = {}
    """Values of `[train]` that suit this encoder; a suite overrides them."""
    before: ClassVar[Mapping[str, Any]] = {}
    """The value of each option that was added later under which it does what it did before; see Loss.before."""
    optimiser: ClassVar[str] = ""
    """Where its backbones bring an optimiser of their own: which, and for what, in words that the report prints. A
    literal too."""
    exports: ClassVar[bool] = False
    """Whether what is trained on it can be exported: it has `preparation`, `bare`, and where it needs one `front`. A
    literal too."""
    device: torch.device | str = "cpu"
    """Where `fit` computes what is worth a GPU, such as the vectors of a frozen network: the cell's device, set by
    who fits the encoder. What `fit` gives lies on the CPU all the same."""

    @abstractmethod
    def fit(self, dataset: Dataset, rows: npt.NDArray[np.int64], cache: Path) -> Fitted:
        """Prepare all splits, looking at the training rows `rows` alone.

        Raises ConfigError for a modality or option that does not fit, DataError for a sample that cannot be
        read. `cache` is a folder for what is worth keeping between cells.
        """

    def preparation(self, dataset: Dataset, rows: npt.NDArray[np.int64], cache: Path) -> Preparation:
        """What `fit`, given the same, does to any sample. It may take as long."""
        raise NotImplementedError(f"{type(self).__name__} does not say how samples are prepared")

    def bare(self, preparation: Preparation, folder: Path) -> Backbone:
        """The network from prepared samples to features, of the right shapes and any weights: where the vectors are
        fixed, `Fronted`, or Vectors alone. `folder` holds the files of the preparation."""
        raise NotImplementedError(f"{type(self).__name__} does not say what network it is")

    def front(self, preparation: Preparation) -> Backbone | None:
        """The pretrained network whose outputs are the vectors, with its weights; None where a training keeps all
        weights that there are."""
        return None
