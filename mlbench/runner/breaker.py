"""The circuit breaker: where the suite is broken, not the cell, the run stops."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_FRAME = re.compile(r'^  File "(.+)", line (\d+), in (.+)$', re.MULTILINE)


class Breaker:
    """Trips at the same error in cells of at least two losses and two datasets, with none done in between."""

    def __init__(self) -> None:
        self._failed: dict[tuple[str, str], list[tuple[str, str]]] = {}

    def saw(self, record: Mapping[str, Any]) -> str | None:
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
