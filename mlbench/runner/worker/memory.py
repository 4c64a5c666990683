"""Memory that runs out, the host's or a device's, in whatever words it is said; and a slot's share of the memory of a
device that several hold: what one takes, the others do not miss."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from typing import Any

OVERHEAD = 2**30
"""Bytes that a process holds on a device beside what torch allocates: CUDA's context and the code of kernels."""

_WORDS = re.compile(
    "|".join(
        (
            # torch's allocators for CUDA, MPS and the CPU, the CUDA runtime and driver, and names of their codes.
            r"out[ _]?of[ _]?memory",
            r"(can't|cannot|could not|failed to|unable to) allocate",
            r"not enough memory|bad_alloc|invalid buffer size",
            r"alloc(ation)?[ _]failed",
            # cuBLAS, cuDNN, cuFFT and cuSPARSE want room for a handle or a workspace beside torch's own.
            r"NOT_INITIALIZED when calling .?(cublas|cudnn|cusolverDn|cusparse)\w*Create",
            r"INSUFFICIENT_RESOURCES",
            r"unable to find an engine to execute this computation|unable to find a valid cuDNN algorithm",
            # The allocator asks NVML who holds the memory, to say so; where NVML is restricted that fails first.
            r"NVML_SUCCESS == .*INTERNAL ASSERT FAILED",
        )
    ),
    re.IGNORECASE,
)


def is_out_of_memory(error: BaseException) -> bool:
    """By the error's class, or its words, or those of the error that it was raised from."""
    return any(_says_so(each) for each in _chain(error))


def _says_so(error: BaseException) -> bool:
    if isinstance(error, MemoryError) or any(
        kind.__name__ == "OutOfMemoryError" for kind in type(error).__mro__
    ):
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    return isinstance(error, RuntimeError) and _WORDS.search(str(error)) is not None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen = set[int]()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__


def limit_device_memory(torch: Any, device: str, slots: int) -> None:
    """Let this process allocate no more than its share. A cell that wants more then runs out of memory whatever the
    other slots do, and none of theirs does for its sake."""
    if slots > 1:
        total = torch.cuda.get_device_properties(device).total_memory
        torch.cuda.set_per_process_memory_fraction(share(total, slots), device)


def share(total: int, slots: int) -> float:
    """The part of `total` bytes that each of the slots may allocate; a twentieth of an even part at the least."""
    even = 1 / slots
    return max(even - OVERHEAD / total, even / 20)
