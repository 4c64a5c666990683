"""Presets: named values of [train] that a suite picks and overrides."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from mlbench.errors import ConfigError
from mlbench.registry import ENCODERS
from mlbench.suite import Protocol, parse_suite, presets
from mlbench.suite.resolution import resolve_protocol

SUITE = """
name = "small"
seeds = [0]
fractions = [1.0]
losses = ["bce"]

[train]
preset = "kmcl"

[[datasets]]
name = "digit-scenes"
encoder = "conv"

[[datasets]]
name = "synthetic-topics"
encoder = "bag"
"""


def protocols(text: str = SUITE, **overrides: Any) -> list[Protocol]:
    return [cell.train for cell in parse_suite(text, "small.toml", overrides).cells()]


@pytest.mark.parametrize("name", list(presets()))
def test_every_preset_holds_values_of_train(name: str) -> None:
    preset = presets()[name]
    assert preset.about
    for modality in ("image", "text", "features"):
        values = preset.values([modality])
        protocol = Protocol(**values)
        assert {key: getattr(protocol, key) for key in values} == values


def test_the_published_recipes() -> None:
    study = Protocol(**presets()["comprehensive-study"].values(["image"]))
    assert (study.optimiser, study.schedule, study.warmup) == ("adamw", "cosine", 0.05)
    assert (study.clip_norm, study.augmentation, study.head_bias) == (1.0, "randaugment", "zero")
    kmcl = Protocol(**presets()["kmcl"].values(["image"]))
    assert (kmcl.optimiser, kmcl.weight_decay, kmcl.clip_norm) == ("adam", 1e-4, None)
    assert (kmcl.schedule, kmcl.warmup, kmcl.ema) == ("onecycle", 0.2, 0.9997)
    assert (kmcl.augmentation, kmcl.head_bias, kmcl.reduction) == ("cutout+randaugment", "zero", "sum")
    balanced = Protocol(**presets()["distribution-balanced"].values(["image"]))
    assert (balanced.optimiser, balanced.weight_decay, balanced.clip_norm) == ("sgd", 1e-4, 35.0)
    assert (balanced.encoder_lr, balanced.head_lr, balanced.batch_size) == (0.02, 0.02, 32)


def test_what_overrides_what() -> None:
    """Defaults of mlbench < the encoder's < the preset < the suite's own keys < the dataset's."""
    images, text = protocols()
    assert images.min_steps == 300
    assert (images.encoder_lr, text.head_lr) == (0.003, 0.003), "brought by conv and bag"
    assert (images.weight_decay, text.weight_decay) == (1e-4, 1e-4), "brought by the preset"
    own = SUITE.replace('preset = "kmcl"', 'preset = "kmcl"\nweight_decay = 0.2\nwarmup = 0.1').replace(
        'encoder = "bag"', 'encoder = "bag"\ntrain = { weight_decay = 0.3 }'
    )
    images, text = protocols(own)
    assert (images.weight_decay, text.weight_decay) == (0.2, 0.3)
    assert {images.warmup, text.warmup} == {0.1}
    assert {protocol.ema for protocol in protocols(own)} == {0.9997}


def test_a_preset_comes_before_what_the_encoder_suggests() -> None:
    conv = ENCODERS.describe("conv")
    suggesting = replace(conv, attributes={**conv.attributes, "train_defaults": {"ema": 0.5, "epochs": 7}})
    protocol = resolve_protocol(suggesting, {}, {"preset": "kmcl"}, "here")
    assert (protocol.ema, protocol.epochs) == (0.9997, 7)
    assert resolve_protocol(suggesting, {}, {"preset": "kmcl", "ema": 0.9}, "here").ema == 0.9


def test_augmentation_goes_to_encoders_of_images_alone() -> None:
    images, text = protocols()
    assert (images.augmentation, text.augmentation) == ("cutout+randaugment", "none")


def test_a_dataset_may_have_a_preset_of_its_own() -> None:
    own = SUITE.replace('encoder = "bag"', 'encoder = "bag"\ntrain = { preset = "comprehensive-study" }')
    images, text = protocols(own)
    assert (images.schedule, text.schedule) == ("onecycle", "cosine")
    assert (images.clip_norm, text.clip_norm) == (None, 1.0)
    everywhere = protocols(own, **{"train.preset": "comprehensive-study"})
    assert {protocol.schedule for protocol in everywhere} == {"cosine"}


def test_only_the_values_are_a_cell_s_identity() -> None:
    values = presets()["kmcl"].values(["image"])
    spelled = "\n".join(f"{key} = {value!r}" for key, value in values.items())
    one, two = (
        parse_suite(text.split('[[datasets]]\nname = "synthetic')[0], "small.toml").cells()[0]
        for text in (SUITE, SUITE.replace('preset = "kmcl"', spelled))
    )
    assert one.id("0" * 32) == two.id("0" * 32)
    assert one.describe()["train"]["ema"] == 0.9997
    assert one.describe() == two.describe()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('"kmcl"', '"kmlc"'), r"train.preset: unknown preset 'kmlc'; did you mean 'kmcl'"),
        (
            ('"kmcl"', "3"),
            r"train.preset: unknown preset '3'; known: comprehensive-study, distribution-balanced, kmcl",
        ),
        (("preset =", "presett ="), r"line 8: unknown key 'train.presett'; did you mean 'preset'"),
        (
            ('preset = "kmcl"', 'augmentation = "flip"'),
            r"\(synthetic-topics\), train.augmentation: encoder 'bag' augments nothing, so 'flip' does not go",
        ),
        (('preset = "kmcl"', 'augmentation = "flop"'), r"train.augmentation: Input should be 'none', 'flip'"),
        (
            ('encoder = "conv"', 'encoder = { name = "timm:resnet18", frozen = true }'),
            r"\(digit-scenes\), train.augmentation: encoder 'timm' with frozen = true encodes each sample once",
        ),
    ],
)
def test_what_does_not_fit_is_said(change: tuple[str, str], message: str) -> None:
    text = SUITE.replace(*change)
    assert text != SUITE
    with pytest.raises(ConfigError, match=message):
        parse_suite(text, "small.toml")


def test_presets_are_listed_and_shown() -> None:
    def mlbench(*words: str) -> str:
        command = [sys.executable, "-m", "mlbench", *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert "comprehensive-study" in mlbench("list", "presets")
    shown = mlbench("show", "preset", "kmcl")
    assert "ema = 0.9997" in shown
    assert "augmentation = 'cutout+randaugment'   for encoders that read image" in shown
