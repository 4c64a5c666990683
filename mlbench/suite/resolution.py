"""The protocol of one dataset's cells, from all that has a say in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from mlbench.code.declarations import Declaration
from mlbench.errors import ConfigError
from mlbench.registry import LOSSES
from mlbench.suite.presets import find_preset
from mlbench.suite.protocol import Protocol


def resolve_protocol(
    encoder: Declaration, options: Mapping[str, Any], given: Mapping[str, Any], where: str
) -> Protocol:
    """Defaults of mlbench < the encoder's `train_defaults` < the preset < `given`, the suite's own keys.

    Raises ConfigError that starts with `where` for a preset that is not there, a value that does not fit, or
    an augmentation that the encoder, with these options, does not know, views that nothing makes differ, or a
    loss that cannot train the probe.
    """
    own = dict(given)
    preset: dict[str, Any] = {}
    if "preset" in own:
        chosen = find_preset(own.pop("preset"), f"{where}, train.preset")
        preset = chosen.values(encoder.attributes.get("modalities", ()))
    try:
        protocol = Protocol(**{**encoder.attributes.get("train_defaults", {}), **preset, **own})
    except ValidationError as error:
        item = error.errors()[0]
        place = ".".join(str(part) for part in item["loc"])
        raise ConfigError(f"{where}, train.{place}: {problem(item)}") from None
    _check_augmentation(protocol.augmentation, encoder, options, where)
    _check_views(protocol, encoder, options, where)
    _check_probe(protocol.probe_loss, where)
    if protocol.momentum is not None and not protocol.queue:
        raise ConfigError(
            f"{where}, train.momentum: its slow copy of the model fills the queue, and there is none; set train.queue"
        )
    return protocol


def problem(item: Any) -> str:
    """What pydantic found, in words: a check's own message says what it got."""
    if item["type"] == "value_error":
        return str(item["ctx"]["error"])
    return f"{item['msg']}, got {item['input']!r}"


def _check_augmentation(wanted: str, encoder: Declaration, options: Mapping[str, Any], where: str) -> None:
    frozen = bool(options.get("frozen"))
    known = set() if frozen else set(encoder.attributes.get("augmentations", ()))
    if wanted == "none" or wanted in known:
        return
    name, none = f"encoder {encoder.name!r}", 'set augmentation = "none"'
    if frozen:
        reason = f"{name} with frozen = true encodes each sample once, so that nothing is augmented; {none}"
    elif known:
        reason = f"{name} does not know {wanted!r}; it knows {', '.join(sorted(known))}, none"
    else:
        reason = f"{name} augments nothing, so {wanted!r} does not go with it; {none}"
    raise ConfigError(f"{where}, train.augmentation: {reason}")


def views_differ(protocol: Protocol, encoder: Declaration, options: Mapping[str, Any]) -> bool:
    """Whether something makes the views of a row differ: augmentation, or the encoder's dropout."""
    noisy = bool(encoder.attributes.get("noisy")) and not options.get("frozen")
    return protocol.augmentation != "none" or noisy


def _check_views(protocol: Protocol, encoder: Declaration, options: Mapping[str, Any], where: str) -> None:
    if protocol.views > 1 and not views_differ(protocol, encoder, options):
        raise ConfigError(
            f"{where}, train.views: encoder {encoder.name!r} has no dropout that would make {protocol.views} views "
            "of a row differ; set train.augmentation, or views = 1"
        )


def _check_probe(name: str, where: str) -> None:
    loss = LOSSES.describe(name, f"{where}, train.probe_loss")
    if set(loss.attributes.get("needs", ())) != {"logits"} or not loss.attributes.get("per_sample"):
        raise ConfigError(
            f"{where}, train.probe_loss: {name!r} cannot train the probe, which takes a loss of logits alone that "
            "treats each sample by itself"
        )
