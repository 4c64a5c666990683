"""Properties that what is contributed must have, a loss as much as a dataset: each is tried and gets a verdict."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from mlbench.tracebacks import own_line

Subject = TypeVar("Subject")


class PropertyFailure(AssertionError):
    """A property that does not hold; the message says what was tried and what came out."""


@dataclass(frozen=True)
class PropertyVerdict:
    """Whether one property holds.

    - `property`: its name.
    - `passed`: None where it does not apply.
    - `detail`: what failed, or why it does not apply.
    """

    property: str
    passed: bool | None
    detail: str = ""

    def __str__(self) -> str:
        mark = {True: "ok  ", False: "FAIL", None: "-   "}[self.passed]
        return f"{mark}  {self.property}" + (f": {self.detail}" if self.detail else "")


@dataclass(frozen=True)
class Property(Generic[Subject]):
    """What must hold of a subject.

    - `name`: as `mlbench check` prints it.
    - `holds`: raises PropertyFailure where it does not.
    - `spared`: says why it need not hold, or "".
    - `decides`: where it does not hold, those after it are not tried: they could only repeat it.
    """

    name: str
    holds: Callable[[Subject], None]
    spared: Callable[[Subject], str] = lambda _: ""
    decides: bool = False


def judge(
    subject: Subject,
    properties: Sequence[Property[Subject]],
    file: Path,
    begins: Callable[[], str] = lambda: "",
) -> list[PropertyVerdict]:
    """A verdict on each property; an error inside the subject, whose source is `file`, is a failed one. It names the
    line of that file, or where there is none what `begins` says."""
    verdicts: list[PropertyVerdict] = []
    for wanted in properties:
        verdicts.append(_judge(subject, wanted, file, begins))
        if wanted.decides and verdicts[-1].passed is False:
            break
    left = properties[len(verdicts) :]
    return [*verdicts, *(PropertyVerdict(each.name, None, "not checked") for each in left)]


def _judge(
    subject: Subject, wanted: Property[Subject], file: Path, begins: Callable[[], str]
) -> PropertyVerdict:
    reason = wanted.spared(subject)
    if reason:
        return PropertyVerdict(wanted.name, None, reason)
    try:
        wanted.holds(subject)
    except PropertyFailure as failure:
        return PropertyVerdict(wanted.name, False, str(failure))
    except Exception as error:
        line = own_line("".join(traceback.format_exception(error)), file) or begins()
        said = str(error).strip().split("\n", 1)[0]
        where = f" ({line})" if line else ""
        return PropertyVerdict(wanted.name, False, f"{type(error).__name__}: {said}{where}")
    return PropertyVerdict(wanted.name, True)
