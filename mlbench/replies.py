"""What a process replies to the one that reads its standard output, and nothing else that stands there.

A plugin, or a package, may print whatever it likes, also while the process ends, and a print may look like a reply.
"""

from __future__ import annotations

import os
import sys
from typing import TextIO

from mlbench.plain_text import prepare_streams

_taken: list[TextIO] = []


def reply_stream() -> TextIO:
    """Standard output, for the caller alone: from the first call on, what anybody prints goes to standard error, until
    the process ends. It is of text, and is to be flushed.

    A stream that has been put in the place of standard output, as by a test, is given as it is.
    """
    if not _is_own(sys.stdout):
        return sys.stdout
    if not _taken:
        # Where standard error is closed, the copy would take its place.
        prepare_streams()
        sys.stdout.flush()
        _taken.append(os.fdopen(os.dup(1), "w", encoding="utf-8", errors="backslashreplace"))
        os.dup2(2, 1)
    return _taken[0]


def reply(text: str) -> None:
    """Write a reply, on a line of its own."""
    print(text, file=reply_stream(), flush=True)


def _is_own(stream: TextIO) -> bool:
    """Whether a stream is the standard output that the process was started with."""
    try:
        return stream is sys.__stdout__ and stream.fileno() == 1
    except (OSError, ValueError):
        return False
