"""MoleculeNet's sets of molecules: tox21 and sider."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from mlbench.datasets.cards import Card
from mlbench.datasets.files.writing import Sample
from mlbench.datasets.public.downloads import Download
from mlbench.datasets.public.public_source import PublicSource
from mlbench.datasets.public.readers import need, read_rows, split_by_hash
from mlbench.datasets.public.tree import Tree
from mlbench.datasets.source import register_dataset
from mlbench.datasets.sources.parts.molecules import Molecule, molecule_reader, split_name
from mlbench.datasets.sources.parts.pinned import Repository

REPOSITORY = Repository("deepchem/deepchem", "fbe3b911a94a6eb8c84c1a9e7ac67a472c49ea80")
PROTOCOL = (
    "one row a molecule; split by the MD5 of the fingerprint: molecules alike to it never straddle a split"
)
FINGERPRINT = (
    "1,024-bit Morgan fingerprint (radius 2) of RDKit 2026.9.1: another release may draw it otherwise"
)


class MoleculeNet(PublicSource):
    """A table of SMILES and a column for each label: 1, 0, or empty where it was not measured."""

    made_with = "RDKit"
    file: ClassVar[str]
    labels: ClassVar[tuple[str, ...]]

    def vocabulary(self, tree: Tree) -> Sequence[str]:
        return self.labels

    def samples(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        read = molecule_reader()
        found: dict[str, Molecule] = {}
        measured: dict[str, dict[str, bool]] = {}
        for row in read_rows(tree, self.file):
            molecule = read(need(row, "smiles", self.file))
            if molecule is None:
                continue
            found.setdefault(molecule.smiles, molecule)
            held = measured.setdefault(molecule.smiles, {})
            for label in self.labels:
                if cell := need(row, label, self.file):
                    held[label] = held.get(label, False) or float(cell) == 1
        for smiles, molecule in found.items():
            held = measured[smiles]
            labels = [label for label in self.labels if held.get(label)]
            unscored = [label for label in self.labels if label not in held]
            sample = Sample(molecule.fingerprint.tolist(), labels, smiles, unscored)
            yield split_by_hash(split_name(molecule.fingerprint)), sample


@register_dataset("tox21")
class Tox21(MoleculeNet):
    """Compounds with twelve toxicity assays, a sixth of the cells never measured."""

    fingerprint = "382a8a8deeaf322b11f8314438a6890d"
    file = "tox21.csv"
    labels = (
        "NR-AR",
        "NR-AR-LBD",
        "NR-AhR",
        "NR-Aromatase",
        "NR-ER",
        "NR-ER-LBD",
        "NR-PPAR-gamma",
        "SR-ARE",
        "SR-ATAD5",
        "SR-HSE",
        "SR-MMP",
        "SR-p53",
    )

    def card(self) -> Card:
        return Card(
            name="tox21",
            modality="features",
            task="toxicity assays in which a compound is active",
            labels=12,
            sizes={"train": 5441, "validation": 789, "test": 1593},
            cardinality=0.75,
            licence="public domain (US NIH, EPA); the repository is MIT",
            citation="Tox21 Data Challenge 2014; Wu et al.: MoleculeNet: a Benchmark for Molecular Machine "
            "Learning, 2018",
            source=REPOSITORY.page,
            access="open",
            protocol=f"{PROTOCOL}; active where it is in any of its samples",
            quirks=(
                FINGERPRINT,
                "17 % of the cells were never measured: the column `unscored`",
                "63 % of the rows have no label",
            ),
            confirmed=True,
        )

    def downloads(self) -> tuple[Download, ...]:
        return REPOSITORY.files(
            "datasets", "tox21.csv.gz 125310 48b34e4e59a2bae6f95734cd206c1869ab355f50a5e50bb7371a21f861d5e297"
        )


@register_dataset("sider")
class Sider(MoleculeNet):
    """Marketed drugs with the organ classes of their side effects; dense."""

    fingerprint = "4ad3dab93e8f1819beb6f29cf03e0498"
    file = "sider.csv"
    labels = (
        "Hepatobiliary disorders",
        "Metabolism and nutrition disorders",
        "Product issues",
        "Eye disorders",
        "Investigations",
        "Musculoskeletal and connective tissue disorders",
        "Gastrointestinal disorders",
        "Social circumstances",
        "Immune system disorders",
        "Reproductive system and breast disorders",
        "Neoplasms benign, malignant and unspecified (incl cysts and polyps)",
        "General disorders and administration site conditions",
        "Endocrine disorders",
        "Surgical and medical procedures",
        "Vascular disorders",
        "Blood and lymphatic system disorders",
        "Skin and subcutaneous tissue disorders",
        "Congenital, familial and genetic disorders",
        "Infections and infestations",
        "Respiratory, thoracic and mediastinal disorders",
        "Psychiatric disorders",
        "Renal and urinary disorders",
        "Pregnancy, puerperium and perinatal conditions",
        "Ear and labyrinth disorders",
        "Cardiac disorders",
        "Nervous system disorders",
        "Injury, poisoning and procedural complications",
    )

    def card(self) -> Card:
        return Card(
            name="sider",
            modality="features",
            task="organ classes of a drug's recorded side effects",
            labels=27,
            sizes={"train": 997, "validation": 158, "test": 272},
            cardinality=15.32,
            licence="CC BY-NC-SA 4.0 (SIDER 4); the repository is MIT",
            citation="Kuhn, Letunic, Jensen, Bork: The SIDER Database of Drugs and Side Effects, 2016; Wu et al.: "
            "MoleculeNet: a Benchmark for Molecular Machine Learning, 2018",
            source=REPOSITORY.page,
            access="open",
            protocol=PROTOCOL,
            quirks=(FINGERPRINT, "most drugs have more than half of the labels"),
            confirmed=True,
        )

    def downloads(self) -> tuple[Download, ...]:
        return REPOSITORY.files(
            "examples/sider",
            "sider.csv.gz 34759 4cc7ccb20dded475853c583596e227116c222c6ca7dbb40159bdbe9ee3f099b9",
        )
