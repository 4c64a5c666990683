"""What `list datasets` says of each dataset, and which of them it shows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlbench.errors import ConfigError, DataError, did_you_mean

if TYPE_CHECKING:
    from mlbench.code.declarations import Declaration

COLUMNS = ("modality", "labels", "cardinality", "rows", "licence", "state")


def columns_of(declared: Declaration, data_root: Path | None) -> dict[str, Any]:
    """The card's figures and whether the dataset is here; None where nobody can say."""
    from mlbench import datasets
    from mlbench.datasets.fetching import fetch

    unknown = dict.fromkeys(COLUMNS)
    if any(parameter.required for parameter in declared.parameters):
        return unknown
    try:
        card = datasets.card(declared.name, data_root=data_root)
    except DataError:  # a folder's card is broken: describing it says how, and the others are listed
        return unknown
    try:
        state: str | None = fetch(declared.name, data_root=data_root, dry_run=True).status
    except ConfigError:  # a user's own data are nowhere before they are named
        state = None
    rows = sum(card.sizes.values()) if "train" in card.sizes else None
    return {
        "modality": card.modality,
        "labels": card.labels,
        "cardinality": card.cardinality,
        "rows": rows,
        "licence": card.licence,
        "state": state,
    }


@dataclass(frozen=True)
class Wanted:
    """Which datasets are shown: those that fit all that is said. Ranges are `10..50`, `10..` or `..50`."""

    modality: str | None = None
    labels: str | None = None
    cardinality: str | None = None
    rows: str | None = None
    licence: str | None = None
    here: bool = False

    def __bool__(self) -> bool:
        return self != Wanted()

    def chosen(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The rows that fit. Raises ConfigError for a modality that is none or a range that cannot be read."""
        from mlbench.datasets.cards import MODALITIES

        if self.modality is not None and self.modality not in MODALITIES:
            raise ConfigError(f"unknown modality {self.modality!r}{did_you_mean(self.modality, MODALITIES)}")
        limits = {name: _range(name, getattr(self, name)) for name in ("labels", "cardinality", "rows")}
        return [row for row in rows if self._fits(row, limits)]

    def _fits(self, row: dict[str, Any], limits: dict[str, tuple[float, float] | None]) -> bool:
        inside = all(
            limit is None or (row[name] is not None and limit[0] <= row[name] <= limit[1])
            for name, limit in limits.items()
        )
        return (
            inside
            and self.modality in (None, row["modality"])
            and (self.licence is None or self.licence.lower() in (row["licence"] or "").lower())
            and (not self.here or row["state"] in ("here", "built in"))
        )


def _range(name: str, text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    low, dots, high = text.partition("..")
    try:
        if not dots:
            return float(low), float(low)
        return float(low or "-inf"), float(high or "inf")
    except ValueError:
        raise ConfigError(f"--{name} {text!r}: a number, or a range as 10..50, 10.. or ..50") from None
