"""Abstracts of arXiv with 54 subjects: of AAPD's kind and size, and not AAPD."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator

from mlbench.datasets.cards import Card
from mlbench.datasets.files.writing import Sample
from mlbench.datasets.public.downloads import Download
from mlbench.datasets.public.public_source import PublicSource
from mlbench.datasets.public.readers import need, read_rows, split_by_hash
from mlbench.datasets.public.tree import Tree
from mlbench.datasets.source import register_dataset
from mlbench.errors import DataError

SUBJECTS, PAPERS = 54, 56_000


@register_dataset("arxiv_cs54")
class ArxivCs54(PublicSource):
    """Computer-science abstracts of arXiv with 54 subjects (an AAPD look-alike, not AAPD)."""

    def card(self) -> Card:
        return Card(
            name="arxiv_cs54",
            modality="text",
            task="subject categories of a computer-science abstract",
            labels=54,
            sizes={"train": 39148, "validation": 5528, "test": 11324},
            cardinality=2.54,
            licence="CC0 (arXiv metadata)",
            citation="R. S. Geiger: ArXiV Archive, https://doi.org/10.5281/zenodo.1463242",
            source="https://github.com/staeiou/arxiv_archive",
            access="by hand",
            protocol="papers with at least two of the 54 most frequent subjects; split by the MD5 of a name",
            quirks=(
                "of AAPD's kind and size, and not AAPD: other papers, subjects and split",
                "cs.IT and math.IT, cs.NA and math.NA, cs.SY and eess.SY are aliases: perfectly correlated",
                "a set made anew by `mlbench fetch --from` deals the papers to other splits than the prepared one",
            ),
            confirmed=True,
        )

    def downloads(self) -> tuple[Download, ...]:
        note = (
            "`git clone https://github.com/staeiou/arxiv_archive` and give its folder "
            "processed_data/20200101/per_category"
        )
        return (Download("arxiv_archive", None, note=note),)

    def samples(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        papers: dict[str, tuple[str, str, list[str]]] = {}
        files = sorted(
            name for file, name in tree.by_file_name(".tsv").items() if re.match(r"cs\.|cmp-lg", file)
        )
        if not files:
            raise DataError("arxiv_cs54: no file cs.….tsv or cmp-lg.tsv is among the files given")
        for file in files:
            for row in read_rows(tree, file, delimiter="\t"):
                title = " ".join(need(row, "title", file).split())
                subjects = re.split(r"[\s,;]+", need(row, "categories", file).strip())
                text = " ".join(need(row, "abstract", file).split())
                papers.setdefault(title, (need(row, "arxiv_id", file), text, subjects))
        counts = Counter(subject for _, _, subjects in papers.values() for subject in subjects)
        frequent = {subject for subject, _ in counts.most_common(SUBJECTS)}
        taken = 0
        for title in sorted(papers, key=_order):
            identity, text, subjects = papers[title]
            labels = sorted(set(subjects) & frequent)
            if len(labels) >= 2 and text and taken < PAPERS:
                taken += 1
                yield split_by_hash(identity), Sample(text, labels, identity)


def _order(title: str) -> str:
    return hashlib.md5(title.encode(), usedforsecurity=False).hexdigest()
