"""`synthetic-features`: vectors whose law given the labels is known.

Each label has a direction of its own, at right angles to the others; a vector is the sum of its labels'
directions plus normal noise of standard deviation `noise` in every direction, and the whole is turned by a
random rotation. Along its direction a label's evidence is (t_l − ½) / noise², t_l the vector's component: exact.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.fft import dct

from mlbench.datasets.base import Inputs
from mlbench.datasets.cards import Modality
from mlbench.datasets.source import register_dataset
from mlbench.datasets.synthetic.family import SyntheticSettings, SyntheticSource
from mlbench.datasets.synthetic.label_model import LabelModel, Matrix
from mlbench.errors import ConfigError


@register_dataset("synthetic-features")
class SyntheticFeatures(SyntheticSource):
    """Vectors with a known law given their labels, and so a known Bayes ceiling."""

    modality: Modality = "features"
    family = "synthetic-features"
    task = "which directions a noisy vector is the sum of"

    def __init__(
        self,
        samples: int = 6000,
        labels: int = 20,
        cardinality: float = 2.5,
        imbalance: float = 1.0,
        dependence: float = 0.5,
        groups: int = 6,
        noise: float = 0.4,
        missing: float = 0.0,
        flip: float = 0.0,
        seed: int = 0,
    ) -> None:
        self.settings = SyntheticSettings(
            samples, labels, cardinality, imbalance, dependence, groups, noise, missing, flip, seed
        )
        self.settings.check(self.family)
        if noise < 0.05:
            raise ConfigError(f"{self.family}: noise must be at least 0.05, not {noise}")

    def draw_inputs(
        self,
        targets: npt.NDArray[np.uint8],
        model: LabelModel,
        generator: np.random.Generator,
    ) -> tuple[Inputs, Matrix]:
        noise = self.settings.noise
        along = (targets + noise * generator.standard_normal(targets.shape)).astype(np.float32)
        evidence = np.clip((along.astype(np.float64) - 0.5) / noise**2, -500, 500)
        return _rotate(along, self.settings.seed), evidence


def _rotate(vectors: npt.NDArray[np.float32], seed: int) -> npt.NDArray[np.float32]:
    """A random rotation: signs turned at random and an orthonormal cosine transform, three times over."""
    generator = np.random.default_rng([seed, 23])
    turned = vectors
    for _ in range(3):
        signs = np.where(generator.random(vectors.shape[1]) < 0.5, np.float32(-1), np.float32(1))
        turned = dct(turned * signs, norm="ortho", axis=1)
    rotated: npt.NDArray[np.float32] = np.ascontiguousarray(turned, dtype=np.float32)
    return rotated
