"""Which claims a suite could decide, before anything is trained: each is put to records where all losses are level."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mlbench import datasets
from mlbench.datasets.cards import Card
from mlbench.errors import MlbenchError
from mlbench.metrics.catalog import POLICIES, metric_info
from mlbench.registry import METRICS
from mlbench.report.analysis import Analysis
from mlbench.report.claims.base import ClaimVerdict, check_claims
from mlbench.report.claims.sides import FEW, MANY
from mlbench.report.data.grid import READINGS, Grid, fraction_order
from mlbench.suite import Cell, untuned

LEVEL, FLOOR = 0.5, 0.1
"""What stands for every result, and for the floor: a span that is wide enough."""


@dataclass(frozen=True)
class Prospect:
    """A claim, and why the cells could not decide it whatever came out; empty where they could."""

    name: str
    title: str
    reason: str

    @property
    def decidable(self) -> bool:
        return not self.reason


def prospects(cells: Iterable[Cell]) -> list[Prospect]:
    """Every registered claim, as if all of the cells had finished; none where there are no cells.

    No number decides, only what is there. What is known of a dataset is what its card says; where that leaves open how
    many labels it has, a claim could be decided if it could with many of them or with few.
    """
    chosen = _one_a_place(cells)
    if not chosen:
        return []
    cards = {cell.dataset: _card(cell) for cell in chosen}
    open_ = any(card is None or card.labels is None for card in cards.values())
    found = [_judged(chosen, cards, guess) for guess in ((MANY, FEW) if open_ else (0,))]
    return [
        next((each for each in claims if each.decidable), claims[0]) for claims in zip(*found, strict=True)
    ]


def _judged(cells: list[Cell], cards: dict[str, Card | None], guess: int) -> list[Prospect]:
    rows = [_row(number, cell, cards[cell.dataset], guess) for number, cell in enumerate(cells)]
    return [
        Prospect(
            finding.name,
            finding.title,
            finding.reason if finding.verdict is ClaimVerdict.NOT_TESTABLE else "",
        )
        for finding in check_claims(Analysis(Grid(pd.DataFrame(rows))))
    ]


def in_words(found: Iterable[Prospect]) -> Iterator[str]:
    """What a plan says of them: the claims that could be decided in one line, then each other with the reason."""
    found = list(found)
    able = [prospect.name for prospect in found if prospect.decidable]
    if found:
        yield f"claims that these cells could decide: {', '.join(able) or 'none'}"
    for prospect in found:
        if not prospect.decidable:
            yield f"not {prospect.name}: {prospect.reason}"


def _one_a_place(cells: Iterable[Cell]) -> list[Cell]:
    """At the largest fraction one cell of each loss on each dataset, of the first seed: of a tuned suite a final, which
    alone stands in the report, or, where only trials are given, the one with the suite's own values."""
    cells = list(cells)
    plain = [cell for cell in cells if not cell.is_trial] or [
        cell for cell in cells if cell.trial is not None and cell.trial.number == 0
    ]
    largest = max((fraction_order(cell.fraction) for cell in plain), default=None)
    found: dict[tuple[Any, ...], Cell] = {}
    for cell in plain:
        if fraction_order(cell.fraction) == largest:
            found.setdefault((cell.suite, cell.dataset, cell.loss.id), cell)
    return list(found.values())


def _row(number: int, cell: Cell, card: Card | None, guess: int) -> dict[str, Any]:
    """A finished record as a row, with the suite's own values where it is tuned."""
    described = untuned(cell.describe())
    parts = {
        "dataset_parameters": described["dataset_parameters"],
        "encoder_options": described["encoder_options"],
    }
    parts |= {"loss/parameters": described["loss"]["parameters"], "train": described["train"]}
    row: dict[str, Any] = {
        "id": str(number),
        "suite": cell.suite,
        "status": "done",
        "error_class": None,
        "dataset": cell.dataset,
        "fraction": cell.fraction,
        "seed": 0,
        "encoder": cell.encoder,
        "loss": cell.loss.id,
        "loss_name": cell.loss.name,
        "cell/loader": cell.loader,
        **{f"cell/{part}/{key}": value for part, values in parts.items() for key, value in values.items()},
        **_facts(number, cell, card, guess),
    }
    for key in _keys():
        row |= {f"{column}/test/{key}": LEVEL for column in READINGS.values()}
        row[f"floor_metrics/test/{key}"] = FLOOR
    return row


def _card(cell: Cell) -> Card | None:
    try:
        return datasets.card(cell.loader, cell.dataset_parameters)
    except MlbenchError:
        return None


def _facts(number: int, cell: Cell, card: Card | None, guess: int) -> dict[str, Any]:
    """What the dataset's card says; a record will say how many labels a sample has, and no two datasets the same."""
    own = card is None or card.access == "own"
    return {
        "dataset/family": cell.dataset if own or card is None else card.family,
        "dataset/labels": guess if card is None or card.labels is None else card.labels,
        "dataset/cardinality": 1.0 + number if card is None or card.cardinality is None else card.cardinality,
    }


def _keys() -> Iterator[str]:
    """Every key of the metrics that are registered, but for the buckets."""
    for name in METRICS.names():
        if metric_info(name).policies:
            yield from (f"{name}@{policy}" for policy in POLICIES)
        else:
            yield name
