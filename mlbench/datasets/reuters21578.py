"""Reuters-21578: topics of newswire stories, ModApte split."""

from __future__ import annotations

from mlbench.datasets.cards import Card, Reading
from mlbench.datasets.source import NamedSource, register_dataset


@register_dataset("reuters21578")
class Reuters21578(NamedSource):
    """Newswire stories with 90 topics (ModApte)."""

    def card(self) -> Card:
        return Card(
            name="reuters21578",
            modality="text",
            task="topics of a newswire story",
            labels=90,
            sizes={"test": 3019},
            cardinality=1.24,
            licence="free for research only (Reuters Ltd, Carnegie Group)",
            citation="D. D. Lewis: Reuters-21578 text categorization test collection, Distribution 1.0, 1997",
            source="https://archive.ics.uci.edu/dataset/137; hub ucirvine/reuters21578 (ModApte)",
            access="open",
            protocol="ModApte, the 90 topics with a training and a test document; validation cut from the "
            "7,770 training documents (10 %, stratified, fixed seed)",
            quirks=(
                "some topics have one training document",
                "3 texts occur in both official splits, and are kept",
            ),
            reference=(
                Reading(
                    "TF-IDF of words and pairs, one-vs-rest logistic regression",
                    {"map": 0.6752, "f1_micro@0.5": 0.7956},
                ),
            ),
            confirmed=True,
        )
