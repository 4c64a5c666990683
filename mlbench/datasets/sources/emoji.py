"""Emoji in two styles of drawing: keywords and group."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
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

OPENMOJI, UNICODE = "data/openmoji.json", "en/data.json"
PIXELS, QUALITY = 72, 88
FEWEST = 24
"""A keyword on fewer drawings is left out."""

EXTRA = "extras-"
"""What the groups of OpenMoji's own drawings begin with."""

VARIANT = "-fe0f"
"""The mark of the colourful form, which one of the sets leaves out of its names in places."""


@register_dataset("emoji")
class Emoji(PublicSource):
    """Drawings of emoji in two styles, with the keywords of both sets and the group."""

    fingerprint = "8d4016530dabf43f229c3918987efccc"
    made_with = "CairoSVG, cairo or Pillow"

    def card(self) -> Card:
        return Card(
            name="emoji",
            modality="image",
            task="keywords of an emoji",
            labels=155,
            sizes={"train": 2747, "validation": 412, "test": 730},
            cardinality=2.90,
            licence="CC BY-SA 4.0 (OpenMoji), CC BY 4.0 (Twemoji graphics), Unicode licence (CLDR keywords)",
            citation="OpenMoji 17.0.0; Twemoji 15.0.0; Unicode CLDR keywords in emojibase-data 17.0.0",
            source="npm packages openmoji 17.0.0, @twemoji/svg 15.0.0 and emojibase-data 17.0.0",
            access="open",
            protocol="without skin tones; split by the MD5 of the code points: both drawings of an emoji are in one "
            "split; of drawings that are equal the first",
            quirks=(
                "72 × 72 pixels on white, drawn by CairoSVG 2.9.1: another release may draw them otherwise",
                "the 270 flags are a large, easy group",
                "some keywords are chat slang for a mood (143, ily, bae)",
            ),
            confirmed=True,
        )

    def downloads(self) -> tuple[Download, ...]:
        return (
            npm_package(
                "openmoji",
                "17.0.0",
                "55ee7d13485dec86e9f38c1f3a645a13382d33ff97c0cd845ee824b0aef45e68",
                4_339_458,
            ),
            npm_package(
                "@twemoji/svg",
                "15.0.0",
                "1d2907557a422c7c4e3feca50ef915c39da1db3d76b4a4d7e73fb59bce4403c3",
                1_547_134,
            ),
            npm_package(
                "emojibase-data",
                "17.0.0",
                "d01d0e2ca4e22cb402679532155342c71e2e871f25c32223c013b8b166ebdf5a",
                6_711_091,
            ),
        )

    def samples(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        draw = drawer(PIXELS)
        keywords = {_plain(item["hexcode"]): item.get("tags", ()) for item in _items(tree, UNICODE)}
        emoji = [item for item in _items(tree, OPENMOJI) if not item.get("skintone")]
        first = tree.by_file_name(".svg", under="color")
        second = {
            PurePosixPath(name).name: name
            for name in tree.names
            if name.endswith(".svg") and PurePosixPath(name).parent.name == "package"
        }
        drawn: list[Sample] = []
        seen: set[bytes] = set()
        for item in emoji:
            code = item["hexcode"]
            labels = _labels(item, keywords.get(_plain(code), ()))
            lower = code.lower()
            files = {
                f"openmoji/{code}": first.get(f"{code}.svg"),
                f"twemoji/{code}": second.get(f"{lower}.svg")
                or second.get(f"{lower.replace(VARIANT, '')}.svg"),
            }
            for name, file in files.items():
                picture = draw(tree.read(file)) if file else None
                image = encoded(picture, "RGB", "JPEG", quality=QUALITY, optimize=True) if picture else b""
                if image and image not in seen:
                    seen.add(image)
                    drawn.append(Sample(image, labels, name))
        counts = Counter(label for sample in drawn for label in sample.labels)
        for sample in drawn:
            labels = [label for label in sample.labels if counts[label] >= FEWEST]
            if labels:
                yield split_by_hash(sample.id.partition("/")[2]), Sample(sample.input, labels, sample.id)


def _items(tree: Tree, file: str) -> list[dict[str, Any]]:
    try:
        items: list[dict[str, Any]] = json.loads(tree.text(file))
        return [item for item in items if item["hexcode"]]
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{file}: not a list of emoji with code points ({error!r})") from None


def _plain(code: str) -> str:
    """Code points without the mark of the colourful form."""
    return code.lower().replace(VARIANT, "")


def _labels(item: dict[str, Any], keywords: Iterable[str]) -> list[str]:
    """The keywords of both sets, and the group where it is one of Unicode's."""
    listed = f"{item.get('tags', '')},{item.get('openmoji_tags', '')}".split(",")
    group = item.get("group", "")
    found = {word.strip().lower() for word in [*listed, *keywords, "" if group.startswith(EXTRA) else group]}
    return sorted(found - {""})
