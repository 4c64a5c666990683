"""A run goes on where it can no longer be shown, and says so at the end."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Mapping
from typing import Any

from mlbench.runner.monitoring.reporters import Reporter, Silent
from mlbench.runner.monitoring.summary import RunSummary
from mlbench.runner.monitoring.tally import Tally


class Guarded:
    """A reporter that shows nothing more after its first error, such as a pipe that is closed."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self.trouble = ""

    def begin(self, tally: Tally) -> None:
        self._try(lambda: self._reporter.begin(tally))

    def note(self, text: str) -> None:
        self._try(lambda: self._reporter.note(text))

    def finished(self, record: Mapping[str, Any], tally: Tally) -> None:
        self._try(lambda: self._reporter.finished(record, tally))

    def update(self, tally: Tally) -> None:
        self._try(lambda: self._reporter.update(tally))

    def end(self, tally: Tally) -> None:
        self._try(lambda: self._reporter.end(tally))

    def summed_up(self, summary: RunSummary) -> None:
        """Where nothing was shown any more, the summary goes to standard error."""
        self._try(lambda: self._reporter.summed_up(summary))
        if self.trouble:
            with contextlib.suppress(OSError, ValueError):
                print(f"{summary}\nnot all of the run could be shown: {self.trouble}", file=sys.stderr)

    def _try(self, say: Callable[[], None]) -> None:
        try:
            say()
        except Exception as error:
            self.trouble = f"{type(error).__name__}: {error}"
            self._reporter = Silent()


def guarded(reporter: Reporter) -> Guarded:
    """The reporter, guarded once."""
    return reporter if isinstance(reporter, Guarded) else Guarded(reporter)
