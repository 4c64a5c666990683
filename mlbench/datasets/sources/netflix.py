"""Netflix titles: genres of the catalogue, by title and description."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from mlbench.datasets.cards import Card
from mlbench.datasets.files.writing import Sample
from mlbench.datasets.public.downloads import Download
from mlbench.datasets.public.public_source import PublicSource
from mlbench.datasets.public.readers import need, read_rows
from mlbench.datasets.public.tree import Tree
from mlbench.datasets.source import register_dataset
from mlbench.datasets.sources.parts.pinned import Repository
from mlbench.datasets.sources.parts.rows import first_of_each_text, split_by_letters

REPOSITORY = Repository("jennyvanlinh/Netflix2021", "1e3afe32ea91a864f40aa40423e3f16b3b163644")
FILE = "netflix_titles.csv"
FEWEST = 15
"""A genre on fewer titles is left out."""


@register_dataset("netflix")
class Netflix(PublicSource):
    """Films and series with the genres of their catalogue."""

    fingerprint = "98bc10c85cb7f08af0ae92401aad437b"

    def card(self) -> Card:
        return Card(
            name="netflix",
            modality="text",
            task="catalogue genres of a Netflix title",
            labels=42,
            sizes={"train": 6153, "validation": 837, "test": 1785},
            cardinality=2.19,
            licence="CC0 1.0 (the data's page); the repository is MIT",
            citation="S. Bansal: Netflix Movies and TV Shows, 2021",
            source=REPOSITORY.page,
            access="open",
            protocol="of titles with the same description the first; split by the MD5 of the letters behind the "
            "first full stop: the description's, but for a title that has one",
            quirks=(
                "much of a label (a country, film or series) is not in the text",
                "films and series have genres of their own",
            ),
            confirmed=True,
        )

    def downloads(self) -> tuple[Download, ...]:
        checksum = "adb9c3694e86632c559e64ef3db95c00b1b34cbe5eecc51fd4a0461a161f3a34"
        return (REPOSITORY.file(f"data/{FILE}", checksum, 3_408_387),)

    def samples(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        rows = {need(row, "show_id", FILE): row for row in read_rows(tree, FILE)}
        described = (Sample(need(row, "description", FILE), (), name) for name, row in rows.items())
        kept = list(first_of_each_text(described))
        genres = {sample.id: need(rows[sample.id], "listed_in", FILE).split(", ") for sample in kept}
        counts = Counter(genre for listed in genres.values() for genre in listed)
        for sample in kept:
            labels = [genre for genre in genres[sample.id] if counts[genre] >= FEWEST]
            text = f"{need(rows[sample.id], 'title', FILE)}. {sample.input!s}"
            if labels:
                yield split_by_letters(text.partition(". ")[2]), Sample(text, labels, sample.id)
