"""Material Design Icons: words of an icon's name and its subjects."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from mlbench.datasets.cards import Card
from mlbench.datasets.files.writing import Sample
from mlbench.datasets.public.downloads import Download
from mlbench.datasets.public.public_source import PublicSource
from mlbench.datasets.public.readers import split_by_hash
from mlbench.datasets.public.tree import Tree
from mlbench.datasets.source import register_dataset
from mlbench.datasets.sources.parts.drawings import drawer, encoded
from mlbench.datasets.sources.parts.pinned import npm_package
from mlbench.errors import DataError

META = "meta.json"
PIXELS = 64
FEWEST = 40
"""A label on fewer icons is left out."""


@register_dataset("mdi_icons")
class MdiIcons(PublicSource):
    """Flat icons with the words of their names and subject tags."""

    fingerprint = "16e9734a80a719de64bdabb242a2564b"
    made_with = "CairoSVG, cairo or Pillow"

    def card(self) -> Card:
        return Card(
            name="mdi_icons",
            modality="image",
            task="words and subject tags of a flat icon",
            labels=116,
            sizes={"train": 4469, "validation": 601, "test": 1372},
            cardinality=2.34,
            licence="Apache-2.0",
            citation="Pictogrammers: Material Design Icons 7.4.47",
            source="npm package @mdi/svg 7.4.47",
            access="open",
            protocol="split by the MD5 of the icon's name; of icons drawn alike the first",
            quirks=(
                "64 × 64 pixels, black on white, drawn by CairoSVG 2.9.1: another release may draw them otherwise",
                "variants of one icon (outline, off) may stand in different splits",
            ),
            confirmed=True,
        )

    def downloads(self) -> tuple[Download, ...]:
        return (
            npm_package(
                "@mdi/svg",
                "7.4.47",
                "de92e5dc9ce46c392ab5c53aa7190b19f82b40cb48872a083f788c7e13e91fef",
                1_354_060,
            ),
        )

    def samples(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        draw = drawer(PIXELS)
        icons = {icon["name"]: _labels(icon) for icon in _icons(tree) if not icon.get("deprecated")}
        counts = Counter(label for labels in icons.values() for label in labels)
        files = tree.by_file_name(".svg", under="svg")
        seen: set[bytes] = set()
        for name, found in icons.items():
            if f"{name}.svg" not in files:
                raise DataError(
                    f"{META} names {name!r}, and there is no svg/{name}.svg among the files given"
                )
            drawn = draw(tree.read(files[f"{name}.svg"]))
            if drawn is None:
                continue
            image = encoded(drawn, "L", "PNG", optimize=True)
            labels = [label for label in found if counts[label] >= FEWEST]
            if image not in seen and labels:
                yield split_by_hash(name), Sample(image, labels, name)
            seen.add(image)


def _icons(tree: Tree) -> list[dict[str, Any]]:
    try:
        icons: list[dict[str, Any]] = json.loads(tree.text(META))
        return [icon for icon in icons if icon["name"]]
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{META}: not a list of icons with names ({error!r})") from None


def _labels(icon: dict[str, Any]) -> list[str]:
    """The words of the name, numbers aside, and the tags."""
    words = {word for word in icon["name"].split("-") if not word.isdigit()}
    return sorted(words | {tag.lower() for tag in icon.get("tags", ())})
