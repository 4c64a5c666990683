"""GoEmotions: emotions of Reddit comments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlbench.datasets.cards import Card, ReferenceScore
from mlbench.datasets.files.writing import Sample
from mlbench.datasets.public.hub_source import HubSource
from mlbench.datasets.source import register_dataset

LABELS = (
    *("admiration", "amusement", "anger", "annoyance", "approval", "caring", "confusion", "curiosity"),
    *("desire", "disappointment", "disapproval", "disgust", "embarrassment", "excitement", "fear"),
    *("gratitude", "grief", "joy", "love", "nervousness", "optimism", "pride", "realization", "relief"),
    *("remorse", "sadness", "surprise", "neutral"),
)


@register_dataset("go_emotions")
class GoEmotions(HubSource):
    """Reddit comments with 27 emotions and "neutral"."""

    repository = "google-research-datasets/go_emotions"
    config = "simplified"

    def card(self) -> Card:
        return Card(
            name="go_emotions",
            modality="text",
            task="emotions of a Reddit comment",
            labels=28,
            sizes={"train": 43410, "validation": 5426, "test": 5427},
            cardinality=1.18,
            licence="Apache-2.0",
            citation="Demszky, Movshovitz-Attias, Ko, Cowen, Nemade, Ravi: GoEmotions: A Dataset of "
            "Fine-Grained Emotions, ACL 2020",
            source="https://huggingface.co/datasets/google-research-datasets/go_emotions (simplified)",
            access="open",
            protocol="official split",
            quirks=(
                "offensive language",
                'a third of the comments are "neutral"',
                "82 texts occur in more than one of the official splits, and are kept",
            ),
            reference=(
                ReferenceScore(
                    "TF-IDF of words and pairs, one-vs-rest logistic regression",
                    {"map": 0.4145, "f1_macro@label": 0.4485},
                ),
            ),
            confirmed=True,
        )

    def labels(self) -> Sequence[str]:
        return LABELS

    def sample(self, row: dict[str, Any], number: int) -> Sample:
        return Sample(row["text"], row["labels"], row["id"])
