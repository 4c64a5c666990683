"""A process of mlbench's that is asked for one reply: what crashes there costs itself alone."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Any

from mlbench.plain_text import parse_json
from mlbench.runner.worker.family import MARK, end_marked
from mlbench.safe_path import interpreter, safe_variables

GRACE = 5.0
"""Seconds that a process which is told to end has to remove its temporary files."""


@dataclass(frozen=True)
class Answer:
    """How a process that was asked ended.

    - `reply`: what the JSON that it wrote by `mlbench.replies` says; None where there is none.
    - `code`: its exit code.
    - `errors`: the lines of its standard error.
    """

    reply: Any
    code: int
    errors: Sequence[str]


def ask(arguments: Sequence[str], given: str = "") -> Answer:
    """Run `python` with these arguments, `given` on its standard input, and wait for its end. It does not outlive what
    ends the waiting, and nothing that it has started outlives it, nor is waited for."""
    mark = uuid.uuid4().hex
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [*interpreter(), *arguments],
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=errors,
            env={**safe_variables(), MARK: mark},
        )
        try:
            process.communicate(given.encode())
        except BaseException:
            _end(process)
            raise
        finally:
            end_marked(mark, but=os.getpid())
        said, reply = _text(out).splitlines(), None
        with contextlib.suppress(ValueError):
            reply = parse_json(said[-1] if said else "")
        return Answer(reply, process.returncode, _text(errors).splitlines())


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")
