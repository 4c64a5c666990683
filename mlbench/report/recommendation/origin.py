"""Where the numbers of an advice come from, in a sentence."""

from __future__ import annotations

from mlbench.report.data.grid import Grid
from mlbench.report.data.kinds import kind_of
from mlbench.report.wording import count, listed

DIGITS = 7
"""Of a commit's name."""


def origin(grid: Grid, source: str) -> str:
    """The families, the protocol and the commit of the cells that `source` holds."""
    cells = grid.cells
    suites = sorted(set(cells["suite"].dropna().astype(str)))
    said = [
        f"{count(len(grid.families), 'family', 'families')}",
        f"suite {listed(suites)}" if len(suites) == 1 else f"suites {listed(suites)}",
        kind_of(cells).words,
    ]
    commits = sorted(
        {str(name)[:DIGITS] for name in cells.get("environment/git_commit", ()) if name == name and name}
    )
    if commits:
        said.append(f"commit {commits[0]}" if len(commits) == 1 else f"commits {listed(commits)}")
    return f"from {source}: {', '.join(said)}"
