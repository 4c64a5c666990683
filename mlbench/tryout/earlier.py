"""A folder that holds an earlier try: gone on with where it is the same one, else its results are set aside."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

from mlbench.errors import MlbenchError
from mlbench.suite import Suite, load_suite
from mlbench.tryout.encoder import EncoderChoice
from mlbench.tryout.setup import Setup


def go_on(file: Path, setup: Setup) -> Setup | None:
    """The setup as the suite there has it, with its seeds, losses, encoder and `[train]`, whoever edited it; None where
    there is none, or one of other data or other losses."""
    there = _read(file)
    if there is None or there.losses == "all" or len(there.datasets) != 1:
        return None
    entry, wanted = there.datasets[0], setup.suite().datasets[0]
    losses = tuple(loss for loss in there.losses if isinstance(loss, str))
    same = (entry.name, entry.parameters) == (wanted.name, wanted.parameters)
    if not same or len(losses) < len(there.losses) or not set(losses) <= set(setup.losses):
        return None
    encoder = setup.encoder
    if entry.encoder is not None:
        value = entry.encoder if isinstance(entry.encoder, str) else entry.encoder.model_dump()
        encoder = (
            replace(encoder, value=value) if value == encoder.value else EncoderChoice(value, "as before")
        )
    return replace(setup, encoder=encoder, losses=losses, seeds=tuple(there.seeds), train=dict(there.train))


def set_aside(results: Path, file: Path, setup: Setup) -> Path | None:
    """Rename the suite's folder of results where those are of another suite than this setup's: a table that held both
    would compare two protocols. Gives the new name; a run takes over from there what is the same."""
    folder = results / setup.data.name
    there = _read(file)
    if not folder.is_dir() or (there is not None and _cells(there) >= _cells(setup.suite())):
        return None
    free = (results / f"{setup.data.name}-earlier-{number}" for number in itertools.count(1))
    return folder.rename(next(name for name in free if not name.exists()))


def _read(file: Path) -> Suite | None:
    try:
        return load_suite(file) if file.is_file() else None
    except MlbenchError:
        return None


def _cells(suite: Suite) -> set[str]:
    """What of its cells decides their results, the data aside."""
    return {cell.id("") for cell in suite.cells()}
