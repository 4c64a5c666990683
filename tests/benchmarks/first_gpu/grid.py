"""A real run of four losses, three encoders and three precisions in two slots of the device, beside the CPU's."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

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


def suite_text() -> str:
    blocks = [
        f'[[datasets]]\nid = "{name}-{precision}"\nname = "{dataset}"\nencoder = {encoder}\n{more}\n'
        f'train = {{ precision = "{precision}" }}\n'
        for name, (dataset, encoder, more) in ENCODERS.items()
        for precision in PRECISIONS
    ]
    return HEAD + "\n".join(blocks)


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="first-gpu-"))
    suite = folder / "first.toml"
    suite.write_text(suite_text(), encoding="utf-8")
    print(mlbench("plan", str(suite), "--results", str(folder / "gpu"), "--device", DEVICE).stdout[-1500:])
    # The CPU's twin runs meanwhile, on cores that the two slots leave.
    command = [
        sys.executable,
        "-m",
        "mlbench",
        "run",
        str(suite),
        "--results",
        str(folder / "cpu"),
        "--device",
        "cpu",
    ]
    jobs = max(1, (os.cpu_count() or 1) // 4)
    command += ["--jobs", str(jobs), "--set", "train.threads=2"]
    command += [part for name in ENCODERS for part in ("--dataset", f"{name}-float32")]
    with (folder / "cpu.log").open("w") as log:
        twin = subprocess.Popen(command, stdout=log, stderr=log) if ON_GPU else None
        run(suite, folder / "gpu", "--slots-per-device", "2", "--jobs", "2", seconds=75)
        if twin is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                twin.wait(timeout=15)
            twin.terminate()
            twin.wait()
    if twin is not None:
        print(f"the CPU's run: exit {twin.returncode}", (folder / "cpu.log").read_text()[-800:])
    print(mlbench("status", str(folder / "gpu")).stdout[-1500:])
    reference = {record["id"]: record for record in records(folder / "cpu")}
    for record in records(folder / "gpu"):
        cell, twin_record = record["cell"], reference.get(record["id"], {})
        done, known = record["status"] == "done", twin_record.get("status") == "done"
        score = record["metrics"]["test"]["map"] if done else None
        figures().add(
            "a run of two slots",
            cell=f"{cell['dataset']} {cell['loss']['id']}",
            status=record["status"] if done else record["error"]["class"],
            **{
                "test mAP": score,
                "on the CPU": twin_record["metrics"]["test"]["map"] if known else None,
                "largest difference of a logit": largest_difference(record["scores"], twin_record["scores"])
                if done and known
                else None,
                "deterministic": record.get("deterministic"),
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
