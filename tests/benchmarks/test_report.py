"""The report on 10,000 records (20 losses × 20 datasets × 5 fractions × 5 seeds): time, memory, the page.

    pytest tests/benchmarks/test_report.py --benchmark-only -s

Held against: 20 s for tables and statistics, 60 s with all figures and the page, 1 GB; and of 3,000 cells a
page of 8 MB that opens in 2 s.
"""

from __future__ import annotations

import contextlib
import json
import resource
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlbench.records import encode
from mlbench.report import report
from tests.report.page.conftest import Browser, browser
from tests.report.synthetic import MAIN_KEYS, World, all_keys, records

__all__ = ["browser"]
pytestmark = pytest.mark.slow

LOSSES = {"bce": 0.0, **{f"loss-{number:02}": 0.004 * number for number in range(19)}}
SIZES = (5, 10, 20, 40, 80, 160, 320)
GRID = World(
    losses=LOSSES,
    datasets=tuple(f"set-{number:02}-{SIZES[number % len(SIZES)]}" for number in range(20)),
    families={},
    fractions=(0.01, 0.05, 0.1, 0.5, 1.0),
    seeds=range(5),
    keys=(*MAIN_KEYS, *(key for key in all_keys() if key not in MAIN_KEYS)),
    suite="big",
)
ONLY_TABLES = """
import sys
from pathlib import Path
import mlbench.report.build as build
if sys.argv[3] == "tables":
    build.draw_all = lambda *arguments, **options: {}
build.build([Path(sys.argv[1])], Path(sys.argv[2]), cells=False, against=[])
"""


def write_packed(folder: Path, world: World) -> Path:
    """All records of a world as one file, as they are published."""
    folder.mkdir(parents=True)
    texts = [(record["id"], encode(record)) for record, _ in records(world)]
    columns = {
        "id": [name for name, _ in texts],
        "head": [json.dumps({"id": name}) for name, _ in texts],
        "record": [text for _, text in texts],
    }
    pq.write_table(pa.table(columns), folder / "records.parquet", compression="zstd", row_group_size=500)
    return folder


@pytest.fixture(scope="module")
def ten_thousand(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """10,000 records in one packed file."""
    return write_packed(tmp_path_factory.mktemp("big") / "big", GRID)


def run_and_watch(command: list[Any]) -> tuple[float, float]:
    """Run a command; returns the greatest memory that it and its children held together, in GB, and their CPU time.

    The latter is what can be compared where other work shares the machine.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    peak, process = 0, psutil.Popen(command)
    while process.poll() is None:
        with contextlib.suppress(psutil.Error):
            family = [process, *process.children(recursive=True)]
            peak = max(peak, sum(member.memory_info().rss for member in family))
        time.sleep(0.1)
    assert process.returncode == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return peak / 1e9, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.parametrize("part", ["tables", "everything"])
def test_ten_thousand_records(part: str, ten_thousand: Path, tmp_path: Path, benchmark: Any) -> None:
    command = [sys.executable, "-c", ONLY_TABLES, ten_thousand, tmp_path / "report", part]
    peak, processor = benchmark.pedantic(run_and_watch, args=(command,), rounds=1, iterations=1)
    figures = len(list((tmp_path / "report/figures").glob("*.svg")))
    benchmark.extra_info |= {
        "peak_gigabytes": round(peak, 2),
        "processor_seconds": round(processor, 1),
        "figures": figures,
    }
    print(
        f"\n{part}: {benchmark.stats['mean']:.1f} s, {processor:.1f} s of CPU, {figures} figures, peak {peak:.2f} GB"
    )
    assert peak < 1.0


def test_three_thousand_cells_make_a_page_that_opens_at_once(
    tmp_path: Path,
    browser: Browser,
    benchmark: Any,
) -> None:
    world = replace(GRID, datasets=GRID.datasets[:10], fractions=(0.1, 0.5, 1.0))
    index = report(write_packed(tmp_path / "results", world), tmp_path / "report")

    def open_page() -> None:
        browser.open(index)
        browser.until(lambda: len(browser.texts('[data-slot="table"] tbody th')) == 20)

    open_page()
    benchmark.pedantic(open_page, rounds=5, iterations=1)
    loaded = browser.run("return performance.getEntriesByType('navigation')[0].loadEventEnd")
    start = time.perf_counter()
    browser.click(browser.one("#show-cells"))
    browser.until(lambda: len(browser.all("table.cells tbody tr")) == 25)
    size = index.stat().st_size / 1e6
    benchmark.extra_info |= {"megabytes": round(size, 2), "load_event_ms": round(loaded)}
    print(f"\npage: {size:.2f} MB, load event after {loaded:.0f} ms, "
          f"all 3,000 cells listed in {time.perf_counter() - start:.1f} s")  # fmt: skip
    assert size < 8
