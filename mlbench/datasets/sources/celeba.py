"""CelebA: attributes of celebrities' faces."""

from __future__ import annotations

from typing import Any

from mlbench.datasets.cards import Card
from mlbench.datasets.files.writing import Sample
from mlbench.datasets.public.hub_source import HubSource
from mlbench.datasets.source import register_dataset


@register_dataset("celeba")
class CelebA(HubSource):
    """Faces with 40 attributes."""

    repository = "flwrlabs/celeba"
    config = "img_align+identity+attr"

    def card(self) -> Card:
        return Card(
            name="celeba",
            modality="image",
            task="attributes of a face",
            labels=40,
            sizes={"train": 162770, "validation": 19867, "test": 19962},
            cardinality=9.0,
            licence="non-commercial research only",
            citation="Liu, Luo, Wang, Tang: Deep Learning Face Attributes in the Wild, ICCV 2015",
            source="https://huggingface.co/datasets/flwrlabs/celeba",
            access="open",
            protocol="official split, by person",
            quirks=("pictures of people; attributes such as Attractive are opinions",),
        )

    def sample(self, row: dict[str, Any], number: int) -> Sample:
        present = [name for name, value in row.items() if value is True]
        return Sample(row["image"]["bytes"], present, str(number))
