"""Whether an error means that memory ran out, the host's or a device's, in whatever words it is said."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator

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


def ran_out(error: BaseException) -> bool:
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
