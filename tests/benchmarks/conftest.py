"""What the benchmarks share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.benchmarks.device import ON_GPU, hardware
from tests.benchmarks.figures import Figures

KEPT = Path(__file__).parents[2] / "results" / "benchmarks"


@pytest.fixture(scope="session")
def figures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Figures]:
    """Where the benchmarks marked `gpu` put their figures, after each row: the folder $MLBENCH_FIGURES; without it on a
    GPU results/benchmarks, to be committed, and on the CPU, where they mean nothing, one that goes with the test's
    other files."""
    told = os.environ.get("MLBENCH_FIGURES")
    kept = KEPT if ON_GPU else tmp_path_factory.mktemp("benchmarks")
    found = Figures(hardware(), Path(told) if told else kept)
    print(f"\nmeasured on: {', '.join(f'{name} {value}' for name, value in found.hardware.items())}")
    yield found
    if found.parts:
        file = found.write()
        print(f"\n\n{file.read_text(encoding='utf-8')}\nwritten to {file}")


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where encoders keep what they prepared."""
    return tmp_path_factory.mktemp("encoders")


@pytest.fixture(scope="session")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the text encoder that the benchmarks marked `gpu` train."""
    from tests.benchmarks.gpu_cases import save_bert

    return save_bert(tmp_path_factory.mktemp("bert"))
