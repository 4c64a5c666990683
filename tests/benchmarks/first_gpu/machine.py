"""What the machine is, and how long things take to start on it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time

from tests.benchmarks.first_gpu.shared import figures, mlbench

FIRST_PRODUCT = """
import time; started = time.perf_counter()
import torch; imported = time.perf_counter()
device = torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
x = torch.ones(64, 64, device=device, requires_grad=True); (x @ x).sum().backward(); float(x.grad.sum())
print(imported - started, time.perf_counter() - imported)
"""
FLAGS = """
import torch
from mlbench.training.determinism import deterministic, numerics
device = torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
print("as torch comes:", numerics(device))
with deterministic(True, device): print("deterministic:", numerics(device))
if torch.cuda.is_available():
    print(torch.cuda.get_device_properties(0), "free, total:", torch.cuda.mem_get_info())
    print("cudnn", torch.backends.cudnn.version(), "arch list", torch.cuda.get_arch_list())
"""


def main() -> None:
    print(
        {name: value for name, value in os.environ.items() if name.startswith(("CUDA", "NVIDIA", "PYTORCH"))}
    )
    if shutil.which("nvidia-smi"):
        for query in (
            ["-L"],
            ["--query-gpu=uuid,name,driver_version,memory.used,compute_mode", "--format=csv"],
        ):
            done = subprocess.run(["nvidia-smi", *query], capture_output=True, text=True, check=False)
            print("nvidia-smi", *query, done.returncode, done.stdout, done.stderr)
    for turn in ("first", "second"):
        torch_s, product_s = (
            float(part)
            for part in subprocess.run(
                [sys.executable, "-c", FIRST_PRODUCT], capture_output=True, text=True, check=True
            ).stdout.split()
        )
        started = time.perf_counter()
        mlbench("--help", check=True)
        figures().add(
            "start-up",
            time=turn,
            **{
                "import torch, s": torch_s,
                "first product and its gradient, s": product_s,
                "mlbench --help, s": time.perf_counter() - started,
            },
        )
    subprocess.run([sys.executable, "-c", FLAGS], check=True)
    print(mlbench("doctor").stdout)


if __name__ == "__main__":
    main()
