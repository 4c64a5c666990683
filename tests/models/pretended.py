"""A GPU that is pretended: tensors on it have shapes but no numbers, and what is sent to it is looked at. So tests say
the same with and without one."""

from __future__ import annotations

from typing import Any, Self

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode, unset_fake_temporarily
from torch.utils._python_dispatch import TorchDispatchMode

WAITS = {"_local_scalar_dense", "nonzero", "is_nonzero", "masked_select", "_unique2"}


class PretendGpu(TorchDispatchMode):
    """What is on "cuda" is a fake tensor, all else is real; counts copies and notes those that the host waits for."""

    def __init__(self) -> None:
        super().__init__()
        self.fake: Any = FakeTensorMode(allow_non_fake_inputs=True)
        self.pinned: list[Tensor] = []
        self.copies = 0
        self.waits: list[str] = []

    def __enter__(self) -> Self:
        self.fake.__enter__()
        super().__enter__()
        return self

    def __exit__(self, *raised: Any) -> None:
        super().__exit__(*raised)
        self.fake.__exit__(*raised)

    def images(self, count: int, channels: int = 3) -> Tensor:
        return torch.empty(count, 24, 20, channels, dtype=torch.uint8, device="cuda")

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name, kwargs = func.overloadpacket.__name__, kwargs or {}
        if name == "is_pinned":
            return False
        if name == "_pin_memory":
            self.pinned.append(args[0].clone())
            return self.pinned[-1]
        on_gpu = any(isinstance(arg, Tensor) and arg.is_cuda for arg in args)
        to_gpu = getattr(kwargs.get("device"), "type", "") == "cuda"
        if name in WAITS and on_gpu:
            self.waits.append(name)
        if name == "_to_copy" and kwargs.get("device") is not None and to_gpu != on_gpu:
            self.copies += 1
            if not (kwargs.get("non_blocking") and any(args[0] is each for each in self.pinned)):
                self.waits.append(f"a copy of {tuple(args[0].shape)}")
        if on_gpu or to_gpu:
            return func(*args, **kwargs)
        with unset_fake_temporarily():
            return func(*args, **kwargs)
