"""The tables that stand in a suite: a loss, a dataset, its encoder, and what is kept of a cell."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")


class StoreOptions(BaseModel):
    """`[store]`: what is kept of a finished cell; no part of its id.

    scores: how precisely. model: whether its weights are kept too, so that `mlbench export` can write them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    scores: Literal["float32", "float16", "none"] = "float32"
    model: bool = False


class LossEntry(BaseModel):
    """A loss of the suite; keys beside these are its parameters."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)
    name: str
    id: str | None = None
    repeats: str | None = Field(
        default=None,
        description="the id of a listed loss, trained once more with its values under seeds of its own: what a "
        "difference of nothing looks like",
    )


class EncoderEntry(BaseModel):
    """The table form of an encoder; keys beside `name` are its options."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)
    name: str


class TunedWith(BaseModel):
    """What trials of tuning are trained with, where that is not what their finals are trained with: settings that were
    found with one encoder, trained anew with another. `train` stands for the suite's whole `[train]`."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    encoder: str | EncoderEntry
    train: dict[str, Any] = Field(default_factory=dict)


class DatasetEntry(BaseModel):
    """A dataset of the suite; keys beside these are parameters of its loader."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)
    name: str
    id: str | None = Field(None, description="what tables call it; the name where not given")
    encoder: str | EncoderEntry | None = Field(None, description="by what the data hold where not given")
    train: dict[str, Any] = Field(default_factory=dict)
    tuned_with: TunedWith | None = Field(
        None, description="encoder and train of the trials, where the finals have others"
    )

    @property
    def parameters(self) -> dict[str, Any]:
        return dict(self.model_extra or {})

    @property
    def shown(self) -> str:
        return self.id or self.name

    @property
    def loader(self) -> str:
        """The registered loader: `own` for data that a path or a hub id names."""
        return "own" if {"path", "hub"} & set(self.parameters) else self.name
