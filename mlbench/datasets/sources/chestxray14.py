"""ChestX-ray14: findings of chest radiographs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlbench.datasets.cards import Card
from mlbench.datasets.files.writing import Sample
from mlbench.datasets.public.downloads import Download
from mlbench.datasets.public.public_source import PublicSource
from mlbench.datasets.public.readers import need, read_rows
from mlbench.datasets.public.tree import Tree
from mlbench.datasets.source import register_dataset
from mlbench.errors import DataError

LABELS = (
    *("Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Effusion", "Emphysema", "Fibrosis"),
    *("Hernia", "Infiltration", "Mass", "Nodule", "Pleural_Thickening", "Pneumonia", "Pneumothorax"),
)
HUB = "https://huggingface.co/datasets/alkzar90/NIH-Chest-X-ray-dataset/resolve/main/data"


@register_dataset("chestxray14")
class ChestXray14(PublicSource):
    """Chest radiographs with 14 findings; no finding is an empty set."""

    def card(self) -> Card:
        return Card(
            name="chestxray14",
            modality="image",
            task="findings of a chest radiograph",
            labels=14,
            sizes={"test": 25596},
            licence="free for any use, with the NIH Clinical Center named as the source",
            citation="Wang, Peng, Lu, Lu, Bagheri, Summers: ChestX-ray8, CVPR 2017",
            source="https://nihcc.app.box.com/v/ChestXray-NIHCC; hub alkzar90/NIH-Chest-X-ray-dataset",
            access="open",
            protocol="official lists, by patient; validation cut from train_val (86,524 images) by patient",
            quirks=(
                '"No Finding" is an empty label set, and kept: more than half of the images',
                "KMCL's released loader sees a tenth of it and drops those",
            ),
        )

    def downloads(self) -> tuple[Download, ...]:
        tables = ("Data_Entry_2017_v2020.csv", "train_val_list.txt", "test_list.txt")
        archives = [f"images_{number:03}.zip" for number in range(1, 13)]
        return (
            *(Download(name, f"{HUB}/{name}") for name in tables),
            *(Download(name, f"{HUB}/images/{name}") for name in archives),
        )

    def vocabulary(self, tree: Tree) -> Sequence[str]:
        return LABELS

    def samples(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        table = (
            "Data_Entry_2017_v2020.csv" if tree.has("Data_Entry_2017_v2020.csv") else "Data_Entry_2017.csv"
        )
        test = set(tree.text("test_list.txt").split())
        train = set(tree.text("train_val_list.txt").split())
        files = tree.by_file_name(".png")
        rows = sorted(read_rows(tree, table), key=lambda row: str(need(row, "Image Index", table)))
        patients = {str(need(row, "Patient ID", table)) for row in rows if row["Image Index"] in train}
        held_out = validation_patients(patients)
        for row in rows:
            name = need(row, "Image Index", table)
            if name not in train and name not in test:
                continue
            if name not in files:
                raise DataError(f"{table} names {name!r}, which is not among the files given")
            found = need(row, "Finding Labels", table).split("|")
            labels = [] if found == ["No Finding"] else found
            split = "test" if name in test else "validation" if row["Patient ID"] in held_out else "train"
            yield split, Sample(tree.read(files[name]), labels, name)


def validation_patients(patients: set[str]) -> set[str]:
    """Every tenth patient, in the order of their numbers: no patient is in two splits."""
    return set(sorted(patients, key=lambda number: (len(number), number))[4::10])
