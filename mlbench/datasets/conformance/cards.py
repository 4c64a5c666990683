"""What a dataset says of itself, and that it keeps to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlbench.datasets.cards import MODALITIES, Card
from mlbench.datasets.conformance.subject import REMEDY, DatasetUnderTest
from mlbench.properties import PropertyFailure

SAID = ("task", "labels", "licence", "citation", "source", "protocol")
"""What a card has to say of a dataset that others are to use; sizes too, once they are confirmed."""


def card_is_complete(subject: DatasetUnderTest) -> None:
    about = subject.card
    if about.name != subject.declaration.name:
        raise PropertyFailure(
            f"its card names it {about.name!r}; it is registered as {subject.declaration.name!r}"
        )
    if about.modality not in MODALITIES:
        raise PropertyFailure(f"modality must be one of {', '.join(MODALITIES)}, not {about.modality!r}")
    said: Mapping[str, Any] = about.to_dict()
    wanted = [*SAID, "sizes"] if about.confirmed else SAID
    silent = [
        key for key in wanted if not said[key] and not (about.access == "built in" and key == "citation")
    ]
    if silent or about.licence == Card.licence:
        raise PropertyFailure(f"its card does not say: {', '.join(silent or ['licence'])}")
    if about.access == "own":
        raise PropertyFailure(
            'access must say how others get the files: "open", "by hand", "account" or "request"'
        )


def loads_or_says_the_remedy(subject: DatasetUnderTest) -> None:
    found, said = subject.loaded
    if found is None and not said.partition(REMEDY)[2].strip():
        raise PropertyFailure(f"it is not on this machine, and the error does not say what to do: {said}")


def agrees_with_its_card(subject: DatasetUnderTest) -> None:
    _, warned = subject.loaded
    if warned:
        raise PropertyFailure(warned)
    if subject.dataset.modality != subject.card.modality:
        raise PropertyFailure(f"it holds {subject.dataset.modality}, its card says {subject.card.modality}")
