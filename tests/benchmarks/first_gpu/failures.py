"""What goes wrong on a GPU, made to go wrong: memory that runs out, an assertion on the device, a cell that hangs."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.device import ON_GPU, sized
from tests.benchmarks.first_gpu.shared import MINILM, figures, records, run

ROOM = 3 * 2**30
HOG = f"""
import time, torch
free, total = torch.cuda.mem_get_info()
held = torch.empty(max(0, free - {ROOM}), dtype=torch.uint8, device="cuda")
print(held.numel(), flush=True)
time.sleep(600)
"""
OVERSIZED = f"""
name = "oversized"
seeds = [0]
fractions = [{sized(0.3, 0.01)}]
losses = ["bce", "supcon"]
[train]
epochs = 1
min_steps = 2
evaluations = 1
batch_size = {sized(2048, 64)}
probe_steps = 10
[[datasets]]
name = "reuters21578"
encoder = {{ name = "{MINILM["name"]}", max_length = {sized(128, 8)} }}
"""
PLUGIN = '''
"""Losses that fail as only a device can, or hang while they hold some of it."""

import time

import torch

from mlbench import Loss, register_loss


@register_loss("asserting")
class Asserting(Loss):
    """Reads past the end of the logits."""

    needs = {"logits"}
    search_space = {}

    def forward(self, out, targets):
        beyond = torch.full((1,), 10**6, device=targets.device)
        return out.logits.index_select(1, beyond).sum()


@register_loss("hanging")
class Hanging(Loss):
    """Takes memory of the device and never comes back."""

    needs = {"logits"}
    search_space = {}

    def forward(self, out, targets):
        self.held = torch.ones(2**28, device=targets.device)
        time.sleep(3600)
        return out.logits.sum()
'''
BROKEN = """
name = "broken"
seeds = [0]
fractions = [1.0]
losses = ["asserting", "bce", "hanging", "asl"]
[train]
epochs = 2
min_steps = 20
evaluations = 1
probe_steps = 10
[[datasets]]
name = "digit-scenes"
encoder = "conv"
samples = 400
"""


def device_memory() -> int | None:
    """MiB of the device that are in use, by nvidia-smi."""
    if shutil.which("nvidia-smi") is None:
        return None
    query = ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits"]
    return int(subprocess.run(query, capture_output=True, text=True, check=True).stdout.split()[0])


def tell(part: str, results: Path) -> None:
    for record in records(results):
        failed = record["status"] == "failed"
        retries = record.get("retries") or []
        figures().add(
            part,
            loss=record["cell"]["loss"]["id"],
            status=record["error"]["class"] if failed else "done",
            **{
                "micro-batch": record.get("micro_batch"),
                "tries before": ", ".join(f"{one['class']} {one.get('micro_batch', '')}" for one in retries),
                "said": record["error"]["message"].replace("\n", " ")[:200] if failed else "",
                "device memory in use after the run, MiB": device_memory(),
            },
        )


def broken(folder: Path) -> None:
    """One cell asserts, one hangs; those between and after them must train."""
    plugin, suite = folder / "failing.py", folder / "broken.toml"
    plugin.write_text(PLUGIN, encoding="utf-8")
    suite.write_text(BROKEN, encoding="utf-8")
    print("before, MiB:", device_memory())
    run(
        suite,
        folder,
        "--plugin",
        str(plugin),
        "--time-limit",
        "12s",
        "--slots-per-device",
        "6",
        "--jobs",
        "1",
    )
    time.sleep(1)
    tell("an assertion on the device, a cell that hangs", folder)


def oversized(folder: Path) -> None:
    """A batch that does not fit beside what another process holds."""
    suite = folder / "oversized.toml"
    suite.write_text(OVERSIZED, encoding="utf-8")
    hog = None
    if ON_GPU:
        hog = subprocess.Popen([sys.executable, "-c", HOG], stdout=subprocess.PIPE)
        assert hog.stdout is not None
        hog.stdout.readline()
    print("another process holds, MiB:", device_memory())
    run(suite, folder)
    if hog is not None:
        hog.kill()
        hog.wait()
    time.sleep(1)
    tell(f"a batch that does not fit into {ROOM / 2**30:.0f} GiB", folder)


if __name__ == "__main__":
    {"broken": broken, "oversized": oversized}[sys.argv[1]](Path(tempfile.mkdtemp(prefix="first-gpu-")))
