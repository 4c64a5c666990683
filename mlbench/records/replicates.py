"""Bootstrap replicates as packed records keep them: a byte a draw, as the deviation from the cell's own value.

Scores files are too large to publish; without their replicates a reader cannot tell how far test rows alone move a
difference, and takes differences within a dataset for surer than they are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

PREFIXES = {"metrics": "bootstrap", "probe_metrics": "probe_bootstrap"}
"""Each reading of a record, and where a scores file keeps its replicates: `bootstrap/map`."""
_MOST, _UNDEFINED = 127, -128


class KeptReplicates(NamedTuple):
    """One vector of replicates: `deviations` are signed bytes, in steps of `scale`; −128 is a draw without a value."""

    scale: float
    deviations: bytes


def is_kept(name: object, kept: KeptReplicates) -> bool:
    """Whether what a file holds under a name can be restored."""
    known = isinstance(name, str) and name.startswith(tuple(f"{prefix}/" for prefix in PREFIXES.values()))
    return known and isinstance(kept.scale, float) and isinstance(kept.deviations, bytes)


def shrink(values: npt.NDArray[np.floating], centre: float) -> KeptReplicates:
    """Replicates [draws] as deviations from `centre`, off by at most half a step: 1/254 of the largest one."""
    import numpy as np

    apart = np.asarray(values, np.float64) - centre
    there = np.isfinite(apart)
    scale = float(np.float32(np.abs(apart[there]).max(initial=0.0) / _MOST))
    steps = np.full(len(apart), _UNDEFINED, np.int8)
    if scale:
        steps[there] = np.clip(np.rint(apart[there] / scale), -_MOST, _MOST)
    else:
        steps[there] = 0
    return KeptReplicates(scale, steps.tobytes())


def restore(kept: KeptReplicates, centre: float) -> npt.NDArray[np.float32]:
    """The replicates [draws], NaN where a draw has no value."""
    import numpy as np

    steps = np.frombuffer(kept.deviations, np.int8)
    values = centre + kept.scale * steps.astype(np.float64)
    return np.where(steps == _UNDEFINED, np.nan, values).astype(np.float32)


def shrink_all(
    record: Mapping[str, Any], stored: Mapping[str, npt.NDArray[Any]], keys: tuple[str, ...]
) -> dict[str, KeptReplicates]:
    """Of a finished record and its scores file, the replicates of the metrics `keys` under both readings, by their
    names there; of those that the record has no number of, none."""
    found = {}
    for prefix in PREFIXES.values():
        for key in keys:
            name = f"{prefix}/{key}"
            centre = centre_of(record, name)
            if centre is not None and name in stored:
                found[name] = shrink(stored[name], centre)
    return found


def centre_of(record: Mapping[str, Any], name: str) -> float | None:
    """The record's own number that the replicates of a name are deviations from; None where it has none."""
    prefix, _, key = name.partition("/")
    (reading,) = (reading for reading, of_reading in PREFIXES.items() if of_reading == prefix)
    value = (record.get(reading) or {}).get("test", {}).get(key)
    return float(value) if value is not None and math.isfinite(value) else None
