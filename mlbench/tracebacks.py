"""Which line of somebody's own code an error came from."""

from __future__ import annotations

import re
import sysconfig
from pathlib import Path

_FRAME = re.compile(r'^ *File "(?P<file>[^<"][^"]*)", line (?P<line>\d+), in ', re.MULTILINE)
HOMES = (
    Path(__file__).parent,
    *(Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib")),
)
"""Where code lies that is nobody's own: mlbench's, Python's, and what is installed."""


def own_line(trace: str, file: Path) -> str:
    """`name.py, line 7` of the last frame of a printed traceback that is in `file`, or neither in mlbench nor in what
    is installed; "" where there is none. Compiled code, such as NumPy's, names its source as it lay where it was built:
    without a place on this machine."""
    frames = [(Path(frame["file"]), frame["line"]) for frame in _FRAME.finditer(trace)]
    own = [
        frame
        for frame in frames
        if frame[0] == file or (frame[0].is_absolute() and not any(map(frame[0].is_relative_to, HOMES)))
    ]
    return f"{own[-1][0].name}, line {own[-1][1]}" if own else ""
