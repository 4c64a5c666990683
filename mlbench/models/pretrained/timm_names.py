"""What a timm model's name says, known without loading timm or torch."""

from __future__ import annotations

import functools
import importlib.util
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlbench.errors import ConfigError, did_you_mean

_REGISTERED = re.compile(r"^@register_model\s*\ndef (\w+)\(", re.MULTILINE)
_RENAMED = re.compile(r"register_model_deprecations\(__name__, \{(.*?)\}\)", re.DOTALL)


def check_options(options: Mapping[str, Any]) -> None:
    """Raise ConfigError for a model that timm does not have, or images smaller than its patches."""
    model, size = options["model"], options["size"]
    known = timm_models()
    if known and model.partition(".")[0] not in known:
        raise ConfigError(f"encoder 'timm:{model}': no such model{did_you_mean(model, known)}")
    patch = re.search(r"patch(\d+)", model)
    if patch and size is not None:
        check_patch(model, size, int(patch[1]))


def check_patch(model: str, size: int, patch: int) -> None:
    """Raise ConfigError where an image of side `size` does not hold one patch."""
    if size < patch:
        raise ConfigError(
            f"encoder 'timm:{model}': images of {size} × {size} pixels are smaller than its patches of "
            f"{patch} × {patch}; give it a `size` of at least {patch}"
        )


@functools.cache
def timm_models() -> frozenset[str]:
    """The names of all architectures, older names too, read from timm's sources; empty where it has none."""
    spec = importlib.util.find_spec("timm")
    if spec is None or spec.origin is None:
        return frozenset()
    names: set[str] = set()
    for file in sorted((Path(spec.origin).parent / "models").glob("*.py")):
        source = file.read_text(encoding="utf-8")
        names.update(_REGISTERED.findall(source))
        for renamed in _RENAMED.findall(source):
            names.update(re.findall(r"""["'](\w+)["']\s*:""", renamed))
    return frozenset(names)
