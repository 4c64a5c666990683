"""The first quarter of an hour on a GPU: does all of it work there, and how fast is it?

    python -m tests.benchmarks.first_gpu checks --out FOLDER [--seconds 240]
    python -m tests.benchmarks.first_gpu speed --out FOLDER [--seconds 450]
    python -m tests.benchmarks.first_gpu more --out FOLDER [--seconds 500]

`checks` runs real suites and real failures; `speed` the benchmarks marked `gpu`; `more` what takes long: a fine-tuned
text encoder, many slots, the cells of suites/gpu-real.toml that are not published, as many as 200 s allow. Each step
is a process of its own with its own limit, and after each one FOLDER holds what is known so far: `log.txt`, what the
steps said; `steps.md`, how they ended; `checks.md` and `<device>.md`, what they measured. Without a GPU every step runs
small on the CPU, to show that it works.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.device import sized

SHOWN = 10_000
"""Characters of the log's end that are printed."""


@dataclass(frozen=True)
class Step:
    """A command, and the seconds it may take. Where it is `needed`, nothing runs after its failure."""

    name: str
    seconds: float
    command: Sequence[str]
    needed: bool = False


def own(module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", f"tests.benchmarks.first_gpu.{module}", *arguments)


def pytest(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", *arguments)


def benchmark(name: str, *arguments: str) -> tuple[str, ...]:
    return pytest(f"tests/benchmarks/test_gpu_{name}.py", *arguments)


TESTS = (
    "tests/metrics/test_device.py",
    "tests/models/test_prefetch.py",
    "tests/models/images/test_device.py",
    "tests/training/test_determinism.py",
    "tests/training/test_resources.py",
    "tests/training/test_precision.py",
)
CALLS: dict[str, tuple[tuple[Step, ...], ...]] = {
    "checks": (
        (Step("machine", 60, own("machine"), needed=True),),
        (
            Step("grid", 110, own("grid")),
            Step("twice", 110, own("twice")),
            Step("broken", 80, own("failures", "broken")),
        ),
        (Step("oversized", 60, own("failures", "oversized")), Step("tests", 60, pytest(*TESTS))),
        (Step("updates", 120, benchmark("updates")),),
    ),
    "speed": (
        (Step("losses", 120, benchmark("losses")),),
        (Step("training", 130, benchmark("training", "-k", "bf16")),),
        (Step("slots", 100, benchmark("runner")),),
        (Step("transfers", 40, benchmark("transfers")),),
        (Step("metrics", 60, benchmark("metrics")),),
    ),
    "more": (
        (Step("slots", 90, benchmark("runner", "-k", "many")),),
        (Step("bert", 110, benchmark("training", "-k", "bf16 and BERT")),),
        (Step("gpu-real", 240, own("gpu_real", "200")),),
        (Step("grid", 150, own("grid", "minilm")), Step("twice", 150, own("twice", "minilm"))),
    ),
}
"""The steps of a group run beside one another: those whose times count are alone."""


class Running:
    """A step that was started, with a file for what it says. All that it starts ends with it."""

    def __init__(self, step: Step, limit: float, out: Path) -> None:
        self.step, self.started, self.limit = step, time.monotonic(), limit
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the step has ended
        variables = {**os.environ, "MLBENCH_FIGURES": str(out), "PYTHONUNBUFFERED": "1"}
        self._process = subprocess.Popen(
            step.command, stdout=self._said, stderr=self._said, env=variables, start_new_session=True
        )

    def end(self) -> tuple[str, float, bytes]:
        """Its exit code, or what ended it; its seconds; what it said."""
        left = self.started + self.limit - time.monotonic()
        try:
            ended = str(self._process.wait(timeout=max(0.1, left)))
        except subprocess.TimeoutExpired:
            ended = "timeout"
            os.killpg(self._process.pid, 9)
            self._process.wait()
        seconds = time.monotonic() - self.started
        self._said.seek(0)
        with self._said:
            return ended, seconds, self._said.read()


def main() -> int:
    parser = argparse.ArgumentParser(prog="first_gpu")
    parser.add_argument("call", choices=CALLS)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--only", nargs="*", default=[], metavar="STEP")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    patience = sized(1, 10)
    until = time.monotonic() + patience * given.seconds
    failed = 0
    print("| step | ended | seconds |\n|---|---|---|", flush=True)
    for group in CALLS[given.call]:
        left = until - time.monotonic()
        wanted = [step for step in group if not given.only or step.name in given.only]
        running = [Running(step, min(patience * step.seconds, max(left, 1)), given.out) for step in wanted]
        ended = [(each.step, *each.end()) for each in running]
        for step, how, seconds, said in ended:
            line = f"| {step.name} | {how} | {seconds:.1f} |"
            print(line, flush=True)
            failed += how != "0"
            with (given.out / "steps.md").open("a", encoding="utf-8") as file:
                file.write(line + "\n")
            with (given.out / "log.txt").open("ab") as log:
                log.write(f"\n=== {step.name}\n".encode() + said)
        if any(step.needed and how != "0" for step, how, _, _ in ended):
            break
    print((given.out / "log.txt").read_text(encoding="utf-8", errors="replace")[-SHOWN:])
    return failed


if __name__ == "__main__":
    sys.exit(main())
