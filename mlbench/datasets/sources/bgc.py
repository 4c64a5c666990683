"""Blurb Genre Collection, English: genres of books by their blurbs."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from mlbench.datasets.cards import Card
from mlbench.datasets.files.writing import Sample
from mlbench.datasets.public.downloads import Download
from mlbench.datasets.public.public_source import PublicSource
from mlbench.datasets.public.tree import Tree
from mlbench.datasets.source import register_dataset
from mlbench.errors import DataError

FILES = {"train": "train", "validation": "dev", "test": "test"}
BOOK = re.compile(r"<book\b[^>]*>(.*?)</book>", re.DOTALL)
BODY = re.compile(r"<body>(.*?)</body>", re.DOTALL)
TOPICS = re.compile(r"<topics>(.*?)</topics>", re.DOTALL)
GENRE = re.compile(r"<d\d>(.*?)</d\d>", re.DOTALL)


@register_dataset("bgc")
class BlurbGenreCollection(PublicSource):
    """Blurbs of books with their genres, a hierarchy of four levels."""

    def card(self) -> Card:
        return Card(
            name="bgc",
            modality="text",
            task="genres of a book, from its blurb",
            labels=146,
            sizes={"train": 58715, "validation": 14785, "test": 18394},
            cardinality=3.01,
            licence="CC BY-NC 4.0 (annotations); texts: Penguin Random House",
            citation="Aly, Remus, Biemann: Hierarchical Multi-label Classification of Text with Capsule Networks, "
            "ACL 2019, Student Research Workshop",
            source="https://www.inf.uni-hamburg.de/en/inst/ab/lt/resources/data/blurb-genre-collection.html",
            access="open",
            protocol="official split",
            quirks=(
                "hierarchical: a book of a genre is one of the genres above it too",
                "the files look like XML and are not",
            ),
        )

    def downloads(self) -> tuple[Download, ...]:
        return (
            Download(
                "blurbgenrecollectionen.zip",
                "https://fiona.uni-hamburg.de/ca89b3cf/blurbgenrecollectionen.zip",
            ),
        )

    def samples(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        for split, part in FILES.items():
            name = f"BlurbGenreCollection_EN_{part}.txt"
            books = BOOK.findall(tree.text(name))
            if not books:
                raise DataError(f"{name}: no <book> … </book> in it")
            for number, book in enumerate(books):
                body, topics = BODY.search(book), TOPICS.search(book)
                if body is None:
                    raise DataError(f"{name}: book {number} has no <body>")
                genres = (
                    [html.unescape(genre.strip()) for genre in GENRE.findall(topics[1])] if topics else []
                )
                yield split, Sample(html.unescape(body[1].strip()), sorted(set(genres)), str(number))
