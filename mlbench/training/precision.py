"""Half precision of the trunk and heads, as the suite asks; losses always see float32."""

from __future__ import annotations

import contextlib

import torch

from mlbench.errors import ConfigError

_DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}


def autocast(precision: str, device: torch.device) -> contextlib.AbstractContextManager[object]:
    """The autocast context of a precision; none for float32."""
    if precision == "float32":
        return contextlib.nullcontext()
    return torch.autocast(device.type, dtype=_DTYPES[precision])


def gradient_scaler(precision: str, device: torch.device) -> torch.amp.GradScaler:
    """A scaler that does something for fp16 alone, whose small gradients would else be flushed to zero."""
    return torch.amp.GradScaler(device.type, enabled=precision == "fp16")


def check_precision(precision: str, device: torch.device) -> None:
    """Raise ConfigError where the device lacks the precision."""
    if precision == "fp16" and device.type != "cuda":
        raise ConfigError(
            f"train.precision = 'fp16' needs a CUDA device, this is {device}; use 'bf16' or 'float32'"
        )
    if precision == "bf16" and device.type == "cuda" and not torch.cuda.is_bf16_supported():
        raise ConfigError(
            f"train.precision = 'bf16': {torch.cuda.get_device_name(device)} lacks it; use 'fp16'"
        )
