"""Whether torch computes on a device that the driver lists: asked once by every worker, before its first cell.

`python -m mlbench.runner.worker.usable` asks for the device that the environment shows, in a process of its own.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from mlbench.replies import reply, reply_stream
from mlbench.runner.worker.memory import is_out_of_memory

_SIZE = 64
_REMEDIES = (
    (r"not compiled with CUDA", "this PyTorch is built without CUDA; install one that is built for it"),
    (r"no kernel image|not compatible with", "this PyTorch has no code for this GPU; install one that has"),
    (
        r"driver .*(too old|insufficient)|unsupported display driver",
        "the driver does not serve this PyTorch's CUDA; renew it, or install a PyTorch built for an older CUDA",
    ),
    (
        r"found no NVIDIA driver",
        "torch does not find the driver's library for CUDA (libcuda); a container needs "
        "NVIDIA_DRIVER_CAPABILITIES=compute,utility",
    ),
    (
        r"busy or unavailable|exclusive",
        "it may be in exclusive mode and held by another process; use --slots-per-device 1, or have its mode changed "
        "(nvidia-smi -c DEFAULT)",
    ),
    (
        r"no CUDA GPUs are available|no CUDA-capable device|invalid device ordinal|not permitted",
        "CUDA does not show this process what the driver lists; look at the container's devices, or, where the GPU is "
        "in MIG mode, whether it has instances",
    ),
)
_FULL = "other processes hold its memory; end them, or use fewer --slots-per-device"
_ELSE = "`mlbench doctor` looks at every device; --device cuda:N chooses another one, --device cpu none"


@dataclass(frozen=True)
class Trouble:
    """Why a process cannot compute on a device."""

    message: str
    """The reason, and what to do."""
    full: bool = False
    """Whether it lacks memory that others may give back."""


def trouble(torch: Any, device: str) -> Trouble | None:
    """Why this process cannot compute on a device; None where it can.

    It starts CUDA, multiplies two small matrices, waits for the result and looks at it.
    """
    try:
        torch.cuda.init()
        ones = torch.ones(_SIZE, _SIZE, device=device)
        product = ones @ ones
        torch.cuda.synchronize(device)
        if float(product.sum()) == _SIZE**3:
            return None
        said, full = "a product of two small matrices comes out wrong", False
    except Exception as error:
        full = is_out_of_memory(error)
        said = f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else 'no reason'}"
    built = f"torch {torch.__version__}, CUDA {torch.version.cuda}"
    return Trouble(f"{said} ({built}); {_FULL if full else remedy(said)}", full)


def remedy(said: str) -> str:
    """What to do about a device that refuses."""
    found = [advice for words, advice in _REMEDIES if re.search(words, said, re.IGNORECASE)]
    return "; ".join([*found[:1], _ELSE])


def works_still(torch: Any, device: str) -> bool:
    """Whether the device does what this process tells it: after some errors, such as a failed assertion in a kernel,
    CUDA refuses all that follows, in this process alone."""
    try:
        torch.cuda.synchronize(device)
    except Exception:
        return False
    return True


def main() -> None:
    """Reply with the trouble, and else what the device has, as JSON."""
    reply_stream()
    import torch

    refused = trouble(torch, "cuda:0")
    found: dict[str, Any] = {"trouble": refused.message if refused else "", "cuda": torch.version.cuda}
    if refused is None:
        about = torch.cuda.get_device_properties(0)
        found |= {"name": about.name, "memory": about.total_memory, "bf16": about.major >= 8}
        found["free"] = torch.cuda.mem_get_info(0)[0]
    reply(json.dumps(found))


if __name__ == "__main__":
    main()
