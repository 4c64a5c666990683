"""What all cells of one dataset of a suite share: data, encoder, and the protocol under further values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlbench.code.declarations import Declaration
from mlbench.errors import ConfigError
from mlbench.registry import DATASETS, ENCODERS
from mlbench.suite.defaults import encoder_of
from mlbench.suite.entries import SAFE_NAME, DatasetEntry, EncoderEntry
from mlbench.suite.hiding import split_hiding
from mlbench.suite.protocol import Protocol
from mlbench.suite.resolution import resolve_protocol, views_differ


@dataclass(frozen=True)
class Ground:
    """parts: the fields of a cell that its dataset decides, the protocol among them. given: the keys of `[train]` that
    the suite sets here. where: what errors call it."""

    parts: Mapping[str, Any]
    given: Mapping[str, Any]
    where: str
    _recipe: Declaration

    @property
    def name(self) -> str:
        """What tables call the dataset."""
        return str(self.parts["dataset"])

    @property
    def train(self) -> Protocol:
        """The protocol as the suite has it."""
        protocol: Protocol = self.parts["train"]
        return protocol

    def protocol_of(self, values: Mapping[str, Any]) -> Protocol:
        """The protocol under values that go over all that the suite says. Raises ConfigError."""
        if not values:
            return self.train
        options = self.parts["encoder_options"]
        return resolve_protocol(self._recipe, options, {**self.given, **values}, self.where)

    def has_effect(self, key: str, protocol: Protocol) -> bool:
        """Whether a key of `[train]` can change anything on this data, beside the others of `protocol`: not the
        learning rate of an encoder of which nothing is trained, nor the width of an adapter where there is none, nor
        views of a row that are one like the other."""
        options = self.parts["encoder_options"]
        fixed = bool(options.get("frozen") or self._recipe.attributes.get("fixed"))
        if key in ("encoder_lr", "layer_decay"):
            return not fixed
        if key == "adapter_width":
            return fixed
        return key != "views" or views_differ(protocol, self._recipe, options)


def differences(ground: Ground, from_ground: Ground) -> tuple[tuple[str, Any], ...]:
    """What of a cell on `ground` is another on `from_ground`: places in its description, and what stands there."""
    if ground is from_ground:
        return ()
    own, other = ground.parts, from_ground.parts
    found = [("encoder", own["encoder"])] if own["encoder"] != other["encoder"] else []
    options, others = own["encoder_options"], other["encoder_options"]
    found += [
        (f"encoder_options/{name}", options.get(name))
        for name in {**others, **options}
        if options.get(name) != others.get(name)
    ]
    return (
        *found,
        *(
            (f"train/{name}", value)
            for name, value in ground.train.model_dump().items()
            if value != getattr(from_ground.train, name)
        ),
    )


def find_ground(entry: DatasetEntry, train: Mapping[str, Any], where: str) -> Ground:
    """Of a dataset of a suite whose own `[train]` is `train`.

    Raises ConfigError that starts with `where` for a name, parameter or value that does not fit.
    """
    if not SAFE_NAME.fullmatch(entry.shown):
        raise ConfigError(f"{where}: a name may hold letters, digits, '.', '_', '+' and '-' only")
    declared = DATASETS.describe(entry.loader, where)
    hiding, own = split_hiding(entry.parameters, where)
    parameters = declared.resolve(own, where)
    given_encoder = entry.encoder or encoder_of(declared, parameters, where)
    encoder = EncoderEntry(name=given_encoder) if isinstance(given_encoder, str) else given_encoder
    kind, _, model = encoder.name.partition(":")
    recipe = ENCODERS.describe(kind, f"{where}, encoder")
    options = recipe.resolve(
        {**(encoder.model_extra or {}), **({"model": model} if model else {})}, f"{where}, encoder"
    )
    if hiding is not None:
        parameters |= {"hidden": hiding.share, "hidden_as": hiding.written}
    given = {**train, **entry.train}
    parts = {
        "dataset": entry.shown,
        "loader": declared.name,
        "dataset_parameters": parameters,
        "encoder": f"{recipe.name}:{model}" if model else recipe.name,
        "encoder_options": options,
        "train": resolve_protocol(recipe, options, given, where),
    }
    return Ground(parts, given, where, recipe)
