"""Which positives of a dataset a suite hides: two keys that every dataset takes.

[[datasets]]
name = "yeast"
hidden = 0.5               # this share of the positives of training and validation; or "all but one" a row
hidden_as = "absent"       # what stands there instead: the label is absent, or "unknown"
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from mlbench.errors import ConfigError, did_you_mean

ALL_BUT_ONE = "all but one"
AS = ("absent", "unknown")
KEYS = ("hidden", "hidden_as")


@dataclass(frozen=True)
class Hiding:
    """share: of the positives, or all but one of each row that has any. written: what stands there instead."""

    share: float | Literal["all but one"]
    written: Literal["absent", "unknown"] = "absent"


def split_hiding(
    parameters: Mapping[str, Any], where: str = "dataset"
) -> tuple[Hiding | None, dict[str, Any]]:
    """What a dataset's parameters say of hiding, and those of its loader. Raises ConfigError that starts with
    `where`."""
    own = {key: value for key, value in parameters.items() if key not in KEYS}
    share, written = (parameters.get(key) for key in KEYS)
    if share is None:
        if written is not None:
            raise ConfigError(
                f"{where}: hidden_as says what hidden labels become: say how many by hidden = 0.5"
            )
        return None, own
    is_share = isinstance(share, int | float) and not isinstance(share, bool) and 0 < share < 1
    if not is_share and share != ALL_BUT_ONE:
        raise ConfigError(
            f"{where}: hidden must be a share between 0 and 1 or {ALL_BUT_ONE!r}, got {share!r}"
        )
    written = "absent" if written is None else written
    if written not in AS:
        hint = did_you_mean(str(written), AS)
        raise ConfigError(f"{where}: hidden_as must be 'absent' or 'unknown', got {written!r}{hint}")
    return Hiding(cast(Any, share), cast(Any, written)), own
