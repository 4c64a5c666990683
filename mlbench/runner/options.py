"""How a run is to be done, as the command line states it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from mlbench.errors import ERROR_CLASSES, ConfigError, did_you_mean
from mlbench.suite import Selection, duration

Engine = Literal["sequential", "loky", "dask"]
Progress = Literal["auto", "live", "plain", "json", "none"]

CELL_FUNCTION = "mlbench.training:run_cell"
"""What a worker calls for each cell."""

_UNITS = {"": 1, "b": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}


CHECKPOINT_EVERY = 600.0
"""Seconds between two checkpoints of a cell, where nothing else is said."""


def parse_interval(text: str) -> float | None:
    """Seconds, from text such as "10m"; None for "none", "off" or 0. Raises ConfigError."""
    if text.strip().lower() in ("0", "none", "off"):
        return None
    try:
        return duration(text)
    except ValueError as error:
        raise ConfigError(f"--checkpoint-every: {error}, or 'none'") from None


def parse_size(text: str | int) -> int:
    """Bytes, from a number or from text such as "800M", "8G" or "1.5GiB"; raises ConfigError."""
    match = re.fullmatch(r"\s*([0-9]*\.?[0-9]+)\s*([bkmgt]?)(i?b)?\s*", str(text).lower())
    size = int(float(match[1]) * _UNITS[match[2]]) if match else 0
    if size <= 0:
        raise ConfigError(f"{text!r} is not an amount of memory; write bytes, or text such as '800M', '8G'")
    return size


@dataclass(frozen=True)
class RunOptions:
    """Everything of a run that is not in a suite; none of it can change a result.

    - `results`: the folder that holds the suites' stores.
    - `data_root`: where datasets are looked for first.
    - `selection`: the cells that the filters name.
    - `engine`: "sequential", "loky" or "dask".
    - `scheduler`: the address of a running Dask scheduler.
    - `jobs`: cells at once; what the machine and its devices bear where None.
    - `device`: "auto" (every CUDA device there is, else the CPU), "cpu", "cuda", or "cuda:0,1".
    - `slots_per_device`: cells that share one device, each with an even part of its memory.
    - `retry`: classes of failed cells to try again, "failed" standing for all of them.
    - `rerun`: "all" redoes finished cells, "stale" those whose built-in loss has other code now.
    - `time_limit`: of one cell, in seconds; a suite's own counts where none is given here.
    - `memory_limit`: of one cell, in bytes of the host's memory.
    - `fail_fast`: whether the first failed cell stops the run.
    - `checkpoint_every`: seconds between two checkpoints of a cell that is being trained; None for none at all.
    - `plugins`: the loose files that are loaded already; their source goes to every worker.
    - `progress`: how it is shown.
    - `cell_function`: "module:function" that workers call in place of `mlbench.training.run_cell`; another one serves
      to try a cluster out with cells that do nothing, or to inject faults.
    """

    results: Path = Path("results")
    data_root: Path | None = None
    selection: Selection = field(default_factory=Selection)
    engine: Engine = "loky"
    scheduler: str | None = None
    jobs: int | None = None
    device: str = "auto"
    slots_per_device: int = 1
    retry: tuple[str, ...] = ()
    rerun: Literal["all", "stale"] | None = None
    time_limit: float | None = None
    memory_limit: int | None = None
    fail_fast: bool = False
    checkpoint_every: float | None = CHECKPOINT_EVERY
    plugins: tuple[Path, ...] = ()
    progress: Progress = "auto"
    cell_function: str = CELL_FUNCTION

    def __post_init__(self) -> None:
        _one_of("--engine", [self.engine], ("sequential", "loky", "dask"))
        _one_of("--retry", self.retry, ("failed", *ERROR_CLASSES))
        _one_of("--rerun", [self.rerun] if self.rerun else [], ("all", "stale"))
        for flag, number in (("--jobs", self.jobs), ("--slots-per-device", self.slots_per_device)):
            if number is not None and number < 1:
                raise ConfigError(f"{flag} {number}: at least 1")
        if self.scheduler and self.engine != "dask":
            raise ConfigError(f"--scheduler {self.scheduler} needs --engine dask")
        if self.engine == "sequential" and (self.jobs or 1) > 1:
            raise ConfigError(f"--jobs {self.jobs}: the sequential engine does one cell at a time")

    def retries(self, error_class: str) -> bool:
        """Whether a failed cell of this class is to be tried again."""
        return "failed" in self.retry or error_class in self.retry


def _one_of(flag: str, given: Iterable[str], known: tuple[str, ...]) -> None:
    for value in given:
        if value not in known:
            raise ConfigError(f"{flag} {value}: unknown{did_you_mean(value, known)}")
