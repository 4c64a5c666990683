"""As many cells of suites/gpu-real.toml as time allows, of the datasets that are here, beside those published."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from mlbench.suite import load_suite
from tests.benchmarks.device import sized
from tests.benchmarks.first_gpu.shared import mlbench, run

ROOT = Path(__file__).parents[3]
SUITE = ROOT / "suites" / "gpu-real.toml"
PUBLISHED = ROOT / "results" / "gpu-real" / "records.parquet"
SLOTS = str(sized(12, 1))
"""Twelve small encoders at once are faster on a large GPU than six: 8.8 ms an update of any cell after 10.1."""


def main() -> None:
    """`gpu_real SECONDS`: train for so long, then pack all records into the folder of the figures."""
    seconds = float(sys.argv[1])
    here = Path(os.environ["MLBENCH_DATA"])
    names = [entry.shown for entry in load_suite(SUITE).datasets if (here / entry.name).is_dir()]
    results = Path(tempfile.mkdtemp(prefix="first-gpu-"))
    folder = results / "gpu-real"
    folder.mkdir()
    shutil.copy(PUBLISHED, folder)
    chosen = [part for name in names for part in ("--dataset", name)]
    small = sized([], ["--loss", "bce", "--fraction", "0.1", "--set", "train.min_steps=2"])
    run(SUITE, results, *chosen, *small, "--slots-per-device", SLOTS, "--jobs", SLOTS, seconds=seconds)
    print(mlbench("pack", str(results)).stdout)
    shutil.copy(folder / "records.parquet", Path(os.environ.get("MLBENCH_FIGURES", ".")) / "gpu-real.parquet")


if __name__ == "__main__":
    main()
