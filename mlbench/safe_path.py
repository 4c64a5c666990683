"""Nothing in the folder that a command is called from is run: neither this process nor its children import from it.

Python puts that folder first among the places it imports from where it is started with `-m` or `-c`, and takes an empty
part of PYTHONPATH for it, as `PYTHONPATH=$PYTHONPATH:/mine` has where nothing was there before: a `psutil.py` beside
somebody's results would run, and a `numpy.py` of a user's own break everything.
"""

# `mlbench` calls this before anything may be imported that lies in a file: there is no `from __future__` here.
import os
import sys

VARIABLE = "PYTHONSAFEPATH"
"""What keeps the folder from the path of a process, whoever starts it: loky and Dask start theirs themselves."""
PLACES = "PYTHONPATH"


def leave_folder_out() -> None:
    """Take the current folder from this process's path where an empty part of PYTHONPATH has put it there. It stays
    where another part names it."""
    parts = os.environ.get(PLACES, "").split(os.pathsep)
    if len(parts) == 1 or "" not in parts or sys.flags.ignore_environment:
        return
    try:
        here = os.path.abspath("")  # noqa: PTH100 - pathlib lies in a file
        named = any(part and os.path.abspath(part) == here for part in parts)  # noqa: PTH100
    except OSError:
        # The folder has been removed: nothing lies there.
        return
    if not named:
        sys.path[:] = [place for place in sys.path if place not in ("", here)]


def safe_variables() -> dict[str, str]:
    """The environment of this process, as one that it starts is to have it."""
    variables = {**os.environ, VARIABLE: "1"}
    if PLACES in variables:
        variables[PLACES] = os.pathsep.join(filter(None, variables[PLACES].split(os.pathsep)))
    return variables


def interpreter() -> list[str]:
    """The start of a command that runs Python without that folder on its path; its environment is `safe_variables`."""
    return [sys.executable, "-P"]


def guard_children() -> None:
    """Have every process that is started from now on do without it. To be called before loky or Dask start theirs."""
    os.environ.update(safe_variables())
