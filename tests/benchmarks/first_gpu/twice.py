"""A cell twice in fresh workers, and once more with a SIGTERM in the middle: the same to the last bit, or not."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.benchmarks.device import sized
from tests.benchmarks.first_gpu.grid import ENCODERS
from tests.benchmarks.first_gpu.shared import DEVICE, figures, largest_difference, records, run, same_bits

HEAD = f"""
name = "twice"
seeds = [0]
fractions = [{sized(0.2, 0.02)}]
[train]
epochs = 2
min_steps = {sized(300, 60)}
evaluations = 3
probe_steps = 100
queue = 256
precision = "bf16"
"""
SLOTS = ("--slots-per-device", "6")
"""So many that no other run on the device is waited for."""
PAIRS = {"conv": "kmcl", "bag": "bce", "minilm": "msc"}


def suite_of(folder: Path, encoder: str, loss: str) -> Path:
    dataset, recipe, more = ENCODERS[encoder]
    suite = folder / f"twice-{encoder}.toml"
    block = f'[[datasets]]\nname = "{dataset}"\nencoder = {recipe}\n{more}\n'
    suite.write_text(f'losses = ["{loss}"]\n{HEAD}{block}', encoding="utf-8")
    return suite


def stopped_and_resumed(suite: Path, results: Path) -> str:
    """SIGTERM to the command once there is a checkpoint; then the same command again. Returns how the first ended."""
    command = [
        sys.executable,
        "-m",
        "mlbench",
        "run",
        str(suite),
        "--results",
        str(results),
        "--device",
        DEVICE,
    ]
    command += ["--checkpoint-every", "0.2s", *SLOTS]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        until = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < until:
            if any(results.glob("*/checkpoints/*")):
                process.send_signal(signal.SIGTERM)
                break
            time.sleep(0.02)
        said, _ = process.communicate(timeout=60)
    print(f"stopped: exit {process.returncode}\n{said[-800:]}")
    left = len(list(results.glob("*/checkpoints/*")))
    run(suite, results, "--checkpoint-every", "60s", *SLOTS)
    return f"exit {process.returncode}, {left} checkpoint left"


def compare(encoder: str, loss: str) -> dict[str, Any]:
    """Train a cell twice, and once with a stop in the middle; a row of figures."""
    folder = Path(tempfile.mkdtemp(prefix="first-gpu-"))
    suite = suite_of(folder, encoder, loss)
    for turn in ("one", "two"):
        run(suite, folder / turn, *SLOTS)
    how = stopped_and_resumed(suite, folder / "resumed")
    (one,), (two,), (resumed,) = (list(records(folder / turn)) for turn in ("one", "two", "resumed"))
    done = one["status"] == two["status"] == resumed["status"] == "done"
    return {
        "cell": f"{encoder} {loss} bf16",
        "status": ", ".join(record["status"] for record in (one, two, resumed)),
        "deterministic": one.get("deterministic"),
        "twice the same bits": same_bits(one["scores"], two["scores"]) if done else None,
        "largest difference of a logit": largest_difference(one["scores"], two["scores"]) if done else None,
        "SIGTERM": how,
        "resumed at": str(resumed["history"]["resumed_at"]) if done else None,
        "resumed, the same bits": same_bits(one["scores"], resumed["scores"]) if done else None,
        "train, s": one["timing"]["train"] if done else None,
    }


def main() -> None:
    """Of all encoders, or of those that the command names, beside one another: a process mostly starts."""
    pairs = {encoder: PAIRS[encoder] for encoder in sys.argv[1:] or PAIRS}
    with ThreadPoolExecutor(len(pairs)) as pool:
        for encoder, row in zip(pairs, pool.map(compare, pairs, pairs.values()), strict=True):
            figures().add(f"a cell twice, and resumed: {encoder}", **row)


if __name__ == "__main__":
    main()
