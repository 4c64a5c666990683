"""What a supervisor tells its worker, as JSON; the worker's end of the pipes."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import threading
from typing import Any, TypedDict

from mlbench.plain_text import said
from mlbench.records.schema import Record
from mlbench.replies import reply_stream


class Handshake(TypedDict):
    """What a worker is told first."""

    device: str
    """As torch names it."""
    model: str
    """Of the device."""
    driver: str | None
    """The version of the device's driver."""
    slots: int
    """That share the device."""
    threads: int
    """Of a cell."""
    plugins: list[str]
    """Files to load."""
    data_root: str | None
    """The folder of datasets, where one is given."""
    cell_function: str
    """`module:function`, called for each cell."""


class CellRequest(TypedDict):
    """One cell to train."""

    record: Record
    """What the finished record starts with."""
    store: str
    """The folder that it goes to."""
    scores: str
    """How they are kept: "float32", "float16" or "none"."""
    model: bool
    """Whether it is kept."""
    time_limit: float | None
    """Seconds."""
    micro_batch: int | None
    """Rows at once, in place of the protocol's."""
    checkpoint_every: float | None
    """Seconds between two checkpoints; None for none at all."""
    nonce: str
    """A random word that every answer repeats: so an answer is of this attempt at this cell."""


class Channel:
    """JSON lines to and from the supervisor; what libraries print goes to standard error instead."""

    def __init__(self) -> None:
        self._in = os.fdopen(os.dup(0), encoding="utf-8")
        self._out = reply_stream()
        # A cell that reads its standard input finds nothing there, and no request.
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        self._process, self.about = os.getpid(), {"cell": "", "nonce": ""}
        """Whose answers are sent; what they repeat."""
        self._writing = threading.Lock()
        self._requests: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        """The end of the input is the end of the supervisor, and so of this process, whatever it is doing."""
        for line in self._in:
            self._requests.put(line)
        with contextlib.suppress(OSError):
            os.killpg(self._process, signal.SIGKILL)
        os._exit(0)

    def receive(self) -> Any:
        return json.loads(self._requests.get())

    def send(self, event: str, **content: Any) -> None:
        """May be called from any thread, but by this process alone: one that a cell has forked has nothing to say."""
        if os.getpid() != self._process:
            return
        line = json.dumps({"event": event, **self.about, **content}, default=said) + "\n"
        with self._writing:
            self._out.write(line)
            self._out.flush()
