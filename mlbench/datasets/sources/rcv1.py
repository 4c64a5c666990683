"""RCV1-v2: topics of Reuters newswire stories, as the tokenised files of LYRL2004."""

from __future__ import annotations

from collections.abc import Iterator

from mlbench.datasets.cards import Card
from mlbench.datasets.files.writing import Sample
from mlbench.datasets.public.downloads import Download
from mlbench.datasets.public.public_source import PublicSource
from mlbench.datasets.public.readers import grouped
from mlbench.datasets.public.tree import Tree
from mlbench.datasets.source import register_dataset
from mlbench.errors import DataError

SITE = "http://www.ai.mit.edu/projects/jmlr/papers/volume5/lewis04a"
TOPICS = "rcv1-v2.topics.qrels"
PARTS = {"train": ("train",), "test": tuple(f"test_pt{number}" for number in range(4))}


@register_dataset("rcv1")
class Rcv1(PublicSource):
    """Reuters stories, stemmed and their words shuffled, with 103 topics."""

    def card(self) -> Card:
        return Card(
            name="rcv1",
            modality="text",
            task="topics of a newswire story",
            labels=103,
            sizes={"test": 781265},
            cardinality=3.2,
            licence="tokenised files: free for research, with the citation; the text itself: by agreement with NIST",
            citation="Lewis, Yang, Rose, Li: RCV1: A New Benchmark Collection for Text Categorization Research, "
            "JMLR 5, 2004",
            source=f"{SITE}/lyrl2004_rcv1v2_README.htm",
            access="open",
            protocol="LYRL2004, by date; validation cut from the 23,149 training documents",
            quirks=(
                "hierarchical: a story of a topic is of the topics above it too",
                "stop words removed, words stemmed, their order shuffled: no text for a language model. Stories got "
                "from NIST are read as your own data",
            ),
        )

    def downloads(self) -> tuple[Download, ...]:
        tokens = [f"lyrl2004_tokens_{part}.dat.gz" for parts in PARTS.values() for part in parts]
        return (
            Download(f"{TOPICS}.gz", f"{SITE}/a08-topic-qrels/{TOPICS}.gz"),
            *(Download(name, f"{SITE}/a12-token-files/{name}") for name in tokens),
        )

    def samples(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        topics = grouped(_topic_pairs(tree))
        for split, parts in PARTS.items():
            for part in parts:
                for identity, text in _documents(tree, f"lyrl2004_tokens_{part}.dat"):
                    yield split, Sample(text, topics.get(identity, []), identity)


def _topic_pairs(tree: Tree) -> Iterator[tuple[str, str]]:
    """(document, topic) from lines `topic document 1`."""
    for number, line in enumerate(tree.lines(TOPICS), start=1):
        cells = line.split()
        if len(cells) == 3:
            yield cells[1], cells[0]
        elif cells:
            raise DataError(f"{TOPICS}, line {number}: `topic document 1` is needed, not {line!r:.60}")


def _documents(tree: Tree, name: str) -> Iterator[tuple[str, str]]:
    """(id, words) from records of `.I id`, `.W` and lines of words."""
    identity, words = "", list[str]()
    for line in tree.lines(name):
        if line.startswith(".I "):
            if identity:
                yield identity, " ".join(words)
            identity, words = line[3:].strip(), []
        elif line.strip() not in ("", ".W"):
            if not identity:
                raise DataError(f"{name}: words before the first `.I`")
            words.append(line.strip())
    if identity:
        yield identity, " ".join(words)
