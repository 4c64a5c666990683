"""Where the host waits for the GPU.

Torch's synchronisation debug mode sees most of it. It misses copies from pageable memory that are asked not to block:
those wait all the same, for all that the device was given before, so they are looked for one by one.
"""

from __future__ import annotations

import contextlib
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from tests.benchmarks.device import ON_GPU

SAID = "called a synchronizing"
ROOT = Path(__file__).parents[2]


class Waits(Counter[str]):
    """How often the host waited, by place: the innermost lines of ours, and of whatever they call."""

    def note(self) -> None:
        """Count one more at the place that is running."""
        frames = [frame for frame in traceback.extract_stack() if frame.filename != __file__]
        ours = [at for at, frame in enumerate(frames) if Path(frame.filename).is_relative_to(ROOT)]
        here = frames[ours[-1]] if ours else frames[-1]
        place = f"{shortened(here.filename)}:{here.lineno}"
        called = frames[ours[-1] + 1 :] if ours else []
        libraries = [frame for frame in called if "/torch/" not in frame.filename] or called[-1:]
        self[" > ".join([place, *(f"{shortened(at.filename)}:{at.lineno}" for at in libraries[-1:])])] += 1


def shortened(filename: str) -> str:
    """A file as it is called in its package."""
    path = Path(filename)
    if path.is_relative_to(ROOT):
        return str(path.relative_to(ROOT))
    return filename.rpartition("-packages/")[2]


class Pageable(TorchDispatchMode):
    """Notes each copy to a GPU that is asked not to block, and comes from memory that is not pinned."""

    def __init__(self, waits: Waits) -> None:
        super().__init__()
        self.waits = waits

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if (source := sent_unblocked(func.overloadpacket.__name__, args, kwargs)) is not None:
            pinned = source.is_pinned()
            if not pinned and source.numel() > 0:
                self.waits.note()
        return func(*args, **kwargs)


def sent_unblocked(name: str, args: Any, kwargs: Any) -> Tensor | None:
    """What an operation copies from the host to a GPU without blocking, if it does."""
    if name == "_to_copy":
        source, there, unblocked = args[0], kwargs.get("device"), kwargs.get("non_blocking", False)
        to_gpu = getattr(there, "type", "") == "cuda"
    elif name == "copy_":
        source, unblocked = args[1], bool(args[2]) if len(args) > 2 else kwargs.get("non_blocking", False)
        to_gpu = args[0].is_cuda
    else:
        return None
    on_host = isinstance(source, Tensor) and source.device.type == "cpu"
    return source if unblocked and to_gpu and on_host else None


@contextlib.contextmanager
def no_waits() -> Iterator[None]:
    """RuntimeError, raised where it happens, if the host waits for the device."""
    with _mode("error"):
        yield


@contextlib.contextmanager
def counted_waits() -> Iterator[Waits | None]:
    """The waits of the host from here on, as they come; None on the CPU."""
    if not ON_GPU:
        yield None
        return
    waits = Waits()

    def noting(message: Warning | str, *_: Any, **__: Any) -> None:
        if SAID in str(message):
            waits.note()

    with warnings.catch_warnings(), _mode("warn"), Pageable(waits):
        warnings.simplefilter("always")
        warnings.showwarning = noting
        yield waits


def waits_of(run: Callable[[], Any]) -> int | None:
    """How often the host waits in one call."""
    with counted_waits() as waits:
        run()
        return None if waits is None else waits.total()


@contextlib.contextmanager
def _mode(name: str) -> Iterator[None]:
    if not ON_GPU:
        yield
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch calls the mode itself a prototype
        before = torch.cuda.get_sync_debug_mode()
        torch.cuda.set_sync_debug_mode(name)
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode(before)
