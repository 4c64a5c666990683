"""A supervisor's end of the pipes to its worker process."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil

from mlbench.runner.worker.family import MARK, descendants, end_marked, own_memory, processor_seconds
from mlbench.safe_path import VARIABLE, interpreter, safe_variables
from mlbench.spinning import brief_spins

_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


SILENT = 5.0
"""Seconds without a message after which it is worth asking whether a process computes."""
REAP = 30.0
"""Seconds that the system has to end a process that was killed."""


def worker_variables(threads: int, environment: Mapping[str, str]) -> dict[str, str]:
    """What a process that trains cells finds in its environment before it loads anything, beside what is there."""
    return {
        **brief_spins(environment),
        **dict.fromkeys(_THREAD_VARIABLES, str(threads)),
        "PYTHONHASHSEED": "0",
        "TOKENIZERS_PARALLELISM": "false",
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
        VARIABLE: "1",
    }


class WorkerDiedError(Exception):
    """The worker process ended by itself: how, and the last it said on standard error."""

    def __init__(self, how: str, last_words: str) -> None:
        super().__init__(how)
        self.how, self.last_words = how, last_words


class WorkerProcess:
    """One worker process, in a session of its own so that a terminal's Ctrl-C does not reach it."""

    def __init__(self, handshake: Mapping[str, Any], variables: Mapping[str, str], folder: Path) -> None:
        self._mark = uuid.uuid4().hex
        settings = {**worker_variables(handshake["threads"], os.environ), **variables, MARK: self._mark}
        self._said = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - closed with the process
        self._process = subprocess.Popen(
            [*interpreter(), "-m", "mlbench.runner.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            env={**safe_variables(), **settings},
            cwd=folder if folder.is_dir() else None,
            start_new_session=True,
        )
        self.environment: dict[str, Any] = {}
        """What the worker says of itself when it is ready."""
        self._cost = psutil.Process(self._process.pid)
        self._buffer = b""
        self.alive, self.stuck = True, False
        """Whether it may be given work; whether the system did not end it when it was killed."""
        self.send(handshake)

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, message: Mapping[str, Any]) -> None:
        """A worker that has died meanwhile is noticed by whoever reads its messages."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()

    def messages(self, patience: float) -> Iterator[dict[str, Any] | None]:
        """The worker's messages as they come, None whenever there was none for `patience` seconds.

        Raises WorkerDiedError when the worker has ended.
        """
        assert self._process.stdout is not None
        handle = self._process.stdout.fileno()
        with selectors.DefaultSelector() as selector:
            selector.register(handle, selectors.EVENT_READ)
            while True:
                while b"\n" in self._buffer:
                    line, _, self._buffer = self._buffer.partition(b"\n")
                    message = _message(line)
                    if message is not None:
                        yield message
                if not selector.select(patience):
                    if self._process.poll() is not None:
                        # What it has started may still hold its output open.
                        raise WorkerDiedError(self._how_it_ended(), self._last_words())
                    yield None
                    continue
                received = os.read(handle, 1 << 16)
                if not received:
                    raise WorkerDiedError(self._how_it_ended(), self._last_words())
                self._buffer += received

    def memory(self) -> int:
        """Bytes of the host's memory that the process holds, and what it has started beside it; 0 once it is gone."""
        try:
            own = int(self._cost.memory_info().rss)
        except psutil.Error:
            return 0
        return own + sum(map(own_memory, descendants(self._cost)))

    def processor_time(self) -> float:
        """Seconds of processor time that the process and what it has started have used."""
        return sum(map(processor_seconds, (self._cost, *descendants(self._cost))))

    def quiet(self) -> None:
        """Forget what was said on standard error; called between cells, so that the file stays small."""
        self._said.seek(0)
        self._said.truncate()

    def terminate(self) -> None:
        """Ask the process to stop its cell."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()

    def kill(self) -> None:
        """End the process and whatever it has started, now. One that is held in a call of the system, as of a driver
        that hangs, does not end: it is `stuck`."""
        self.alive = False
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        end_marked(self._mark)
        try:
            self._process.wait(timeout=REAP)
        except subprocess.TimeoutExpired:
            self.stuck = True
        self._close()

    def close(self) -> None:
        """Let the process end by itself; one that does not is killed."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=2)
        self.kill()

    def _how_it_ended(self) -> str:
        try:
            code = self._process.wait(timeout=REAP)
        except subprocess.TimeoutExpired:
            return "the worker process let go of its output and does not end"
        if code >= 0:
            return f"the worker process ended with exit code {code}"
        name = signal.Signals(-code).name
        hint = "; the system may have run out of memory" if name == "SIGKILL" else ""
        return f"the worker process was ended by {name} ({signal.strsignal(-code)}){hint}"

    def _last_words(self) -> str:
        size = os.fstat(self._said.fileno()).st_size
        self._said.seek(max(0, size - 20_000))
        return self._said.read().decode(errors="replace")

    def _close(self) -> None:
        for stream in (self._process.stdin, self._process.stdout, self._said):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


def _message(line: bytes) -> dict[str, Any] | None:
    """A message; None for a line that is none."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) and isinstance(message.get("event"), str) else None


class Stall:
    """Notices a process that neither speaks nor computes: one that hangs."""

    def __init__(self, worker: WorkerProcess, patience: float) -> None:
        self._child, self._patience = worker, patience
        self.spoke()

    def spoke(self) -> None:
        self._since = time.monotonic()
        self._used: float | None = None

    def lasts(self) -> bool:
        """Whether there was neither a message nor processor time for `patience` seconds.

        Processor time is looked up once it has been silent for a little: that reads every process of the host.
        """
        silent = time.monotonic() - self._since
        if self._used is None:
            if silent > min(SILENT, self._patience / 4):
                self._used = self._child.processor_time()
            return False
        if silent < self._patience:
            return False
        stalled = self._child.processor_time() - self._used < 0.01 * self._patience
        self.spoke()
        return stalled
