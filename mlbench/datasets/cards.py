"""The card of a dataset: what it is, where it comes from, who may use it, what to know of it."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from mlbench.errors import DataError
from mlbench.plain_text import fit, parse_toml

Modality = Literal["text", "image", "features"]
MODALITIES: tuple[Modality, ...] = ("text", "image", "features")
RESTRICTING = re.compile(r"\bNC\b|non-commercial|research|academic|redistribut|agreement", re.IGNORECASE)
"""Words of a licence that a user has to know before anything is downloaded."""

Access = Literal["built in", "open", "by hand", "account", "request", "own"]


@dataclass(frozen=True)
class ReferenceScore:
    """A published or measured score that a reader may hold a result against."""

    model: str
    metrics: Mapping[str, float]
    source: str = ""


@dataclass(frozen=True)
class Card:
    """What is known of a dataset before its files are there.

    - `name`: the one it is registered under.
    - `modality`: what its samples are.
    - `task`: what a label says of a sample.
    - `labels`: how many there are, as published; None where nobody says.
    - `sizes`: samples of each split, as published; those that nobody says are left out.
    - `cardinality`: the mean number of labels of a sample, as published.
    - `licence`: as its owners give it.
    - `citation`: authors, title, place and year.
    - `source`: where its files are.
    - `access`: how they are had: "open" can be fetched, "by hand" takes a command or two, "account" and "request" need
      somebody's consent first.
    - `family`: what the datasets that share their inputs have in common; in the statistics a family counts once.
    - `protocol`: what decides the splits.
    - `quirks`: what surprises who works with it.
    - `reference`: scores that a result may be held against.
    - `confirmed`: whether the numbers were counted on the files.
    """

    name: str
    modality: Modality
    task: str = ""
    labels: int | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)
    cardinality: float | None = None
    licence: str = "not stated"
    citation: str = ""
    source: str = ""
    access: Access = "own"
    family: str = ""
    protocol: str = ""
    quirks: tuple[str, ...] = ()
    reference: tuple[ReferenceScore, ...] = ()
    confirmed: bool = False

    def __post_init__(self) -> None:
        if not self.family:
            object.__setattr__(self, "family", self.name)

    @property
    def restricted(self) -> bool:
        """Whether its licence forbids commercial use or passing it on, or binds it to a purpose."""
        return bool(RESTRICTING.search(self.licence))

    @property
    def standing(self) -> str:
        """How far its numbers can be trusted."""
        if self.access == "own":
            return ""
        return "counted on the files" if self.confirmed else "as published; confirmed when first loaded"

    def to_dict(self) -> dict[str, Any]:
        """The card as JSON-ready values."""
        return {**asdict(self), "standing": self.standing}


@dataclass(frozen=True)
class FolderCard:
    """What a folder's `dataset.toml` says: the card, and the vocabulary where it lists one."""

    card: Card
    vocabulary: tuple[str, ...] | None


_SCALARS = {"name", "task", "licence", "citation", "source", "family", "protocol"}


def read_folder_card(folder: Path) -> FolderCard | None:
    """The `dataset.toml` of `folder`, or None where there is none. Raises DataError where it is broken."""
    file = folder / "dataset.toml"
    if not file.is_file():
        return None
    try:
        content = parse_toml(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{file}: not valid TOML: {error}") from error
    modality = content.get("modality")
    if modality not in MODALITIES:
        raise DataError(f"{file}: modality must be one of {', '.join(MODALITIES)}, not {modality!r}")
    vocabulary = content.get("labels")
    if vocabulary is not None:
        _check_vocabulary(vocabulary, file)
    sizes = content.get("splits", {})
    if not isinstance(sizes, dict) or not all(isinstance(size, int) for size in sizes.values()):
        raise DataError(f"{file}: [splits] must hold one number of samples per split")
    known = {key: fit(str(value)) for key, value in content.items() if key in _SCALARS}
    quirks = content.get("quirks", [])
    if not isinstance(quirks, list):
        raise DataError(f"{file}: quirks must be a list of sentences")
    card = Card(
        name=known.get("name", folder.name),
        modality=modality,
        labels=None if vocabulary is None else len(vocabulary),
        sizes=sizes,
        task=known.get("task", ""),
        licence=known.get("licence", Card.licence),
        citation=known.get("citation", ""),
        source=known.get("source", ""),
        family=known.get("family", ""),
        protocol=known.get("protocol", ""),
        quirks=tuple(fit(str(quirk)) for quirk in quirks),
    )
    return FolderCard(card, None if vocabulary is None else tuple(vocabulary))


def _check_vocabulary(vocabulary: Any, file: Path) -> None:
    if not isinstance(vocabulary, list) or not all(isinstance(label, str) for label in vocabulary):
        raise DataError(f"{file}: labels must be a list of strings")
    if not vocabulary:
        raise DataError(f"{file}: labels is empty; list the vocabulary or leave the key out")
    twice = {label for label in vocabulary if vocabulary.count(label) > 1}
    if twice:
        raise DataError(f"{file}: labels lists {', '.join(sorted(map(repr, twice)))} more than once")


def folder_card_text(card: Card, vocabulary: tuple[str, ...], sizes: Mapping[str, int]) -> str:
    """The text of a `dataset.toml` that `read_folder_card` reads back."""
    lines = []
    for item in fields(Card):
        value = getattr(card, item.name)
        if item.name in _SCALARS | {"modality"} and value:
            lines.append(f"{item.name} = {_quote(value)}")
    if card.quirks:
        lines.append("quirks = [" + "".join(f"\n    {_quote(quirk)}," for quirk in card.quirks) + "\n]")
    lines.append("labels = [" + "".join(f"\n    {_quote(label)}," for label in vocabulary) + "\n]")
    lines.append("\n[splits]")
    lines += [f"{split} = {size}" for split, size in sizes.items()]
    return "\n".join(lines) + "\n"


def _quote(value: str) -> str:
    """A TOML basic string: JSON's escapes are legal TOML, but for the DEL character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
