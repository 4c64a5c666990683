"""Open Clip Art Library: keywords of drawings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from mlbench.datasets.cards import Card
from mlbench.datasets.files.writing import Sample
from mlbench.datasets.public.downloads import Download
from mlbench.datasets.public.public_source import PublicSource
from mlbench.datasets.public.readers import parse_xml, split_by_hash
from mlbench.datasets.public.tree import Tree
from mlbench.datasets.source import register_dataset
from mlbench.errors import DataError

FEWEST = 15
"""A keyword on fewer drawings is left out."""

MEANINGLESS = {
    "clip art",
    "clipart",
    "image",
    "media",
    "png",
    "svg",
    "public domain",
    "unsorted",
    "hash(0x8)",
}
SUBJECT = "{http://purl.org/dc/elements/1.1/}subject"
ITEM = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}li"


@register_dataset("openclipart")
class OpenClipArt(PublicSource):
    """Clip-art drawings with their keywords, long-tailed."""

    def card(self) -> Card:
        return Card(
            name="openclipart",
            modality="image",
            task="keywords of a clip-art drawing",
            labels=143,
            sizes={"train": 3481, "validation": 517, "test": 1043},
            cardinality=2.9,
            licence="public domain (Creative Commons Public Domain Dedication)",
            citation="Open Clip Art Library 0.18, as packaged by Debian",
            source="Debian packages openclipart-png and openclipart-svg",
            access="by hand",
            protocol="split by the MD5 of the drawing's path",
            quirks=(
                "icon themes are a large group that looks alike",
                "a set made from another release of the packages has other sizes: keywords are kept from 15 "
                "drawings on",
            ),
            confirmed=True,
        )

    def downloads(self) -> tuple[Download, ...]:
        note = (
            "on Debian or Ubuntu: `apt-get download openclipart-png openclipart-svg`, then `dpkg-deb -x FILE.deb "
            "clipart` for both, and `--from clipart`"
        )
        return (Download("openclipart", None, note=note),)

    def samples(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        drawings = {_path(name, "png"): name for name in tree.names if name.lower().endswith(".png")}
        keywords = {
            path: words
            for name in tree.names
            if name.lower().endswith(".svg") and (path := _path(name, "svg")) in drawings
            for words in [_keywords(tree, name)]
        }
        if not keywords:
            raise DataError("openclipart: no drawing is there both as .png and as .svg")
        counts = Counter(word for words in keywords.values() for word in words)
        seen: set[bytes] = set()
        for path, words in sorted(keywords.items()):
            labels = sorted(word for word in words if counts[word] >= FEWEST)
            if labels and "magick" not in path:
                image = tree.read(drawings[path])
                if image not in seen:
                    seen.add(image)
                    yield split_by_hash(path), Sample(image, labels, path)


def _path(name: str, kind: str) -> str:
    """The drawing's path, the same for its .png and its .svg."""
    return re.sub(rf"^(.*/)?{kind}/", "", name.rsplit(".", 1)[0])


def _keywords(tree: Tree, name: str) -> set[str]:
    """The dc:subject keywords of an SVG file; none where its XML is broken."""
    content = tree.read(name)
    try:
        root = parse_xml(re.sub(rb"<!DOCTYPE[^>\[]*(\[.*?\])?\s*>", b"", content, flags=re.DOTALL), name)
    except DataError:
        return set()
    items = (item for subject in root.iter(SUBJECT) for item in subject.iter(ITEM))
    return {word for item in items if (word := (item.text or "").strip().lower())} - MEANINGLESS
