"""MAMS from an imitation of its files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.datasets.sources.imitation import get, lay, sets, texts

pytestmark = pytest.mark.filterwarnings("ignore:dataset .* (where its card says|was made with other rows)")


def sentence(text: str, **aspects: str) -> str:
    said = "".join(f'<aspectCategory category="{name}" polarity="{mood}"/>' for name, mood in aspects.items())
    return f"<sentence><text>{text}</text><aspectCategories>{said}</aspectCategories></sentence>"


def test_mams_aspects(tmp_path: Path) -> None:
    def document(*sentences: str) -> str:
        return f"<?xml version='1.0' encoding='utf-8'?>\n<sentences>{''.join(sentences)}</sentences>"

    files: dict[str, str | bytes] = {
        "train.xml": document(
            sentence("Good food &amp; bad service", food="positive", service="negative"),
            sentence("As ever", food="neutral"),
        ),
        "val.xml": document(sentence("So so", food="neutral")),
        "test.xml": document(sentence("As ever!", food="negative")),
    }
    dataset = get("mams_aspects", [lay(tmp_path, files)])
    assert sets(dataset, "train") == {"train-0": {"food: positive", "service: negative"}}
    assert sets(dataset, "validation") == {"validation-0": {"food: neutral"}}
    assert texts(dataset)["train-0"] == "Good food & bad service"
