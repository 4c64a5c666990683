"""Half precision of the backbone and heads, as the suite asks; losses always see float32."""

from __future__ import annotations

import contextlib
from typing import Any

import torch

from mlbench.errors import ConfigError

_DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}


def autocast(precision: str, device: torch.device) -> contextlib.AbstractContextManager[object]:
    """The autocast context of a precision; none for float32."""
    if precision == "float32":
        return contextlib.nullcontext()
    return torch.autocast(device.type, dtype=_DTYPES[precision])


class Scaler(torch.amp.GradScaler):
    """Scales the loss for fp16 alone, whose small gradients would otherwise be flushed to zero, and counts the
    updates that it leaves out because a gradient overflowed."""

    def __init__(self, precision: str, device: torch.device) -> None:
        super().__init__(device.type, enabled=precision == "fp16")
        self._left_out = torch.zeros((), dtype=torch.int64, device=device)

    def update(self, new_scale: float | torch.Tensor | None = None) -> None:
        """As the parent's; a scale that falls tells of a left-out update, without waiting for the device."""
        if self.is_enabled():
            before = self._get_scale_async()
            before = None if before is None else before.clone()
            super().update(new_scale)
            after = self._get_scale_async()
            if before is not None and after is not None:
                self._left_out += (after < before).squeeze()

    def skipped_steps(self) -> int | None:
        """How many updates were left out; None where nothing is scaled."""
        return int(self._left_out) if self.is_enabled() else None

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "left_out": int(self._left_out)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        rest = dict(state_dict)
        self._left_out.fill_(rest.pop("left_out"))
        if self.is_enabled():
            super().load_state_dict(rest)


def check_precision(precision: str, device: torch.device) -> None:
    """Raise ConfigError where the device lacks the precision."""
    if precision == "fp16" and device.type != "cuda":
        raise ConfigError(
            f"train.precision = 'fp16' needs a CUDA device, this is {device}; use 'bf16' or 'float32'"
        )
    # Devices before Ampere emulate bf16, more slowly than they compute in float32; torch calls that supported.
    if precision == "bf16" and device.type == "cuda" and torch.cuda.get_device_capability(device)[0] < 8:
        raise ConfigError(
            f"train.precision = 'bf16': {torch.cuda.get_device_name(device)} lacks it; use 'fp16'"
        )
