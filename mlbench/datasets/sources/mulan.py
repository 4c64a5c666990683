"""MULAN's sets of vectors: bibtex, delicious, tmc2007, corel5k, enron and scene."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import ClassVar

from mlbench.datasets.cards import Card
from mlbench.datasets.files.writing import Sample
from mlbench.datasets.public.downloads import Download
from mlbench.datasets.public.public_source import PublicSource
from mlbench.datasets.public.readers import parse_xml
from mlbench.datasets.public.tree import Tree
from mlbench.datasets.source import register_dataset
from mlbench.datasets.sources.parts.arff import read_arff, unquoted
from mlbench.datasets.sources.parts.pinned import Repository
from mlbench.datasets.sources.parts.rows import held_out_by_values, values_of
from mlbench.errors import DataError

REPOSITORY = Repository("tsoumakas/mulan", "43f6389095ad71984264db4387a8074b22bc7d4a")
LABEL = "{http://mulan.sourceforge.net/labels}label"


class Mulan(PublicSource):
    """A published training and test file; labels are the columns that the XML file lists."""

    place: ClassVar[str]
    listing: ClassVar[str]
    """The test file, the training file and the labels' file, each with its bytes and SHA-256."""

    _about: ClassVar[Card]
    fewest: ClassVar[int] = 15
    """A label on fewer rows is left out."""

    def card(self) -> Card:
        return replace(
            self._about,
            modality="features",
            licence="public MULAN set, no licence stated; the MULAN repository is GPL-3.0",
            source=f"{REPOSITORY.page} ({self.place})",
            access="open",
            protocol="the published training and test rows; rows with the same features kept once, in test first; "
            "validation is the tenth of train that the MD5 of the features chooses; labels on fewer than "
            f"{self.fewest} rows dropped",
            confirmed=True,
        )

    def downloads(self) -> tuple[Download, ...]:
        return REPOSITORY.files(f"data/multi-label/{self.place}", self.listing)

    def vocabulary(self, tree: Tree) -> Sequence[str]:
        counts = Counter(label for _, sample in self._kept(tree) for label in sample.labels)
        return [label for label in self._labels(tree) if counts[label] >= self.fewest]

    def samples(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        labels = set(self.vocabulary(tree))
        for split, sample in self._kept(tree):
            yield split, replace(sample, labels=[label for label in sample.labels if label in labels])

    def _kept(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        """Each row once, in test first."""
        labels = self._labels(tree)
        seen: set[bytes] = set()
        for part, file in (("test", self._file(0)), ("train", self._file(1))):
            names, rows = read_arff(tree, file)
            places = [names.index(label) if label in names else -1 for label in labels]
            if -1 in places:
                raise DataError(
                    f"{file}: there is no attribute {labels[places.index(-1)]!r}, a label by {self._file(2)}"
                )
            features = sorted(set(range(len(names))) - set(places))
            for number, row in enumerate(rows):
                vector = [row[place] for place in features]
                values = values_of(vector)
                if values not in seen:
                    seen.add(values)
                    held = [label for label, column in zip(labels, places, strict=True) if row[column] == 1]
                    split = "test" if part == "test" else held_out_by_values(vector)
                    yield split, Sample(vector, held, f"{part}-{number}")

    def _labels(self, tree: Tree) -> list[str]:
        """All labels, in the order of the XML file."""
        file = self._file(2)
        root = parse_xml(tree.read(tree.find(file)), file)
        return [unquoted(item.get("name", "")) for item in root.iter(LABEL)]

    def _file(self, number: int) -> str:
        return self.listing.split()[3 * number]


@register_dataset("bibtex_feat")
class Bibtex(Mulan):
    """BibSonomy bookmarks as words, with 159 tags of users."""

    fingerprint = "a7a72cb8cee68a564f82338efd03d248"
    place = "bibtex"
    listing = """
    bibtex-test.arff 1215637 9b03329cde64d3f994bdf7fbbac3f3b10fe185c311cb9ae725475f59c7f3f922
    bibtex-train.arff 2292961 8dcc9de6e0b2cebaec8c1f4fac78431adeeb73cfd3ab879b530a66d366e59174
    bibtex.xml 5880 08fe20013c1e75dcf1888c185f5187c95e76495b8518ce289b4d3afce38d1232
    """
    _about = Card(
        name="bibtex_feat",
        modality="features",
        task="tags of a BibSonomy entry (bag of words)",
        labels=159,
        sizes={"train": 4380, "validation": 465, "test": 2510},
        cardinality=2.40,
        citation="Katakis, Tsoumakas, Vlahavas: Multilabel Text Classification for Automated Tag Suggestion, 2008",
        quirks=("1,836 binary words",),
    )


@register_dataset("delicious_feat")
class Delicious(Mulan):
    """Bookmarked web pages as words, with 969 tags of users: the many-label case."""

    fingerprint = "f6490c3346af7824ce9c89e99813ea7a"
    place = "delicious"
    listing = """
    delicious-test.arff 757565 2dfb01723a819914b0ca83361177ed413ce3f2169851d9f228d4692915d63944
    delicious-train.arff 3056590 030186cdb542ebdd32052fcdbb1ebe30115b3a22518c1b4b198c45eb827aebe1
    delicious.xml 34303 4e0c0f93c7d86a39b9fca4aaefaa00e9428f2c80277732dfbf03ca48e2c14da2
    """
    _about = Card(
        name="delicious_feat",
        modality="features",
        task="tags of a del.icio.us bookmark (bag of words)",
        labels=969,
        sizes={"train": 8647, "validation": 944, "test": 2790},
        cardinality=18.84,
        citation="Tsoumakas, Katakis, Vlahavas: Effective and Efficient Multilabel Classification in Domains with "
        "Large Number of Labels, 2008",
        quirks=("500 binary words", "3,724 rows have the features of another and are left out"),
    )
    fewest = 20


@register_dataset("tmc2007_feat")
class Tmc2007(Mulan):
    """Aviation safety reports as their 500 most useful words, with 22 classes of problems."""

    fingerprint = "ab26cd5e641cdf326e350c5a05d2d932"
    place = "tmc2007"
    listing = """
    tmc2007-500-test.arff 1054414 b24f9c3f1eba77c9da0bbaff093ba41d331b7351be0167a8e1e3852c62e25e38
    tmc2007-500-train.arff 3152791 edfe7b7615c6f80e54c92a214437610d1ae36560c5cc6c4253b51c434d258273
    tmc2007-500.xml 783 cb6a67c8ae72fd9b47d89f77aa5b7f6cafb4ba9c20b1124c65a95a3f2caec38d
    """
    _about = Card(
        name="tmc2007_feat",
        modality="features",
        task="problem classes of an aviation safety report (bag of words)",
        labels=22,
        sizes={"train": 18024, "validation": 1933, "test": 6813},
        cardinality=2.17,
        citation="Srivastava, Zane-Ulman: Discovering Recurring Anomalies in Text Reports Regarding Complex Space "
        "Systems, 2005 (SIAM text mining competition 2007)",
        quirks=("500 binary words",),
    )


@register_dataset("corel5k_feat")
class Corel5k(Mulan):
    """Stock photographs as clusters of their regions, with 191 words."""

    fingerprint = "687ec1dfa443c91986c774d4b3432cd0"
    place = "corel5k"
    listing = """
    Corel5k-test-sparse.arff 60876 e8f8e9cd052c43ba7bdfdf99d242f461fc8c2a03163466d921e576887b51d8a7
    Corel5k-train-sparse.arff 339535 19eb253c447144bea74ffa86b4731a56022addae2ba7d0aab72ad07fdc02e9b3
    Corel5k.xml 11222 54ef6a6ccb7ca9b77524052b34b306d5d501661a5609b9d1cc7085b2b597679d
    """
    _about = Card(
        name="corel5k_feat",
        modality="features",
        task="words of a Corel photograph (blob features)",
        labels=191,
        sizes={"train": 4046, "validation": 453, "test": 499},
        cardinality=3.30,
        citation="Duygulu, Barnard, de Freitas, Forsyth: Object Recognition as Machine Translation, ECCV 2002",
        quirks=(
            "499 binary visual words; the photographs are not public",
            "10 labels have no positive in test",
        ),
    )


@register_dataset("enron_feat")
class Enron(Mulan):
    """E-mails as words, with 37 codes of genre, topic and tone."""

    fingerprint = "b1859a0896d4e52d18b39b67f5246988"
    place = "enron"
    listing = """
    enron-test.arff 324140 2f3aad54a8f54caaab4ab01246fe9dd385ba944a2633028f52747b57eac5474e
    enron-train.arff 607799 2988cefc1cdf7a8004a20ef84615cc8fa1b5d7434c16687283b41454e2d9d194
    enron.xml 1604 ed40c92d7f613eed51714912cab10dddc4ce456262137d8fef230d44c7f4457b
    """
    _about = Card(
        name="enron_feat",
        modality="features",
        task="topics and tone of an Enron e-mail (bag of words)",
        labels=37,
        sizes={"train": 906, "validation": 97, "test": 558},
        cardinality=3.30,
        citation="UC Berkeley Enron Email Analysis Project, 2005",
        quirks=(
            "1,001 binary words",
            "labels are codes: A genre, B included matter, C topic, D tone (the repository's categories.txt)",
        ),
    )


@register_dataset("scene_feat")
class Scene(Mulan):
    """Photographs as colour moments, with six scenes; almost one label each."""

    fingerprint = "419c582a256bb1e85c18117566440634"
    place = "scene"
    listing = """
    scene-test.arff 3090742 ea38d20296b3ff7e220f477a3b802a9bcb2d768881fe6ee163efbc97ea527a42
    scene-train.arff 3127968 b53ba93bdf412de922e3960389bcee24744fa3e872ce610511fc1d750888b64d
    scene.xml 285 55d8b247b949ad5c52e5a73d8c6775ec6e5469ce9682465b45b333b68ee4bcc5
    """
    _about = Card(
        name="scene_feat",
        modality="features",
        task="scene classes of a photograph (colour moments)",
        labels=6,
        sizes={"train": 1076, "validation": 127, "test": 1195},
        cardinality=1.07,
        citation="Boutell, Luo, Shen, Brown: Learning Multi-Label Scene Classification, Pattern Recognition 2004",
        quirks=("294 spatial colour moments",),
    )
