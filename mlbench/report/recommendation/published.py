"""The scores that come with the package, so that advice needs no folder of results: of `results/study`, one row a cell.

    python -m mlbench.report.recommendation.published results/study

makes the table anew, in a checkout, whenever those records grow; a test says when it is due.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from mlbench.errors import DataError
from mlbench.report.data.measures import main_keys
from mlbench.report.data.merge import merge

FILE = Path(__file__).with_name("published.parquet")
COLUMNS = (
    "id", "suite", "status", "error_class", "dataset", "fraction", "seed", "encoder", "loss", "loss_name", "published",
    "dataset/modality", "dataset/family", "dataset/labels", "dataset/cardinality", "dataset/label_counts/train",
    "dataset/sizes/train", "cell/loader", "cell/trial/number", "code/training", "environment/git_commit",
)  # fmt: skip
"""What says which cells they are, and what their data are like."""
NAMING = ("cell/loss/parameters/", "cell/encoder_options/", "cell/dataset_parameters/", "cell/train/")
"""What decides how a loss and a dataset are called."""
SCORES = ("metrics/test/", "probe_metrics/test/")
COUNTS = "dataset/label_counts/train"


def published_cells() -> pd.DataFrame:
    """The table, as `merge` has the cells that count."""
    return pd.read_parquet(FILE)


def write_published(results: Path, file: Path = FILE) -> pd.DataFrame:
    """Make the table from the records under `results`: of their newest kind the cells that count, by the main metrics.
    Raises DataError where none is finished."""
    cells = merge([results]).cells
    if cells.empty or not (cells["status"] == "done").any():
        raise DataError(f"{results}: no finished record here")
    keys = main_keys([name.removeprefix(SCORES[0]) for name in cells.columns if name.startswith(SCORES[0])])
    scores = {f"{prefix}{key}" for prefix in SCORES for key in keys}
    kept = [name for name in cells.columns if name in {*COLUMNS, *scores} or str(name).startswith(NAMING)]
    table = cells.sort_values(["dataset", "loss", "seed", "id"])[kept].dropna(axis="columns", how="all")
    if COUNTS in table:
        # The same in every row of a dataset, and long.
        table[COUNTS] = table[COUNTS].where(~table["dataset"].duplicated(), None)
    table = table.reset_index(drop=True)
    table.to_parquet(file, index=False, compression="zstd")
    return table


if __name__ == "__main__":
    made = write_published(Path(sys.argv[1]))
    print(f"wrote {FILE}: {len(made)} cells of {made['dataset/family'].nunique()} families")
