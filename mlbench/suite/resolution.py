"""The protocol of one dataset's cells, from all that has a say in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from mlbench.declarations import Declaration
from mlbench.errors import ConfigError
from mlbench.suite.presets import find_preset
from mlbench.suite.protocol import Protocol


def resolve_protocol(
    encoder: Declaration, options: Mapping[str, Any], given: Mapping[str, Any], where: str
) -> Protocol:
    """Defaults of mlbench < the encoder's `train_defaults` < the preset < `given`, the suite's own keys.

    Raises ConfigError that starts with `where` for a preset that is not there, a value that does not fit, or
    an augmentation that the encoder, with these options, does not know.
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
        raise ConfigError(f"{where}, train.{place}: {item['msg']}, got {item['input']!r}") from None
    _check_augmentation(protocol.augmentation, encoder, options, where)
    return protocol


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
