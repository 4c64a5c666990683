"""Why a cell failed, in one line: the message, and the line of the user's own code that it came from; and the circuit
breaker: where the suite is broken, not the cell, the run stops."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlbench.registry import LOSSES
from mlbench.tracebacks import own_line

LONGEST = 240
"""Characters of a message that are shown."""

_FRAME = re.compile(r'^  File "(.+)", line (\d+), in (.+)$', re.MULTILINE)


def reason(record: Mapping[str, Any]) -> str:
    """`class: message (file, line)` of a failed record, or of its head."""
    error, loss = record["error"], record["cell"]["loss"]["name"]
    first = str(error["message"]).split("\n", 1)[0]
    file = LOSSES.describe(loss).file if loss in LOSSES else Path()
    line = own_line(str(error.get("traceback", "")), file)
    message = textwrap.shorten(first, LONGEST, placeholder=" …")
    return f"{error['class']}: {message}" + (f" ({line})" if line else "")


class Breaker:
    """Trips at the same error in cells of at least two losses and two datasets, with none done in between."""

    def __init__(self) -> None:
        self._failed: dict[tuple[str, str], list[tuple[str, str]]] = {}

    def count(self, record: Mapping[str, Any]) -> str | None:
        """Why the run should stop after this record, if it should."""
        if record["status"] == "done":
            self._failed.clear()
            return None
        cell = record["cell"]
        cells = self._failed.setdefault(signature(record["error"]), [])
        cells.append((cell["loss"]["id"], cell["dataset"]))
        losses, data = (sorted(set(names)) for names in zip(*cells, strict=True))
        if len(losses) < 2 or len(data) < 2:
            return None
        return (
            f"the same error in {len(cells)} cells, of losses {', '.join(losses)} and datasets "
            f"{', '.join(data)}, and none done in between: {record['error']['message']}"
        )


def signature(error: Mapping[str, Any]) -> tuple[str, str]:
    """What two errors have in common that are the same: the class, and the line that raised it, or else the
    message without its numbers."""
    frames = _FRAME.findall(error.get("traceback") or "")
    where = ":".join(frames[-1]) if frames else re.sub(r"\d+(\.\d+)?", "#", str(error["message"]))
    return str(error["class"]), where
