"""Nothing in the folder that a command is called from is run: neither this process nor its children import from it.

Python puts that folder first among the places it imports from where it is started with `-m` or `-c`, so that a
`psutil.py` beside somebody's results would run, and a `numpy.py` of a user's own break everything.
"""

from __future__ import annotations

import os
import sys

VARIABLE = "PYTHONSAFEPATH"
"""What keeps the folder from the path of a process, whoever starts it: loky and Dask start theirs themselves."""


def interpreter() -> list[str]:
    """The start of a command that runs Python without that folder on its path."""
    return [sys.executable, "-P"]


def guard_children() -> None:
    """Have every process that is started from now on do without it. To be called before loky or Dask start theirs."""
    os.environ[VARIABLE] = "1"
