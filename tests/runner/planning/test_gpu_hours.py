"""What a grid would take on a GPU follows the samples that it trains on, and says what it cannot count."""

from __future__ import annotations

import pytest

from mlbench.cli.render import gpu_hours_in_words
from mlbench.runner.planning.gpu_hours import AROUND, FORWARD, RATES, UPDATE, gpu_hours
from mlbench.suite import parse_suite

GO_EMOTIONS = 43410, 5426, 5427


def planned(encoder: str, dataset: str = "go_emotions", **train: object) -> float:
    """Hours of one cell."""
    protocol = ", ".join(f"{key} = {value}" for key, value in train.items())
    text = f'name = "s"\nseeds = [0]\nlosses = ["bce"]\ntrain = {{ {protocol} }}\n[[datasets]]\nname = "{dataset}"\n'
    found = gpu_hours(parse_suite(f"{text}encoder = {encoder}\n", "s.toml").cells())
    assert found.cells == 1
    return found.hours * 3600


def test_a_trained_encoder_by_hand() -> None:
    rows, validation, test = GO_EMOTIONS
    samples = 2 * rows + FORWARD * (3 * validation + rows + validation + test)
    took = planned('{ name = "hf:roberta-base", max_length = 256 }', epochs=2, min_steps=0, evaluations=3)
    assert took == pytest.approx(AROUND + samples / (RATES["hf:roberta-base"].samples / 2))


def test_an_image_is_as_dear_as_its_pixels() -> None:
    assert RATES["timm:resnet50"].at(448) == pytest.approx(RATES["timm:resnet50"].samples / 4)


def test_a_frozen_encoder_is_asked_once_and_a_small_one_takes_its_updates() -> None:
    rows = GO_EMOTIONS[0]
    updates = 5 * -(-rows // 100)
    frozen = planned('{ name = "hf:roberta-base", frozen = true }', epochs=5, min_steps=0, batch_size=100)
    encoded = FORWARD * sum(GO_EMOTIONS) / RATES["hf:roberta-base"].samples
    assert frozen == pytest.approx(AROUND + updates * UPDATE + encoded)
    bag = planned('"bag"', epochs=5, min_steps=0, batch_size=100)
    assert bag == pytest.approx(AROUND + updates * UPDATE)


def test_what_cannot_be_counted_is_named() -> None:
    text = 'name = "s"\nseeds = [0]\nlosses = ["bce"]\n' + "".join(
        f'[[datasets]]\nname = "{name}"\nencoder = "{encoder}"\n'
        for name, encoder in [
            ("nus_wide", "timm:resnet50"),
            ("go_emotions", "hf:roberta-base"),
            ("bgc", "hf:other"),
        ]
    )
    found = gpu_hours(parse_suite(text, "s.toml").cells())
    assert (found.cells, found.trained) == (1, 1)
    said = gpu_hours_in_words(found)
    assert said.startswith("on one H100 in bf16 1 cell would take about ")
    assert "(of hf:roberta-base estimated from their operations)" in said
    assert said.endswith("; not counted: bgc, nus_wide")
    measured = parse_suite(text.replace("roberta-base", "all-MiniLM-L6-v2"), "s.toml").cells()
    assert "estimated" not in gpu_hours_in_words(gpu_hours(measured))
