"""The errors that mlbench raises on purpose, and the classes that a failed cell is filed under."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from mlbench.plain_text import fit

ERROR_CLASSES = ("oom", "nonfinite", "timeout", "crash", "data", "config", "error")
"""What `error.class` of a record may say."""


class MlbenchError(Exception):
    """An error whose message is written for the user: what was wrong, where, and what to do."""

    error_class = "error"

    def __init__(self, *said: object) -> None:
        super().__init__(*(fit(each) if isinstance(each, str) else each for each in said))


class ConfigError(MlbenchError):
    """Bad usage or configuration: a suite, a name, a parameter, a flag. The command exits with 2."""

    error_class = "config"


class UnknownNameError(ConfigError):
    """A name that no registry holds; carries the nearest known ones."""

    def __init__(self, kind: str, name: str, known: Iterable[str], where: str = "", remedy: str = "") -> None:
        self.kind, self.name, self.where, self.remedy = kind, name, where, remedy
        self.known = sorted(known)
        message = f"unknown {kind} {name!r}{did_you_mean(name, self.known)}"
        if remedy:
            message += f" ({remedy})"
        super().__init__(f"{where}: {message}" if where else message)

    def __reduce__(self) -> tuple[object, ...]:
        return (UnknownNameError, (self.kind, self.name, self.known, self.where, self.remedy))


class DataError(MlbenchError):
    """Data that cannot be read or used: names the file and the row or sample."""

    error_class = "data"


class DatasetNotFoundError(DataError):
    """A dataset that is not on this machine: says what was looked for, where, and what to do."""


class NonFiniteError(MlbenchError):
    """A loss or gradient that is NaN or infinite: says at which step."""

    error_class = "nonfinite"


class CellTimeoutError(MlbenchError):
    """The cell passed its time limit."""

    error_class = "timeout"


class CellStoppedError(MlbenchError):
    """The cell was asked to stop, and has written where it stands: it is neither done nor failed."""


def nearest(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """The known names most like `name`, best first; `-` and `_` count as one letter."""
    by_folded = {candidate.lower().replace("-", "_"): candidate for candidate in known}
    matches = difflib.get_close_matches(name.lower().replace("-", "_"), by_folded, n=count, cutoff=0.5)
    return [by_folded[match] for match in matches]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The tail of an error message: `; did you mean 'asl'?`, or the known names where none is near."""
    known = sorted(known)
    close = nearest(name, known)
    if close:
        return "; did you mean " + " or ".join(repr(match) for match in close) + "?"
    if not known:
        return ""
    shown = ", ".join(known[:20]) + (", …" if len(known) > 20 else "")
    return f"; known: {shown}"
