"""The Tate collection: subjects shown in works of art, by title, artist and medium."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from mlbench.datasets.cards import Card
from mlbench.datasets.files.writing import Sample
from mlbench.datasets.public.downloads import Download
from mlbench.datasets.public.public_source import PublicSource
from mlbench.datasets.public.readers import hash_share, need, split_by_hash
from mlbench.datasets.public.tree import Tree
from mlbench.datasets.source import register_dataset
from mlbench.datasets.sources.parts.pinned import Repository
from mlbench.datasets.sources.parts.rows import first_of_each_text, letters, one_line
from mlbench.errors import DataError

REPOSITORY = Repository("tategallery/collection", "a51d8afc988ed083557e2950f4d0b644e7719f4a")
NO_TITLE = re.compile(r"\W*(untitled|title not known|no title)\W*", re.IGNORECASE)
FEWEST = 50
"""A subject on fewer works is left out."""

THINNED, SHARE = "Turner", 12
"""Of this artist's works (32,000 of 59,000, mostly sketchbook leaves) so many in 100 are taken, by their titles."""


@register_dataset("tate")
class Tate(PublicSource):
    """Works of art with the subjects that cataloguers saw in them; long-tailed."""

    fingerprint = "19137d6972ea994eeaa876c1d5fc8f41"

    def card(self) -> Card:
        return Card(
            name="tate",
            modality="text",
            task="subjects shown in a work of art, from its title, artist and medium",
            labels=148,
            sizes={"train": 16129, "validation": 2176, "test": 4807},
            cardinality=5.87,
            licence="CC0 1.0",
            citation="Tate: The Tate Collection, metadata of October 2014",
            source=REPOSITORY.page,
            access="open",
            protocol="works with a subject and a title, of the same text the first; split by the MD5 of the title's "
            "letters: works of one title never straddle a split",
            quirks=(
                "cataloguers saw the work: the text tells only part of the subjects",
                "labels are the second level of the gallery's subject index; long-tailed",
                "works of artists called Turner are thinned to 12 in 100",
            ),
            confirmed=True,
        )

    def downloads(self) -> tuple[Download, ...]:
        return (REPOSITORY.archive(),)

    def samples(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        titles: dict[str, str] = {}
        works = []
        for work in _works(tree):
            title, artist = one_line(need(work, "title", "artworks")), need(work, "all_artists", "artworks")
            subjects = _subjects(work)
            thinned = THINNED in artist and hash_share(f"turner{title.lower()}") >= SHARE
            if subjects and not thinned and not NO_TITLE.fullmatch(title):
                medium = f", {work['medium']}" if work.get("medium") else ""
                titles[work["acno"]] = title
                works.append(Sample(f"{title}. {artist}{medium}", subjects, work["acno"]))
        kept = list(first_of_each_text(works))
        counts = Counter(subject for work in kept for subject in work.labels)
        for sample in kept:
            labels = [subject for subject in sample.labels if counts[subject] >= FEWEST]
            if labels:
                yield split_by_hash(letters(titles[sample.id])), Sample(sample.input, labels, sample.id)


def _works(tree: Tree) -> Iterator[dict[str, Any]]:
    """The artworks' records, in the order of their files."""
    names = [
        name for name in tree.names if name.endswith(".json") and "artworks" in PurePosixPath(name).parts
    ]
    if not names:
        raise DataError("tate: no artworks/….json is among the files given")
    for name in names:
        try:
            yield json.loads(tree.read(name))
        except ValueError as error:
            raise DataError(f"{name}: not valid JSON: {error}") from None


def _subjects(work: dict[str, Any]) -> list[str]:
    """The second level of the subject index, with the first."""
    top = (work.get("subjects") or {}).get("children", ())
    return sorted({f"{one['name']}: {two['name']}" for one in top for two in one.get("children", ())})
