"""`[train]`: how a cell is trained, one and the same for every loss of a suite."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

_UNITS = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


def duration(value: Any) -> float:
    """Seconds, from a number or from text such as "90s", "15m", "2h" or "1.5d"."""
    if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
        return float(value)
    match = re.fullmatch(r"\s*([0-9]*\.?[0-9]+)\s*([a-z]*)\s*", str(value).lower())
    if match and float(match[1]) > 0 and (match[2] or "s") in _UNITS:
        return float(match[1]) * _UNITS[match[2] or "s"]
    raise ValueError(f"{value!r} is not a duration; write seconds, or text such as '90s', '15m', '2h'")


Duration = Annotated[float, BeforeValidator(duration)]


@dataclass(frozen=True)
class Before:
    """Marks a later key of `[train]` with the value that means what was done before the key existed.

    At that value the key is no part of a cell's id, so that it orphans no record made without it. Every key that is
    added has one.
    """

    value: Any


class Protocol(BaseModel):
    """The values of `[train]`. Defaults are those of mlbench; an encoder may bring others of its own
    (`train_defaults`), the suite overrides both, and a dataset of the suite may override the suite."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    epochs: int = Field(20, ge=1, description="passes over the training rows, raised to reach `min_steps`")
    min_steps: int = Field(300, ge=0, description="updates that every cell makes at least")
    batch_size: int = Field(128, ge=1, description="rows of one update, cut to the rows there are")
    optimiser: Literal["adamw", "adam", "sgd"] = Field(
        "adamw",
        description="adamw: scale-free, its decay decoupled; for papers' recipes adam, its decay coupled, and sgd with "
        "momentum 0.9: under these a loss's scale plays a part",
    )
    encoder_lr: float = Field(1e-3, gt=0, description="peak learning rate of the encoder")
    head_lr: float = Field(1e-3, gt=0, description="peak learning rate of adapter, heads and the loss itself")
    weight_decay: float = Field(0.01, ge=0, description="never on biases, norms and embeddings")
    layer_decay: float | None = Field(
        None,
        gt=0,
        le=1,
        description="the encoder's rate is multiplied by this from each layer to the one below",
    )
    schedule: Literal["cosine", "constant", "onecycle"] = Field("cosine", description="after the warm-up")
    warmup: float = Field(0.05, ge=0, lt=1, description="share of the updates in which the rates rise")
    clip_norm: float | None = Field(None, gt=0, description="gradient norm clipped to this; off by default")
    precision: Literal["float32", "bf16", "fp16"] = Field(
        "float32", description="of the backbone; losses see float32"
    )
    micro_batch: int | None = Field(
        None, ge=1, description="rows that the device takes at once, for losses whose batch may be split"
    )
    gradient_checkpointing: bool = Field(False, description="activations are computed twice to save memory")
    compile: bool = Field(False, description="the encoder goes through torch.compile, once per architecture")
    group_by_length: bool = Field(False, description="texts of like length share a batch")
    ema: float | None = Field(
        None, gt=0, lt=1, description="decay of the averaged weights that are scored, smaller at first"
    )
    reduction: Literal["mean", "batchmean", "sum"] = Field(
        "batchmean", description="given to every loss that takes one"
    )
    select: Literal["best", "last"] = Field("best", description="which point of the schedule counts")
    select_metric: Literal["map", "ap_micro", "lrap", "f1_micro@label", "f1_macro@label"] = Field(
        "map", description="on validation, for `select`; thresholds are tuned on its other half"
    )
    evaluations: int = Field(5, ge=1, description="points at which validation is scored")
    head_bias: Annotated[Literal["prior", "zero"], Before("zero")] = Field(
        "prior", description="where logits start: the labels' log-odds in the training rows, or about 0"
    )
    unknown: Annotated[Literal["ignore", "negative", "positive"], Before("ignore")] = Field(
        "ignore",
        description="training entries that the data leave open; as negatives, where a loss cannot ignore them",
    )
    probe: Literal["all", "needed"] = Field("all", description="which cells the linear probe reads")
    bootstrap: Annotated[bool, Before(True)] = Field(
        True, description="whether replicates of the main metrics are kept, for intervals within a dataset"
    )
    probe_steps: int = Field(500, ge=1, description="updates of the linear probe")
    probe_loss: str = Field(
        "bce", description="the loss that trains the probe; logits only, sample by sample"
    )
    adapter_width: int = Field(512, ge=1, description="of the two-layer adapter over frozen vectors")
    projection_dim: int = Field(256, ge=1, description="P, of embeddings, prototypes and label embeddings")
    augmentation: Literal["none", "flip", "crop", "randaugment", "cutout+randaugment"] = Field(
        "none", description="of training images, as far as the encoder knows it"
    )
    views: int = Field(
        1, ge=1, description="copies of each row in a batch, made different by augmentation or dropout"
    )
    queue: int = Field(
        0,
        ge=0,
        description="rows of the cross-batch memory, for losses that accept one; as many as there are",
    )
    momentum: Annotated[float | None, Before(None)] = Field(
        None,
        gt=0,
        lt=1,
        description="of the slow copy of the model whose embeddings fill the queue; the model's own where not given",
    )
    validation: Literal["full", "fraction"] = Field("full", description="whether fractions cut it too")
    deterministic: bool = Field(True, description="as far as PyTorch can on the device")
    seed_shift: Annotated[int, Before(0)] = Field(
        0,
        ge=0,
        description="added to the seed of every random stream; the cell keeps the seed that pairs it with others",
    )
    threads: int | None = Field(None, ge=1, description="of one cell; cores ÷ jobs where not given")
    time_limit: Duration | None = Field(None, description="of one cell, in seconds")

    def epochs_over(self, rows: int) -> int:
        """Passes over `rows` training rows: `epochs`, raised until `min_steps` updates are made."""
        updates = math.ceil(rows / min(self.batch_size, rows))
        return max(self.epochs, math.ceil(self.min_steps / updates))

    def identity(self) -> dict[str, Any]:
        """What of this can change a result: all but threads and time limit, and the reduction, which stands in the
        parameters of the losses that take one. Later keys are left out where they change nothing, see Before."""
        values = self.model_dump(exclude={"threads", "time_limit", "reduction"})
        before = self.before()
        return {name: value for name, value in values.items() if name not in before or value != before[name]}

    @classmethod
    def before(cls) -> dict[str, Any]:
        """The value of each key that was added later which means what was done before it existed."""
        return {
            name: mark.value
            for name, key in cls.model_fields.items()
            for mark in key.metadata
            if isinstance(mark, Before)
        }
