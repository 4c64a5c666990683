"""All properties in turn, each with a verdict."""

from __future__ import annotations

from pathlib import Path

from mlbench.datasets.conformance.cards import (
    agrees_with_its_card,
    card_is_complete,
    loads_or_says_the_remedy,
)
from mlbench.datasets.conformance.content import (
    every_label_occurs,
    fingerprint_is_stable,
    ids_are_unique,
    label_names_tell_labels_apart,
    splits_have_samples,
)
from mlbench.datasets.conformance.subject import REMEDY, DatasetUnderTest
from mlbench.properties import Property, PropertyVerdict, judge
from mlbench.registry import DATASETS


def _how_to_get_it(subject: DatasetUnderTest) -> str:
    found, said = subject.loaded
    return "" if found is not None else f"not on this machine: {said.partition(REMEDY)[2].strip()}"


def _not_here(subject: DatasetUnderTest) -> str:
    return "" if subject.loaded[0] is not None else "not on this machine"


PROPERTIES: tuple[Property[DatasetUnderTest], ...] = (
    Property("its card is complete", card_is_complete),
    Property("loads, or says the remedy", loads_or_says_the_remedy, decides=True),
    Property("agrees with its card", agrees_with_its_card, _how_to_get_it),
    Property("splits have samples", splits_have_samples, _not_here),
    Property("label names tell labels apart", label_names_tell_labels_apart, _not_here),
    Property("every label occurs", every_label_occurs, _not_here),
    Property("ids are unique in a split", ids_are_unique, _not_here),
    Property("fingerprint is stable", fingerprint_is_stable, _not_here),
)


def check(name: str, data_root: Path | None = None) -> list[PropertyVerdict]:
    """A verdict on each property of the dataset registered as `name`. Raises UnknownNameError for one that is not."""
    declaration = DATASETS.describe(name, data_root=data_root)
    return judge(DatasetUnderTest(declaration, data_root), PROPERTIES, declaration.file)
