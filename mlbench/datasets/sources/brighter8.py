"""BRIGHTER: emotions felt in texts of eight languages, as in SemEval-2025, task 11, track A."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlbench.datasets.cards import Card
from mlbench.datasets.files.writing import Sample
from mlbench.datasets.public.downloads import Download
from mlbench.datasets.public.public_source import PublicSource
from mlbench.datasets.public.readers import need, read_rows
from mlbench.datasets.public.tree import Tree
from mlbench.datasets.source import register_dataset
from mlbench.datasets.sources.parts.pinned import Repository
from mlbench.datasets.sources.parts.rows import kept_once

LABELS = ("anger", "disgust", "fear", "joy", "sadness", "surprise")
LANGUAGES = ("deu", "esp", "hau", "hin", "pcm", "rus", "swa", "ukr")
PARTS = {"test": "test", "validation": "dev", "train": "train"}
"""Our split -> the folder, in the order in which a repeated text is kept."""

REPOSITORY = Repository(
    "emotion-analysis-project/SemEval2025-Task11", "513a7e8bef7ef6370ac416ced97efba338c47c97"
)
FOLDER = "task-dataset/semeval-2025-task11-dataset/track_a"
FILES = """
train/deu.csv 680115 e0006e837a74afcc46f12c877442e4823a0de6a396afa37b7949487e2940b295
train/esp.csv 185940 136e5a49e3fd0f270e40985b66c7c804cca649888a606ce47d0536082ea412d7
train/hau.csv 250119 a1cc66f557e890dcab22ee907b02e32f53ec7c9d9f4caf15bcf2c038a5a25b0c
train/hin.csv 610035 7f2f9c085ce12c2736ad13d02c30acf1a161c240f08a88285d819bbe52ba2cc6
train/pcm.csv 554044 ece02fb4215776ea592884904bb29f0560badc00d9e411180b80324e698d4059
train/rus.csv 397451 d0591c3bd83189fe3b446146053981b3c30c84c6c60e550453f8fea87826d3a4
train/swa.csv 389816 888f0bed367826b7a15b4f485604c553a6940a9699b3917119f978d04137f1ab
train/ukr.csv 348190 433fc4430cf670c9816a4615df65911c552232843939968836915c762e0c119a
dev/deu.csv 52568 cd0371398dbc7a08075d8cbabbf253b802975100d536106ee5ed6da4c50ffb9c
dev/esp.csv 17394 3bd2d0cabe03fcd09cc1fc4b39b2e9b554f5170fc7ac5415449bc4f55b8d0b41
dev/hau.csv 40862 8ca435a964617e26cb46d9bf82b145120c0dd9ebbd66cf7a2a4f9f06bf241d0e
dev/hin.csv 23696 c44cd4828017e910795735662ae04843d3bf3315eedecb6c6ea7e73717d73fbc
dev/pcm.csv 95188 9d5df6446f3bff276ab9f0ed92c61d623feb4a86fb01edbdc473a631c5309550
dev/rus.csv 27486 228b36ce83a18b17c4e01eab241b2d3ac35a2fea02527046e06817e8b52e47bd
dev/swa.csv 64286 2fa9c8bddda6c0eb72d06b378ffb38734d17ba056404406792cc07d4bce4c76c
dev/ukr.csv 35590 4a6c5ddc559c5fcb19085832207dc82fd7665ff71e5b4e7a1529d591ed66935e
test/deu.csv 690574 40d5314ab90d20927a20d713db6231af137be21e9c29562005607d0939e95ecf
test/esp.csv 146942 e82f7295d0123fd2bfa420671005398a1305f7303c1719c65582a03d8750bd48
test/hau.csv 124032 976602640f104355f4649940bc650bffa67666a44f998321d93e8c74150adc35
test/hin.csv 239673 2a89ed3bcec51afce771005c9b8977f0168f32eec5c45bb696552938d952b575
test/pcm.csv 277564 b3fce26de12a264d00284ee2e9731a092c24d059d63c4202f7b12b7692ef79e5
test/rus.csv 147368 bd160a11e0401271af0d13e53d2ece695d892d0c20763640412185817b4c37ed
test/swa.csv 194466 a828d338e9eeb7222f6f9f593914c3013a9c57b78583a47c28a133f12dbe8de3
test/ukr.csv 315541 092a021ff0dedebd28cfdc685c5c3ccbbc5cd4a84256cb9ade6a434e608dd4ef
"""


@register_dataset("brighter8")
class Brighter8(PublicSource):
    """Sentences in eight languages with six emotions of the speaker."""

    fingerprint = "bd111a2148ab367edc6676cfd8952fe4"

    def card(self) -> Card:
        return Card(
            name="brighter8",
            modality="text",
            task="emotions felt by the speaker, eight languages",
            labels=6,
            sizes={"train": 21409, "validation": 2455, "test": 13139},
            cardinality=1.00,
            licence="CC BY 4.0",
            citation="Muhammad et al.: BRIGHTER: BRIdging the Gap in Human-Annotated Textual Emotion Recognition "
            "Datasets for 28 Languages, 2025",
            source=REPOSITORY.page,
            access="open",
            protocol="official splits; repeated sentences kept once, in test first",
            quirks=(
                "German, Spanish, Hausa, Hindi, Nigerian Pidgin, Russian, Swahili, Ukrainian, one after the other: an "
                "id starts with the language",
                "20 languages of the source are not taken; English has no test labels there",
                "23 % of the rows have no label",
            ),
            confirmed=True,
        )

    def downloads(self) -> tuple[Download, ...]:
        return REPOSITORY.files(FOLDER, FILES)

    def vocabulary(self, tree: Tree) -> Sequence[str]:
        return LABELS

    def samples(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        yield from kept_once({split: _sentences(tree, folder) for split, folder in PARTS.items()})


def _sentences(tree: Tree, folder: str) -> Iterator[Sample]:
    for language in LANGUAGES:
        file = f"{folder}/{language}.csv"
        for row in read_rows(tree, file):
            labels = [label for label in LABELS if need(row, label, file) == "1"]
            yield Sample(need(row, "text", file), labels, need(row, "id", file))
