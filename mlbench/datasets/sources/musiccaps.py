"""MusicCaps: sound classes of a music clip, by what musicians wrote of it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence

from mlbench.datasets.cards import Card
from mlbench.datasets.files.writing import Sample
from mlbench.datasets.public.downloads import Download
from mlbench.datasets.public.public_source import PublicSource
from mlbench.datasets.public.readers import need, rows_of
from mlbench.datasets.public.tree import Tree
from mlbench.datasets.source import register_dataset
from mlbench.datasets.sources.parts.pinned import Repository
from mlbench.datasets.sources.parts.rows import held_out_by_letters, kept_once
from mlbench.errors import DataError

LABELS = (
    *("Musical instrument", "Guitar", "Plucked string instrument", "Singing", "Percussion"),
    *("Brass instrument", "Drum", "Song", "Electronic music", "Effects unit", "Electric guitar"),
    *("Rock music", "Acoustic guitar", "Bowed string instrument", "Distortion", "Country", "Angry music"),
    *("Independent music", "Pop music", "Funk", "Music of Africa", "Blues", "Didgeridoo", "New-age music"),
    *("Jazz", "Ska", "Soul music", "Traditional music", "Folk music", "Happy music", "Hip hop music"),
    *("Scratching (performance technique)", "Theremin", "Classical music", "Exciting music"),
    *("Music of Latin America", "Rhythm and blues", "Techno", "Tender music", "Sad music", "Christian music"),
    *("Inside, small room", "Reggae", "Disco", "Music of Asia", "Piano", "Dance music", "Scary music"),
    *("Strum", "Middle Eastern music", "Bluegrass", "Bass guitar", "Vocal music", "Chorus effect"),
    *("Afrobeat", "Rapping", "Salsa music", "Bell", "Reverberation", "Banjo", "Heavy metal"),
    *("Tapping (guitar technique)", "House music", "Ukulele", "Flamenco", "Orchestra", "Wedding music"),
    *("Electronic tuner", "Christmas music", "Echo", "Scratch", "Inside, large room or hall", "Gospel music"),
    "A capella",
)
"""The most frequent first: AudioSet's classes, "Music" aside, with at least 15 clips in train and 10 in test."""

CAPTIONS = Repository("ChungHaLee/music-lm-retrieval", "86197e1b58114acc3ca831f04d7987971a19d34e")
ONTOLOGY = Repository("audioset/ontology", "d417d32bf59c711abb5910fd2f76a0eb44697991")
FILE, CLASSES = "musiccaps-public.csv", "ontology.json"


@register_dataset("musiccaps")
class MusicCaps(PublicSource):
    """Captions of ten-second music clips with the clips' AudioSet classes."""

    fingerprint = "ae052f7a3931ef70aea08517c52cc1cb"

    def card(self) -> Card:
        return Card(
            name="musiccaps",
            modality="text",
            task="AudioSet sound classes of a music clip, from a musician's description",
            labels=74,
            sizes={"train": 2007, "validation": 244, "test": 1880},
            cardinality=1.95,
            licence="CC BY-SA 4.0 (captions, ontology); CC BY 4.0 (AudioSet's labels)",
            citation="Agostinelli et al.: MusicLM: Generating Music From Text, 2023; Gemmeke et al.: Audio Set, "
            "ICASSP 2017",
            source=CAPTIONS.page,
            access="open",
            protocol="official split; clips left without a class dropped; validation is the tenth of train that the "
            "MD5 of the caption's letters chooses",
            quirks=(
                "captions and labels were made by different people: a label is often not said in the text",
                "classes of the same sound at several depths of the ontology",
            ),
            confirmed=True,
        )

    def downloads(self) -> tuple[Download, ...]:
        return (
            CAPTIONS.file(
                FILE, "bce5500709e6b129e070cbffc28caefe6b3d6977b2073493ee9b48806096c034", 2_939_488
            ),
            ONTOLOGY.file(
                CLASSES, "9c685f4403eecc3ca9be37fd7285cf212feaaea6ff7229d3e7ca89e0d1f2d15d", 342_780
            ),
        )

    def vocabulary(self, tree: Tree) -> Sequence[str]:
        return LABELS

    def samples(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        clips: dict[str, list[Sample]] = {"test": [], "train": []}
        for split, sample in _clips(tree):
            clips[split].append(sample)
        for split, sample in kept_once(clips):
            if sample.labels:
                yield "test" if split == "test" else held_out_by_letters(str(sample.input)), sample


def _clips(tree: Tree) -> Iterator[tuple[str, Sample]]:
    try:
        names = {item["id"]: item["name"] for item in json.loads(tree.text(CLASSES))}
    except (ValueError, TypeError, KeyError) as error:
        raise DataError(f"{CLASSES}: not a list of classes with an id and a name ({error!r})") from None
    for row in rows_of(io.StringIO(tree.text(FILE), newline=""), FILE):
        classes = need(row, "audioset_positive_labels", FILE).split(",")
        labels = [name for key in classes if (name := names.get(key)) in LABELS]
        split = "test" if need(row, "is_audioset_eval", FILE) == "True" else "train"
        yield split, Sample(need(row, "caption", FILE), labels, need(row, "ytid", FILE))
