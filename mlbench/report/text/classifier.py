"""Where a loss's own classifier is behind: its own logits trail the probe on the features that it trained itself."""

from __future__ import annotations

import numpy as np

from mlbench.report.data.arrays import Floats, nanmean
from mlbench.report.data.grid import Grid
from mlbench.report.wording import count, listed, show_fraction

TRAILS = 0.02
"""mAP that own logits may be below the probe before they are called behind."""
REMEDY = "its classifier, not its representation, is behind: see head_bias, head_lr"


def trailing(grid: Grid) -> Floats:
    """How far the probe is above own logits, test mAP, mean over the seeds that have both: [losses, tasks,
    fractions]; NaN where it is no more than TRAILS, as for a loss without logits, which the probe reads alone."""
    gaps = nanmean(grid.scores("probe", "map") - grid.scores("own", "map"), 3)
    return np.where(gaps > TRAILS, gaps, np.nan)


def behind(grid: Grid) -> list[str]:
    """The warning: each loss of which that is so, and where it is most so. Empty where it is so of none."""
    gaps = trailing(grid)
    found = []
    for loss, of_loss in zip(grid.losses, gaps, strict=True):
        places = int((~np.isnan(of_loss)).sum())
        if places:
            task, fraction = np.unravel_index(int(np.nanargmax(of_loss)), of_loss.shape)
            where = f"{grid.task_names[task]} at {show_fraction(grid.fractions[fraction])}"
            more = f" and {count(places - 1, 'place')} more" if places > 1 else ""
            found.append(
                (float(np.nanmax(of_loss)), f"{loss} (by {np.nanmax(of_loss):.3f} on {where}{more})")
            )
    if not found:
        return []
    names = [text for _, text in sorted(found, key=lambda each: -each[0])]
    return [
        f"Own logits trail the probe by more than {TRAILS} mAP for {listed(names, most=len(names))}: "
        f"{REMEDY if len(names) == 1 else REMEDY.replace('its', 'their', 2)}."
    ]
