"""A real run of four losses, three encoders and three precisions in two slots of the device, beside the CPU's."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.benchmarks.device import ON_GPU, sized
from tests.benchmarks.first_gpu.shared import (
    DEVICE,
    MINILM,
    figures,
    largest_difference,
    mlbench,
    records,
    run,
)

PRECISIONS = sized(("float32", "bf16", "fp16"), ("float32", "bf16"))
ENCODERS = {
    "conv": ("digit-scenes", '"conv"', f"samples = {sized(4000, 200)}"),
    "bag": ("reuters21578", '"bag"', ""),
    "minilm": ("reuters21578", f'{{ name = "{MINILM["name"]}", max_length = {sized(32, 16)} }}', ""),
}
HEAD = f"""
name = "first"
seeds = [0]
fractions = [{sized(0.1, 0.02)}]
losses = ["bce", "kmcl", "mulcon", "msc"]
[train]
epochs = 2
min_steps = {sized(80, 6)}
queue = 256
evaluations = 2
probe_steps = 100
"""


def suite_text(encoders: list[str]) -> str:
    blocks = [
        f'[[datasets]]\nid = "{name}-{precision}"\nname = "{dataset}"\nencoder = {encoder}\n{more}\n'
        f'train = {{ precision = "{precision}" }}\n'
        for name, (dataset, encoder, more) in ENCODERS.items()
        for precision in PRECISIONS
        if name in encoders
    ]
    return HEAD + "\n".join(blocks)


def encoder_of(dataset: str) -> str:
    """The name before the precision."""
    return dataset.rpartition("-")[0]


def main() -> None:
    """Of all encoders, or of those that the command names."""
    encoders = sys.argv[1:] or [*ENCODERS]
    folder = Path(tempfile.mkdtemp(prefix="first-gpu-"))
    suite = folder / "first.toml"
    suite.write_text(suite_text(encoders), encoding="utf-8")
    print(mlbench("plan", str(suite), "--results", str(folder / "gpu"), "--device", DEVICE).stdout[-1500:])
    with twin_on_the_cpu(suite, folder, encoders):
        run(suite, folder / "gpu", "--slots-per-device", "3", "--jobs", "3", seconds=70)
    print(mlbench("status", str(folder / "gpu")).stdout[-1500:])
    reference = {record["id"]: record for record in records(folder / "cpu")}
    phases: dict[str, list[dict[str, float]]] = {}
    for record in records(folder / "gpu"):
        tell(record, reference.get(record["id"], {}))
        if record["status"] == "done":
            phases.setdefault(record["cell"]["dataset"], []).append(record["timing"])
    for name, timings in phases.items():
        means = {
            f"{phase}, s": sum(timing.get(phase, 0.0) for timing in timings) / len(timings)
            for phase in timings[0]
            if phase != "samples_per_second"
        }
        part = f"where a cell's time goes, three slots: {encoder_of(name)}"
        figures().add(part, cells=name, **means)


@contextlib.contextmanager
def twin_on_the_cpu(suite: Path, folder: Path, encoders: list[str]) -> Iterator[None]:
    """The same in float32 on the cores that the device's slots leave, for as long as they take and a little more."""
    if not ON_GPU:
        yield
        return
    command = [sys.executable, "-m", "mlbench", "run", str(suite), "--results", str(folder / "cpu")]
    command += [
        "--device",
        "cpu",
        "--jobs",
        str(max(1, (os.cpu_count() or 1) // 4)),
        "--set",
        "train.threads=2",
    ]
    command += [part for name in encoders for part in ("--dataset", f"{name}-float32")]
    with (folder / "cpu.log").open("w") as log:
        twin = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        try:
            yield
            with contextlib.suppress(subprocess.TimeoutExpired):
                twin.wait(timeout=40)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(twin.pid, 9)
            print(f"the CPU's run: exit {twin.wait()}", (folder / "cpu.log").read_text()[-800:])


def tell(record: dict[str, Any], twin: dict[str, Any]) -> None:
    """A row of figures about a record, beside the CPU's of the same cell where there is one."""
    cell, done = record["cell"], record["status"] == "done"
    known = done and twin.get("status") == "done"
    figures().add(
        f"a run in slots of one device: {encoder_of(cell['dataset'])}",
        cell=f"{cell['dataset']} {cell['loss']['id']}",
        status="done" if done else record["error"]["class"],
        **{
            "test mAP": record["metrics"]["test"]["map"] if done else None,
            "on the CPU": twin["metrics"]["test"]["map"] if known else None,
            "largest difference of a logit": largest_difference(record["scores"], twin["scores"])
            if known
            else None,
            "deterministic": record.get("deterministic"),
            "updates left out": record["history"]["skipped_steps"] if done else None,
            "train, s": record["timing"]["train"] if done else None,
            "total, s": record["timing"]["total"] if done else None,
            "MiB": (record["memory"]["device_peak"] or 0) / 2**20 if done else None,
        },
    )
    for said in record.get("warnings", []):
        print("  warned:", said[:300])
    if not done:
        print("  ", record["error"]["message"][:600], record["error"]["traceback"][-1200:])


if __name__ == "__main__":
    main()
