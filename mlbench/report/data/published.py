"""Numbers that papers print, to stand beside records of the same loss, dataset and encoder. They are never ranked: none
was made under the protocol of the records, and most chose something on the test split."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from mlbench.report.data.grid import Grid


@dataclass(frozen=True)
class Published:
    """One number of a paper.

    - `paper`: who and when.
    - `source`: its arXiv number.
    - `dataset`, `loss`, `encoder`: as mlbench names them.
    - `size`: the side of the images, 0 for the encoder's own.
    - `metric`: the key.
    - `value`: from 0 to 1.
    - `caveat`: what keeps it from being compared.
    """

    paper: str
    source: str
    dataset: str
    loss: str
    encoder: str
    size: int
    metric: str
    value: float
    caveat: str

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


_KMCL = "KMCL (Sajedi et al. 2023)"
_ON_TEST = "the best epoch was chosen on the test split"
_TENTH = f"{_ON_TEST}; its code reads a tenth of the data and drops images without a finding: not comparable"
_DB = "Distribution-Balanced loss (Wu et al. 2020)"
_THIRDS = (
    "its head, medium and tail are labels of more than 100, 20 to 100 and fewer than 20 images, not thirds"
)


def _kmcl(dataset: str, medium: float, large: float, caveat: str = _ON_TEST) -> Iterator[Published]:
    for encoder, size, value in (("timm:tresnet_m", 224, medium), ("timm:tresnet_l", 448, large)):
        yield Published(_KMCL, "2307.03967", dataset, "kmcl", encoder, size, "map", value, caveat)


def _balanced(dataset: str, total: float, head: float, medium: float, tail: float) -> Iterator[Published]:
    for bucket, value in (("", total), ("/head", head), ("/medium", medium), ("/tail", tail)):
        caveat = _THIRDS if bucket else "trained and scored by the paper's own code"
        yield Published(
            _DB, "2007.09654", dataset, "db_focal", "timm:resnet50", 0, f"map{bucket}", value, caveat
        )


PUBLISHED: tuple[Published, ...] = (
    *_kmcl("coco2014", 0.821, 0.886),
    *_kmcl("voc2007", 0.952, 0.962),
    *_kmcl("chestxray14", 0.300, 0.315, _TENTH),
    *_kmcl("adp", 0.951, 0.965),
    *_balanced("coco_mlt", 0.5355, 0.5113, 0.5705, 0.5106),
    *_balanced("voc_mlt", 0.7894, 0.7322, 0.8418, 0.7930),
    Published(
        "ASL (Ridnik et al. 2021)",
        "2009.14119",
        "coco2014",
        "asl",
        "timm:tresnet_l",
        448,
        "map",
        0.866,
        _ON_TEST,
    ),
)
"""Of the comprehensive study (arXiv 2412.00101) there is none: its tables could not be had."""


def beside(grid: Grid, key: str, fraction: int) -> list[tuple[Published, int]]:
    """The published numbers of a metric that records of this grid match, each with the index of its task: the same
    dataset, encoder, size of images and loss, at all training rows."""
    encoders = {each.encoder for each in PUBLISHED if each.metric == key}
    if grid.fractions[fraction] != 1.0 or not encoders & {about.encoder for about in grid.tasks}:
        return []
    sizes = grid.values("cell/encoder_options/size")
    cells = grid.cells[
        ["task", "loss_name", "cell/loader"]
    ]  # of the hundreds of columns these alone are copied
    found = []
    for task, about in enumerate(grid.tasks):
        known = sizes[:, task][~np.isnan(sizes[:, task])]
        size = int(known[0]) if len(known) else 0
        here = cells[cells["task"] == about.name]
        names, loaders = set(here["loss_name"]), set(here["cell/loader"])
        found += [
            (each, task)
            for each in PUBLISHED
            if (each.encoder, each.metric) == (about.encoder, key)
            and each.dataset in loaders
            and each.size in (0, size)
            and each.loss in names
        ]
    return found
