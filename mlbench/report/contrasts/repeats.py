"""A loss against itself under other seeds: what a difference of nothing looks like, and whether intervals hold it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from mlbench.report.analysis import Analysis
from mlbench.report.claims.contrast import Contrast, contrast, largest
from mlbench.report.data.grid import Grid
from mlbench.report.data.repeats import ONCE_MORE
from mlbench.report.wording import count


def once_more(analysis: Analysis, repeats: pd.DataFrame) -> list[str]:
    """A sentence for each loss that was trained once more and each main metric, at the largest fraction; none where
    none was."""
    if repeats.empty:
        return []
    both = Analysis(Grid(pd.concat([analysis.grid.cells, repeats], ignore_index=True)), rope=analysis.rope)
    return [
        _sentence(both, loss, found)
        for loss in sorted(set(repeats["loss"]))
        for found in _by_metric(both, loss)
    ]


def _by_metric(both: Analysis, loss: str) -> Iterator[Contrast]:
    for key in both.main:
        found = contrast(both, key, "own", [loss], [loss.removesuffix(ONCE_MORE)])
        if not isinstance(found, str):
            yield found


def _sentence(both: Analysis, loss: str, found: Contrast) -> str:
    text = found.sentence([loss], [loss.removesuffix(ONCE_MORE)], largest(both))
    sizes = np.abs(found.points)
    text += (
        f" By seeds alone the two means differ by {np.median(sizes):.3f} on the median family and by "
        f"{sizes.max():.3f} at most."
        if len(sizes) > 1
        else f" By seeds alone the two means differ by {sizes[0]:.3f}."
    )
    if not found.enough:
        return text
    if found.judged.better or found.judged.worse:
        return (
            f"{text} The interval does not hold 0, though nothing differs but the seeds: others here may be too "
            "narrow."
        )
    return f"{text} The interval holds 0, as it should over {count(found.judged.families, 'family', 'families')}."
