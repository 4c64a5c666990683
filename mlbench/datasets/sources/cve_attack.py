"""CVE to ATT&CK: tactics that a software vulnerability serves."""

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

LABELS = (
    *("Reconnaissance", "Resource Development", "Initial Access", "Execution", "Persistence"),
    *("Privilege Escalation", "Defense Evasion", "Credential Access", "Discovery", "Lateral Movement"),
    *("Collection", "Command and Control", "Exfiltration", "Impact"),
)
REPOSITORY = Repository("readerbench/CVE2ATT-CK-tactics", "fad0416ff5820ee5280ba47eb9e2fb3d5271dfe0")
PARTS = {"test": "test_data.csv", "validation": "1/val_1.csv", "train": "1/train_1.csv"}
"""Our split -> its file, in the order in which a repeated description is kept."""

FILES = """
1/train_1.csv 2448736 8e263fb885742cabac47d69bef5ee94d33f14f5f343a386fcd56b3560487293d
1/val_1.csv 803558 78a02da3feb8435ae6d394e6999d46eb976095f56e68e99c6d0ff52c48f5874e
test_data.csv 824535 94ddf67d6070a7f92661999961e2af4577f92238b28b8c87d09e3d3d061cb731
"""


@register_dataset("cve_attack")
class CveAttack(PublicSource):
    """Descriptions of vulnerabilities with the tactics of ATT&CK that they serve."""

    fingerprint = "02e4c16f500df0ab1788f5c8a0df07cd"

    def card(self) -> Card:
        return Card(
            name="cve_attack",
            modality="text",
            task="ATT&CK tactics of a software vulnerability (CVE)",
            labels=14,
            sizes={"train": 5474, "validation": 1860, "test": 1944},
            cardinality=2.38,
            licence="none stated in the repository; CVE and ATT&CK text of MITRE, free with attribution",
            citation="Grigorescu, Nica, Dascalu, Rughinis: CVE2ATT&CK: BERT-Based Mapping of CVEs to MITRE ATT&CK "
            "Techniques, Algorithms 2022",
            source=REPOSITORY.page,
            access="open",
            protocol="official test, the first of four training and validation folds; descriptions that repeat kept "
            "once, in test first",
            quirks=(
                "Defense Evasion is on 74 % of the rows",
                "vendors reuse sentences: 707 rows are left out",
            ),
            confirmed=True,
        )

    def downloads(self) -> tuple[Download, ...]:
        return REPOSITORY.files("data", FILES)

    def vocabulary(self, tree: Tree) -> Sequence[str]:
        return LABELS

    def samples(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        yield from kept_once({split: _descriptions(tree, file) for split, file in PARTS.items()})


def _descriptions(tree: Tree, file: str) -> Iterator[Sample]:
    for row in read_rows(tree, file):
        labels = [label for label in LABELS if float(need(row, label, file)) == 1]
        yield Sample(need(row, "Text", file).strip(), labels, need(row, "ID", file))
