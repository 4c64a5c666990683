"""What a supervisor tells its worker, as JSON; the worker's end of the pipes, and what ties its life to theirs."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import queue
import signal
import sys
import threading
from pathlib import Path
from typing import Any, TypedDict


class Greeting(TypedDict):
    """device: as torch names it. model, driver: of that device. slots: that hold it. plugins: files to load."""

    device: str
    model: str
    driver: str | None
    slots: int
    threads: int
    plugins: list[str]
    data_root: str | None
    cell_function: str


class Order(TypedDict):
    """record: what the finished record starts with. scores: "float32", "float16" or "none". checkpoint_every:
    seconds between two checkpoints; None for none at all."""

    record: dict[str, Any]
    store: str
    scores: str
    time_limit: float | None
    micro_batch: int | None
    checkpoint_every: float | None


class Channel:
    """JSON lines to and from the supervisor; what libraries print goes to standard error instead."""

    def __init__(self) -> None:
        self._out = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        self._writing = threading.Lock()
        self._orders: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        """The end of the input is the end of the supervisor, and so of this process, whatever it is doing."""
        for line in sys.stdin:
            self._orders.put(line)
        os._exit(0)

    def receive(self) -> Any:
        return json.loads(self._orders.get())

    def send(self, event: str, **content: Any) -> None:
        """May be called from any thread."""
        line = json.dumps({"event": event, **content}, default=str) + "\n"
        with self._writing:
            self._out.write(line)
            self._out.flush()


def die_with_the_supervisor() -> None:
    """Have the kernel kill this process when its parent ends, and take it first when memory runs out."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("800", encoding="ascii")
