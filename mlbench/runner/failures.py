"""Why a cell failed, in one line: the message, and the line of the user's own code that it came from."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlbench.blame import own_line
from mlbench.registry import LOSSES

LONGEST = 240
"""Characters of a message that are shown."""


def reason(record: Mapping[str, Any]) -> str:
    """`class: message (file, line)` of a failed record, or of its head."""
    error, loss = record["error"], record["cell"]["loss"]["name"]
    first = str(error["message"]).split("\n", 1)[0]
    file = LOSSES.describe(loss).file if loss in LOSSES else Path()
    line = own_line(str(error.get("traceback", "")), file)
    message = textwrap.shorten(first, LONGEST, placeholder=" …")
    return f"{error['class']}: {message}" + (f" ({line})" if line else "")
