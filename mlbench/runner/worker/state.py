"""What a cell may leave behind in its process: put back before the next one, or seen, and the process is replaced.

A loss may set the default type of tensors, seed generators, change variables, or put a function of its own in the place
of one of torch's. The cells after it would come out otherwise, and nothing would say so.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import os
import random
import signal
import sys
import threading
import types
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil

from mlbench.runner.worker.family import descendants
from mlbench.tracebacks import HOMES

WATCHED = (
    "mlbench",
    "torch",
    "torch.nn",
    "torch.nn.functional",
    "torch.nn.init",
    "torch.nn.modules",
    "torch.autograd",
    "torch.linalg",
    "torch.optim",
    "torch.utils.data",
    "numpy",
    "numpy.random",
    "numpy.linalg",
    "builtins",
    "collections",
    "copy",
    "functools",
    "itertools",
    "operator",
    "random",
    "math",
    "time",
    "json",
    "os",
)
"""Modules whose functions and classes stay what they are; with all that is `BELOW` others."""
BELOW = ("mlbench.", "torch.nn.", "torch.optim.")
_HOOKS = (
    "_global_forward_hooks",
    "_global_forward_pre_hooks",
    "_global_backward_hooks",
    "_global_backward_pre_hooks",
)


class CleanState:
    """The state of a process in which no cell has run yet."""

    def __init__(self, torch: Any) -> None:
        self._torch = torch
        self._numpy: Any = sys.modules.get("numpy")
        self._variables, self._folder, self._path = dict(os.environ), Path.cwd(), list(sys.path)
        self._streams = sys.stdout, sys.stderr, sys.stdin
        self._recursion = sys.getrecursionlimit()
        self._filters, self._show = list(warnings.filters), warnings.showwarning
        self._handlers = {number: signal.getsignal(number) for number in _catchable()}
        self._settings = (
            [(get, set_to, get()) for get, set_to in _settings(torch)] if torch is not None else []
        )
        self._numpy_errors = self._numpy.geterr() if self._numpy is not None else {}
        self._torch_random = torch.get_rng_state() if torch is not None else None
        self._known: dict[tuple[str, str], Any] = {}
        self._children = _children()
        self._begun = False
        self.changed()

    def restore(self) -> None:
        """Put back what can be: a cell finds everything as the first one of a process does."""
        for name in os.environ.keys() - self._variables.keys():
            del os.environ[name]
        os.environ.update(self._variables)
        with contextlib.suppress(OSError):
            os.chdir(self._folder)
        sys.path[:] = self._path
        sys.stdout, sys.stderr, sys.stdin = self._streams
        sys.setrecursionlimit(self._recursion)
        sys.settrace(None)
        sys.setprofile(None)
        # Other than torch, these are seeded anew in every process.
        random.seed(0)
        if warnings.filters != self._filters:
            warnings.resetwarnings()
            warnings.filters[:] = self._filters  # type: ignore[index]
        warnings.showwarning = self._show
        gc.enable()
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in self._handlers.items():
            if signal.getsignal(number) is not handler and handler is not None:
                signal.signal(number, handler)
        if self._numpy is not None:
            self._numpy.seterr(**self._numpy_errors)
            self._numpy.random.seed(0)
        if self._torch is not None:
            # All are asked first: to set some costs seconds, since torch then loads its compiler.
            if getattr(self._torch._GLOBAL_DEVICE_CONTEXT, "device_context", None) is not None:
                self._torch.set_default_device(None)
            for get, set_to, value in self._settings:
                if get() != value:
                    set_to(value)
            self._torch.set_flush_denormal(False)
            self._torch.clear_autocast_cache()
            self._torch.set_rng_state(self._torch_random)
            if self._torch.cuda.is_initialized():
                self._torch.cuda.manual_seed_all(self._torch.initial_seed())

    def changed(self) -> list[str]:
        """What a cell has changed that `restore` does not put back, in words. What is seen for the first time is
        remembered."""
        found = list(self._of_torch()) if self._torch is not None else []
        found += [
            f"thread {thread.name!r} goes on" for thread in threading.enumerate() if _is_somebody_s(thread)
        ]
        found += [f"process {pid} goes on" for pid in sorted(_children() - self._children)]
        for place, value in _functions():
            known = self._known.get(place)
            if known is None:
                self._known[place] = value
                if self._begun and _is_foreign(value):
                    found.append(f"{'.'.join(place)} is somebody's own")
            elif known is not value and not _is_same(known, value):
                found.append(f"{'.'.join(place)} is another")
        self._begun = True
        return found

    def _of_torch(self) -> Iterator[str]:
        torch = self._torch
        if torch.is_inference_mode_enabled():
            yield "inference mode is on"
        if torch.overrides._len_torch_function_stack() and torch.get_default_device().type == "cpu":
            yield "a torch function mode is on"
        if torch.utils._python_dispatch._len_torch_dispatch_stack():
            yield "a torch dispatch mode is on"
        hooks = sys.modules["torch.nn.modules.module"]
        yield from (f"torch's {name} are some" for name in _HOOKS if getattr(hooks, name, None))


def _is_same(known: Any, value: Any) -> bool:
    """Whether one function has become another of its name by its package's own doing: torch wraps some of its own when
    it loads its compiler. Where the code lies tells it, since a wrapper may call itself what it likes."""
    homes = [_home(each) for each in (known, value)]
    return "" not in homes and homes[0] == homes[1] and known.__name__ == value.__name__


def _is_foreign(value: Any) -> bool:
    """Whether code lies neither in mlbench nor in what is installed; nothing is known of code without a file. Compiled
    code, such as NumPy's, names its source as it lay where it was built."""
    value = getattr(value, "__func__", value)
    file = str(getattr(getattr(value, "__code__", None), "co_filename", "<"))
    if file.startswith("<") or not (isinstance(value, types.FunctionType) or Path(file).is_absolute()):
        return False
    return not any(map(Path(file).is_relative_to, HOMES))


def _is_somebody_s(thread: threading.Thread) -> bool:
    """Whether a thread that runs is a plugin's, which may change what the next cell trains with."""
    return any(
        map(
            _is_foreign,
            (getattr(thread, "_target", None), type(thread).run, getattr(thread, "function", None)),
        )
    )


def _children() -> set[int]:
    """The processes that this one has started: those of a cell that is over take the next one's time."""
    return {child.pid for child in descendants(psutil.Process())}


def _home(function: Any) -> str:
    """The installed package that a function's code lies in; "" of all else."""
    file = str(getattr(getattr(function, "__code__", None), "co_filename", ""))
    before, found, rest = file.rpartition("site-packages")
    return rest.strip(os.sep).partition(os.sep)[0] if found and before else ""


def _catchable() -> Iterator[int]:
    yield from signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}


Setting = tuple[Callable[[], Any], Callable[[Any], Any]]


def _settings(torch: Any) -> Iterator[Setting]:
    """What can be asked for and put back."""
    backends = torch.backends
    yield torch.get_default_dtype, torch.set_default_dtype
    yield torch.is_grad_enabled, torch.set_grad_enabled
    yield torch.get_num_threads, torch.set_num_threads
    yield torch.get_float32_matmul_precision, torch.set_float32_matmul_precision
    yield torch.are_deterministic_algorithms_enabled, torch.use_deterministic_algorithms
    yield torch.is_autocast_cache_enabled, torch.set_autocast_cache_enabled
    yield torch.is_anomaly_enabled, torch.autograd.set_detect_anomaly
    for kind in ("cpu", "cuda"):
        yield (
            functools.partial(torch.is_autocast_enabled, kind),
            functools.partial(torch.set_autocast_enabled, kind),
        )
        yield (
            functools.partial(torch.get_autocast_dtype, kind),
            functools.partial(torch.set_autocast_dtype, kind),
        )
    for place, name in (
        (backends.cudnn, "enabled"),
        (backends.cudnn, "benchmark"),
        (backends.cudnn, "deterministic"),
        (backends.cudnn, "allow_tf32"),
        (backends.cuda.matmul, "allow_tf32"),
        (backends.mkldnn, "enabled"),
        (torch.utils.deterministic, "fill_uninitialized_memory"),
    ):
        if hasattr(place, name):
            yield functools.partial(getattr, place, name), functools.partial(setattr, place, name)


def _functions() -> Iterator[tuple[tuple[str, str], Any]]:
    """Functions and classes of the watched modules, and the methods of the classes there, by their places."""
    names = [name for name in list(sys.modules) if name in WATCHED or name.startswith(BELOW)]
    for module in names:
        for name, value in list(vars(sys.modules[module]).items()):
            if isinstance(value, type):
                yield (module, name), value
                if str(value.__module__).startswith(("torch", "mlbench.")):
                    yield from _methods(f"{module}.{name}", value)
            elif isinstance(value, _CALLED):
                yield (module, name), value


_CALLED = (types.FunctionType, types.BuiltinFunctionType, types.MethodType)


def _methods(place: str, kind: type) -> Iterator[tuple[tuple[str, str], Any]]:
    for name, value in list(vars(kind).items()):
        if isinstance(value, (*_CALLED, staticmethod, classmethod, property)):
            yield (place, name), value
