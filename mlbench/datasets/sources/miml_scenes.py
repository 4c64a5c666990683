"""Natural scenes of Zhou and Zhang: what a photograph shows, five labels."""

from __future__ import annotations

from collections.abc import Iterator

from mlbench.datasets.cards import Card
from mlbench.datasets.files.writing import Sample
from mlbench.datasets.public.downloads import Download
from mlbench.datasets.public.public_source import PublicSource
from mlbench.datasets.public.readers import need, read_rows, split_by_hash
from mlbench.datasets.public.tree import Tree
from mlbench.datasets.source import register_dataset
from mlbench.errors import DataError

LABELS = ("desert", "mountains", "sea", "sunset", "trees")
COMMIT = "c80c5796ca85a3cb74a9ed5f297054e86f5396fd"


@register_dataset("miml_scenes")
class MimlScenes(PublicSource):
    """Photographs of natural scenes with five labels."""

    def card(self) -> Card:
        return Card(
            name="miml_scenes",
            modality="image",
            task="what a natural scene shows: desert, mountains, sea, sunset, trees",
            labels=5,
            sizes={"train": 1393, "validation": 203, "test": 404},
            cardinality=1.24,
            licence="academic use, with the citation",
            citation="Zhou, Zhang: Multi-Instance Multi-Label Learning with Application to Scene Classification, "
            "NIPS 2006",
            source="https://github.com/marttsang2/Multi-Label",
            access="open",
            protocol="split by the MD5 of the file's name",
            confirmed=True,
        )

    def downloads(self) -> tuple[Download, ...]:
        return (
            Download("miml_scenes.zip", f"https://github.com/marttsang2/Multi-Label/archive/{COMMIT}.zip"),
        )

    def samples(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        files = tree.by_file_name(".jpg", under="original")
        for row in read_rows(tree, "data.csv"):
            name = row.get("image") or next(iter(row.values()))
            if name not in files:
                raise DataError(f"data.csv names {name!r}, which is not among the files given")
            labels = [label for label in LABELS if need(row, label, "data.csv").strip() in ("1", "1.0")]
            yield split_by_hash(name), Sample(tree.read(files[name]), labels, name)
