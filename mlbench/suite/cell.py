"""A cell: one training run, and the hash that names its result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mlbench.registry import DATASETS, ENCODERS, LOSSES
from mlbench.suite.protocol import Protocol
from mlbench.version import TRAINING_VERSION


@dataclass(frozen=True)
class LossChoice:
    """A loss as a suite picked it; `id` is what tables call it, `parameters` are all spelled out.

    repeats: the id of the loss that this is once more under other seeds; it never counts as a loss of its own.
    """

    name: str
    id: str
    parameters: Mapping[str, Any]
    repeats: str | None = None

    def describe(self) -> dict[str, Any]:
        """The `loss` of a cell's description."""
        again = {} if self.repeats is None else {"repeats": self.repeats}
        return {"name": self.name, "id": self.id, "parameters": dict(self.parameters), **again}

    def under(self, protocol: Protocol) -> LossChoice:
        """With the protocol's `reduction`, where the loss has one and the suite leaves it open."""
        if self.parameters.get("reduction", "") is not None:
            return self
        return replace(self, parameters={**self.parameters, "reduction": protocol.reduction})

    def identity_of(self, protocol: Protocol) -> dict[str, Any]:
        """What of the protocol can change a result of this loss: for a built-in one that takes no memory the queue is
        none. Of a loss that is not built in the source may not show what it accepts."""
        identity, declared = protocol.identity(), LOSSES.describe(self.name)
        if declared.origin == "built in" and "memory" not in declared.attributes.get("accepts", ()):
            identity["queue"] = 0
            identity.pop("momentum", None)
        return identity


@dataclass(frozen=True)
class Trial:
    """Which of its loss's trials on one dataset a cell is, or whose values it was trained anew with, if it is `final`.

    The first, number 0, has the suite's own values. of: how many every loss gets. seeds: those that trials are trained
    on. fraction: where they are; None for that of the cell itself. sequence: of random draws. untuned: of what was
    drawn, its place in a cell's description and the suite's own value. edges: which of these places hold a value at an
    edge of what could be drawn. spared: as untuned, of what a trial does without since nobody reads it, and of what its
    final has otherwise.
    """

    number: int
    of: int
    seeds: tuple[int, ...]
    fraction: float | int | None = None
    sequence: int = 0
    untuned: tuple[tuple[str, Any], ...] = ()
    edges: tuple[str, ...] = ()
    spared: tuple[tuple[str, Any], ...] = ()
    final: bool = False

    def describe(self) -> dict[str, Any]:
        """Plain values, as they stand in a record."""
        plain = {name: getattr(self, name) for name in ("number", "of", "fraction", "final")}
        lists = {name: list(getattr(self, name)) for name in ("seeds", "edges")}
        pairs = {name: [list(pair) for pair in getattr(self, name)] for name in ("untuned", "spared")}
        sequence = {"sequence": self.sequence} if self.sequence else {}
        return {**plain, **lists, **pairs, **sequence}

    @classmethod
    def read(cls, description: Mapping[str, Any]) -> Trial:
        """What `describe` described."""
        lists = {name: tuple(description[name]) for name in ("seeds", "edges")}
        pairs = {
            name: tuple((place, value) for place, value in description[name])
            for name in ("untuned", "spared")
        }
        return cls(**{**description, **lists, **pairs})


@dataclass(frozen=True)
class Cell:
    """Dataset, fraction, seed, encoder, loss and protocol: everything that decides a result."""

    suite: str
    dataset: str
    loader: str
    dataset_parameters: Mapping[str, Any]
    fraction: float | int
    seed: int
    encoder: str
    encoder_options: Mapping[str, Any]
    loss: LossChoice
    train: Protocol = field(repr=False)
    trial: Trial | None = None

    def describe(self) -> dict[str, Any]:
        """The `cell` of a record; `trial` stands in it where the suite is tuned."""
        tuned = {} if self.trial is None else {"trial": self.trial.describe()}
        return {
            "dataset": self.dataset,
            "loader": self.loader,
            "dataset_parameters": dict(self.dataset_parameters),
            "fraction": self.fraction,
            "seed": self.seed,
            "encoder": self.encoder,
            "encoder_options": dict(self.encoder_options),
            "loss": self.loss.describe(),
            "train": self.train.model_dump(),
            **tuned,
        }

    def give_names(self, description: dict[str, Any]) -> None:
        """Give the description of a cell of the same id the names that this suite has for it, and the queue that a loss
        without memory does not use: it is no part of the id, and tables tell datasets of two queues apart."""
        description["dataset"] = self.dataset
        named = {key: value for key, value in self.loss.describe().items() if key != "parameters"}
        description["loss"] = {"parameters": description["loss"]["parameters"], **named}
        description["train"]["queue"] = self.train.queue
        description.pop("trial", None)
        if self.trial is not None:
            description["trial"] = self.trial.describe()

    def has_names(self, description: Mapping[str, Any]) -> bool:
        """Whether it has these names, and this queue."""
        trial = None if self.trial is None else self.trial.describe()
        loss = description["loss"]
        names = description["dataset"], loss["id"], loss.get("repeats"), description.get("trial")
        queue = description.get("train", {}).get("queue", self.train.queue)
        own = self.dataset, self.loss.id, self.loss.repeats, trial
        return (*names, queue) == (*own, self.train.queue)

    @property
    def is_trial(self) -> bool:
        """Whether it is trained for a choice alone: nobody reads more of it than its score on validation."""
        return self.trial is not None and not self.trial.final

    @property
    def stream_seed(self) -> int:
        """The seed of the draw of rows and of every random stream of training."""
        return self.seed + self.train.seed_shift

    def id(self, fingerprint: str) -> str:
        """The cell's name in the store: 20 hexadecimal digits of a SHA-256.

        It covers what can change the result and nothing else: what was added since, as a key of `[train]`, a parameter
        of a loss or an option of an encoder, is left out at the value that means what was done before. The data
        stand in it by their `fingerprint`, the code by TRAINING_VERSION and the `version` of loss, encoder and probe
        loss, each that is not built in by a hash of its source too. Which trial a cell is does not matter, only the
        values that it has.
        """
        parts = {
            "loss": LOSSES.describe(self.loss.name),
            "encoder": ENCODERS.describe(self.encoder.partition(":")[0]),
            "probe": LOSSES.describe(self.train.probe_loss),
        }
        identity = {
            "data": fingerprint,
            "fraction": float(self.fraction) if self.fraction <= 1 else int(self.fraction),
            "seed": self.seed,
            "encoder": self.encoder,
            "encoder_options": parts["encoder"].identity(self.encoder_options),
            "loss": [self.loss.name, parts["loss"].identity(self.loss.parameters)],
            "train": self.loss.identity_of(self.train),
            "training": TRAINING_VERSION,
            "code": {part: declared.code for part, declared in parts.items()},
        }
        text = json.dumps(identity, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:20]

    @property
    def loose(self) -> str:
        """The files of somebody's own code that its training runs; "" where all is built in."""
        found = {
            LOSSES.loose(self.loss.name),
            LOSSES.loose(self.train.probe_loss),
            ENCODERS.loose(self.encoder.partition(":")[0]),
            DATASETS.loose(self.loader),
        }
        return " ".join(sorted(found - {""}))

    def __str__(self) -> str:
        return f"{self.dataset} · {self.fraction:g} · seed {self.seed} · {self.loss.id}{self.stage}"

    @property
    def stage(self) -> str:
        """` · trial 3`, ` · final`; nothing where the suite is not tuned."""
        return stage_of(None if self.trial is None else self.trial.describe())


def stage_of(trial: Mapping[str, Any] | None) -> str:
    """As `Cell.stage`, of the `trial` of a cell's description."""
    if not trial:
        return ""
    return " · final" if trial.get("final") else f" · trial {trial['number']}"
