"""The words in which memory runs out, as torch and the libraries below it say them."""

from __future__ import annotations

import errno

import pytest
import torch

from mlbench.errors import DataError
from mlbench.runner.worker.main import _explain
from mlbench.runner.worker.memory import is_out_of_memory


@pytest.mark.parametrize(
    "words",
    [
        "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 79.11 GiB",
        "CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported",
        "CUDA driver error: out of memory",
        "CUDA driver error: CUDA_ERROR_OUT_OF_MEMORY",
        "cudaErrorMemoryAllocation: out of memory",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate(handle)`",
        "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
        "CUDA error: CUSPARSE_STATUS_INSUFFICIENT_RESOURCES when calling `cusparseSpMM(handle)`",
        "GET was unable to find an engine to execute this computation",
        "FIND was unable to find an engine to execute this computation",
        "Unable to find a valid cuDNN algorithm to run convolution",
        'NVML_SUCCESS == r INTERNAL ASSERT FAILED at "../c10/cuda/CUDACachingAllocator.cpp":995, please report a bug',
        'NVML_SUCCESS == DriverAPI::get()->nvmlInit_v2_() INTERNAL ASSERT FAILED at "CUDACachingAllocator.cpp":813',
        "device allocation failed",
        "MPS backend out of memory (MPS allocated: 5.05 GB, other allocations: 2.29 GB, max allowed: 6.77 GB)",
        "Invalid buffer size: 16.00 GiB",
        "[enforce fail at alloc_cpu.cpp:114] data. DefaultCPUAllocator: can't allocate memory: you tried to",
        "DefaultCPUAllocator: not enough memory: you tried to allocate 38654705664 bytes.",
        "unable to mmap 4096 bytes from file </x>: Cannot allocate memory (12)",
        "std::bad_alloc",
    ],
)
def test_all_its_words_are_known(words: str) -> None:
    assert is_out_of_memory(RuntimeError(words))
    assert _explain(RuntimeError(words))["class"] == "oom"
    assert not is_out_of_memory(ValueError(words)), (
        "what is no error of torch or the system says nothing of memory"
    )


def test_its_classes_are_known_whatever_their_words() -> None:
    assert is_out_of_memory(torch.OutOfMemoryError("words that nobody has seen"))
    assert is_out_of_memory(MemoryError())
    assert is_out_of_memory(OSError(errno.ENOMEM, "Cannot allocate memory"))
    assert not is_out_of_memory(OSError(errno.ENOSPC, "No space left on device"))


def test_what_it_was_raised_from_counts() -> None:
    wrapped = DataError("the weights could not be loaded")
    wrapped.__cause__ = RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
    assert _explain(wrapped)["class"] == "oom"


@pytest.mark.parametrize(
    "words",
    [
        "CUDA error: device-side assert triggered",
        "CUDA error: an illegal memory access was encountered",
        "CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasSgemm(handle)`",
        "mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)",
        "it remembers nothing",
    ],
)
def test_other_errors_are_others(words: str) -> None:
    assert not is_out_of_memory(RuntimeError(words))


def test_what_a_poisoned_process_says_of_memory_is_not_believed() -> None:
    failed = RuntimeError("CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate(handle)`")
    assert (_explain(failed)["class"], _explain(failed)["broken"]) == ("oom", False)
    poisoned = _explain(failed, poisoned=True)
    assert (poisoned["class"], poisoned["broken"]) == ("error", True)
