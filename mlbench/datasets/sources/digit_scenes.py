"""`digit-scenes`: real scanned digits of scikit-learn's bundled set, several to a canvas.

The 1,797 scanned digits (8 × 8, 16 greys) are divided first, class by class, so that
no digit image of one split is seen in another; then each split's scenes are composed from its own digits:
enlarged, dimmed and laid at random places, partly over each other, and noise is added. A scene's labels are the
digits on it. Digit 0 is on most scenes, 9 on fewest.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import zoom

from mlbench.datasets.base import Dataset, Split
from mlbench.datasets.cards import Card
from mlbench.datasets.source import GeneratedSource, Request, register_dataset
from mlbench.errors import ConfigError

CANVAS = 32
LABELS = tuple("0123456789")
SHARES = {"train": 2 / 3, "validation": 2 / 15, "test": 1 / 5}
"""The part of the scenes, and of the scanned digits of each class, that a split gets."""

SIDES = (12, 13, 14)
"""A digit's side on the canvas, in pixels."""

MOST_DIGITS = 4
OVERLAP, TRIED = 0.05, 30
"""How much of a digit's square others may cover, and how many places are tried to keep to it."""

DIMMEST = 0.8
"""Digits are dimmed by a factor between this and 1."""


@register_dataset("digit-scenes")
class DigitScenes(GeneratedSource):
    """Scanned digits, several to a 32 × 32 canvas; 10 labels, made from a seed."""

    packages = ("numpy", "scikit-learn", "scipy")

    def __init__(
        self, samples: int = 6000, noise: float = 0.03, imbalance: float = 0.5, seed: int = 0
    ) -> None:
        if samples < 30:
            raise ConfigError(f"digit-scenes: samples must be at least 30, not {samples}")
        if noise < 0 or imbalance < 0 or seed < 0:
            raise ConfigError("digit-scenes: noise, imbalance and seed must not be negative")
        self.samples, self.noise, self.imbalance, self.seed = samples, noise, imbalance, seed

    def parameters(self) -> dict[str, Any]:
        return {
            "samples": self.samples,
            "noise": self.noise,
            "imbalance": self.imbalance,
            "seed": self.seed,
        }

    def card(self) -> Card:
        sizes = _sizes(self.samples)
        return Card(
            name="digit-scenes",
            modality="image",
            task="which digits are on a canvas of several",
            labels=10,
            sizes=sizes,
            licence="BSD-3-Clause (scikit-learn); the digits: UCI, CC BY 4.0",
            citation="E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits, UCI, 1998, "
            "https://doi.org/10.24432/C50P49",
            source="sklearn.datasets.load_digits",
            access="built in",
            protocol="no scanned digit occurs in two splits",
            confirmed=True,
        )

    def read(self, request: Request) -> Dataset:
        splits = {
            name: self._compose(pool, count, stream)
            for stream, (name, (pool, count)) in enumerate(self._pools().items())
        }
        return Dataset(
            name=request.name,
            modality="image",
            labels=LABELS,
            train=splits["train"],
            validation=splits["validation"],
            test=splits["test"],
            card=self.card(),
        )

    def _pools(self) -> dict[str, tuple[list[npt.NDArray[np.float32]], int]]:
        """For each split its scanned digits by class, [n, 8, 8] in 0 to 1, and its number of scenes."""
        from sklearn.datasets import load_digits

        digits = load_digits()
        images, classes = (digits.images / 16).astype(np.float32), digits.target
        generator = np.random.default_rng([self.seed, 10])
        pools: dict[str, list[npt.NDArray[np.float32]]] = {name: [] for name in SHARES}
        for digit in range(10):
            of_class = images[classes == digit]
            of_class = of_class[np.argsort(generator.random(len(of_class)))]
            ends = np.cumsum([round(share * len(of_class)) for share in SHARES.values()])[:-1]
            for name, part in zip(SHARES, np.split(of_class, ends), strict=True):
                pools[name].append(part)
        sizes = _sizes(self.samples)
        return {name: (pool, sizes[name]) for name, pool in pools.items()}

    def _compose(self, pool: list[npt.NDArray[np.float32]], count: int, stream: int) -> Split:
        """`count` scenes of the digits of `pool`."""
        generator = np.random.default_rng([self.seed, 11, stream])
        enlarged = {
            side: [zoom(images, (1, side / 8, side / 8), order=1) for images in pool] for side in SIDES
        }
        chance = -self.imbalance * np.log(1.0 + np.arange(10)) + generator.gumbel(size=(count, 10))
        digits = np.argsort(-chance, axis=1)[:, :MOST_DIGITS]
        present = np.arange(MOST_DIGITS) < generator.integers(1, MOST_DIGITS + 1, (count, 1))
        sides = np.array(SIDES)[generator.integers(len(SIDES), size=digits.shape)]
        corners = _place(sides, present, generator)
        brightness = generator.uniform(DIMMEST, 1.0, digits.shape)
        which = generator.random(digits.shape)
        scenes = generator.normal(0, self.noise, (count, CANVAS, CANVAS)).astype(np.float32)
        targets = np.zeros((count, 10), np.uint8)
        for scene, slot in zip(*np.nonzero(present), strict=True):
            digit, side = digits[scene, slot], sides[scene, slot]
            images = enlarged[side][digit]
            top, left = corners[scene, slot]
            window = scenes[scene, top : top + side, left : left + side]
            image = images[int(which[scene, slot] * len(images))]
            np.maximum(window, image * brightness[scene, slot], out=window)
            targets[scene, digit] = 1
        pixels = (np.clip(scenes, 0, 1) * 255).round().astype(np.uint8)[..., None]
        return Split(pixels, targets, [str(row) for row in range(count)])


def _place(
    sides: npt.NDArray[np.int64], present: npt.NDArray[np.bool_], generator: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Top and left of every digit, [scenes, digits, 2]: of TRIED random places the one that the digits
    before it cover least, the first of those where they cover no more than OVERLAP of it."""
    count, most = sides.shape
    corners = np.zeros((count, most, 2), np.int64)
    for slot in range(most):
        side = sides[:, slot, None]
        tried = np.floor(generator.random((count, TRIED, 2)) * (CANVAS + 1 - side)[..., None]).astype(
            np.int64
        )
        covered = np.zeros((count, TRIED))
        for before in range(slot):
            start = np.maximum(tried, corners[:, None, before])
            end = np.minimum(tried + side[..., None], (corners[:, before] + sides[:, before, None])[:, None])
            covered += np.prod(np.maximum(end - start, 0), axis=2) * present[:, before, None]
        share = np.maximum(covered / side**2, OVERLAP)
        corners[:, slot] = tried[np.arange(count), share.argmin(axis=1)]
    return corners


def _sizes(samples: int) -> dict[str, int]:
    """The scenes of each split; they add up to `samples`."""
    validation, test = round(samples * SHARES["validation"]), round(samples * SHARES["test"])
    return {"train": samples - validation - test, "validation": validation, "test": test}
