"""The datasets room: cards, splits, fractions, caches. Never imports torch.

Tested elsewhere than in a file of their own name:

    base, fingerprints, source: tests/datasets/test_loading.py
    cards: tests/datasets/files/test_folder.py
    decoding: tests/export/test_standalone.py
"""

from __future__ import annotations

from mlbench.datasets.base import NOT_SCORED, Dataset, Inputs, Split
from mlbench.datasets.cards import Card, Modality, ReferenceScore
from mlbench.datasets.images import decode_images
from mlbench.datasets.loading import card, check, fingerprint, load, modality
from mlbench.datasets.splits.fractions import draw_rows

__all__ = [
    "NOT_SCORED",
    "Card",
    "Dataset",
    "Inputs",
    "Modality",
    "ReferenceScore",
    "Split",
    "card",
    "check",
    "decode_images",
    "draw_rows",
    "fingerprint",
    "load",
    "modality",
]
