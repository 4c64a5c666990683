"""What the steps of `checks` share: the command, records, and where figures go."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.device import ON_GPU, hardware, sized
from tests.benchmarks.figures import Figures

DEVICE = "cuda:0" if ON_GPU else "cpu"
MINILM = {"name": "hf:all-MiniLM-L6-v2", "max_length": 128}


@functools.cache
def figures() -> Figures:
    """In the folder that $MLBENCH_FIGURES names, beside those of the benchmarks."""
    return Figures(hardware(), Path(os.environ.get("MLBENCH_FIGURES", ".")), file="checks")


def mlbench(*arguments: str, check: bool = False, seconds: float = 60) -> subprocess.CompletedProcess[str]:
    """Run the command, for so many seconds at most; what it says is kept."""
    command = [sys.executable, "-m", "mlbench", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            said, complained = process.communicate(timeout=sized(1, 10) * seconds)
        except subprocess.TimeoutExpired:
            process.terminate()
            try:
                said, complained = process.communicate(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                said, complained = process.communicate()
            complained += f"\nstopped after {seconds:.0f} s"
    done = subprocess.CompletedProcess(command, process.returncode, said, complained)
    if check:
        done.check_returncode()
    return done


def run(suite: Path, results: Path, *more: str, seconds: float = 60) -> None:
    """`mlbench run` on the device; the end of what it said is printed."""
    done = mlbench("run", str(suite), "--results", str(results), "--device", DEVICE, *more, seconds=seconds)
    print(f"run {suite.stem} {' '.join(more)}: exit {done.returncode}")
    print(done.stdout[-1500:] + done.stderr[-3000:])


def records(results: Path) -> Iterator[dict[str, Any]]:
    """All records of a folder of results, with the scores' file as `scores`."""
    for file in sorted(results.glob("*/cells/*.json")):
        record = json.loads(file.read_text(encoding="utf-8"))
        yield {**record, "scores": file.parents[1] / "scores" / f"{file.stem}.npz"}


def same_bits(one: Path, other: Path) -> bool:
    """Whether two files of scores hold the same numbers to the last bit."""
    with np.load(one) as left, np.load(other) as right:
        return left.files == right.files and all(
            np.array_equal(left[name], right[name]) for name in left.files
        )


def largest_difference(one: Path, other: Path, name: str = "test_logits") -> float:
    with np.load(one) as left, np.load(other) as right:
        return float(np.abs(left[name] - right[name]).max())
