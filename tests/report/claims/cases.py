"""Records with a known difference between losses on each family, and what claims make of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlbench.records import Store, load_records
from mlbench.report.analysis import Analysis
from mlbench.report.claims import CheckedClaim, check_claims
from mlbench.report.data.grid import Grid
from tests.report.synthetic import World, records

MANY = tuple(f"large-{size}" for size in range(100, 180, 10))
FEW = tuple(f"small-{size}" for size in range(10, 18))
KEYS = ("map", "f1_macro@label", "f1_macro@0.5", "lrap")
WITHOUT_LOGITS = ("supcon", "jaccard_supcon", "mulsupcon", "prototype", "msc", "reg")
FINE_TUNED = {"encoder": "hf:roberta-base", "encoder_options": {"pretrained": True, "frozen": False}}
FROZEN = {"encoder": "hf:roberta-base", "encoder_options": {"pretrained": True, "frozen": True}}

Gain = float | Callable[[int], float]
"""What a loss adds to 0.5, by the number of the dataset."""


@dataclass(frozen=True)
class Case:
    """`gains` by loss and, where `probe` has some, by reading; floor is 0.1, so that 0.5 is 0.4 above it."""

    gains: Mapping[str, Gain]
    probe: Mapping[str, Gain] = field(default_factory=dict)
    datasets: Sequence[str] = MANY
    floor: float = 0.1
    keys: Sequence[str] = KEYS
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    failed: Sequence[tuple[Any, ...]] = ()
    encoder: Callable[[int], Mapping[str, Any]] = lambda _: FINE_TUNED
    cardinality: Callable[[int], float] = lambda place: 2.0 + place


def analysis_of(case: Case, folder: Path) -> Analysis:
    """Of the records of a case: one seed, one fraction, no noise but what the gains have."""
    store = Store(folder / "synthetic")
    store.prepare()
    world = World(
        losses=dict.fromkeys(case.gains, 0.0),
        datasets=case.datasets,
        families={},
        fractions=(1.0,),
        seeds=(0,),
        keys=case.keys,
        parameters=case.parameters,
        failed=case.failed,
    )
    for record, _ in records(world):
        loss, place = record["cell"]["loss"]["id"], case.datasets.index(record["cell"]["dataset"])
        record["cell"] |= case.encoder(place)
        record["dataset"]["cardinality"] = case.cardinality(place)
        if record["status"] == "done":
            own = 0.5 + _at(case.gains[loss], place)
            probe = own
            if loss in case.probe:
                probe = 0.5 + _at(case.probe[loss], place)
            elif record["cell"]["loss"]["name"] not in WITHOUT_LOGITS:
                probe = own - 0.001
            record["metrics"]["test"] = dict.fromkeys(case.keys, own)
            record["probe_metrics"]["test"] = dict.fromkeys(case.keys, probe)
            record["floor_metrics"]["test"] = dict.fromkeys(case.keys, case.floor)
        store.write(record)
    return Analysis(Grid(load_records(folder)))


def findings(case: Case, folder: Path) -> dict[str, CheckedClaim]:
    """Every claim by its name."""
    return {finding.name: finding for finding in check_claims(analysis_of(case, folder))}


def _at(gain: Gain, place: int) -> float:
    return gain(place) if callable(gain) else gain
