"""The line of somebody's own code in a printed traceback."""

from __future__ import annotations

import json
import traceback
from pathlib import Path

import mlbench.tracebacks
from mlbench.tracebacks import own_line


def test_the_last_frame_outside_mlbench_and_what_is_installed() -> None:
    try:
        json.loads("{")
    except ValueError as error:
        trace = "".join(traceback.format_exception(error))
    assert own_line(trace, Path("none.py")) == "test_tracebacks.py, line 15"
    assert own_line(trace, Path(json.decoder.__file__)).startswith("decoder.py, line ")


def test_compiled_code_that_names_its_source_without_a_place_is_nobodys_own() -> None:
    trace = (
        'Traceback (most recent call last):\n  File "/home/me/mine.py", line 4, in forward\n    x\n'
        '  File "numpy/random/mtrand.pyx", line 7, in numpy.random.mtrand.RandomState.beta\nValueError: a <= 0\n'
    )
    assert own_line(trace, Path("none.py")) == "mine.py, line 4"


def test_a_frame_of_mlbench_counts_where_it_is_asked_for() -> None:
    file = Path(mlbench.tracebacks.__file__)
    trace = (
        f'Traceback (most recent call last):\n  File "{file}", line 3, in own_line\n    x\nValueError: x\n'
    )
    assert own_line(trace, Path("none.py")) == ""
    assert own_line(trace, file) == "tracebacks.py, line 3"
