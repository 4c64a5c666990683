"""What the synthetic families share: settings, splits, label noise in train, and the Bayes ceiling."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mlbench.datasets.base import Dataset, Inputs, Split
from mlbench.datasets.cards import Card, Modality
from mlbench.datasets.fingerprints import memo
from mlbench.datasets.source import GeneratedSource, Request
from mlbench.datasets.synthetic.ceiling import bayes_ceiling
from mlbench.datasets.synthetic.label_model import LabelModel, Matrix, make_label_model
from mlbench.errors import ConfigError

SHARES = {"train": 2 / 3, "validation": 2 / 15, "test": 1 / 5}


@dataclass(frozen=True)
class SyntheticSettings:
    """The settings of a synthetic family.

    - `samples`: of all splits together.
    - `labels`: how many there are.
    - `cardinality`: the mean number of labels of a sample.
    - `imbalance`: how unlike the labels' frequencies are.
    - `dependence`: how much the labels of a group go together.
    - `groups`: of labels that go together.
    - `noise`: how little the input says of the labels.
    - `missing`: the share of the training split's positives that are dropped.
    - `flip`: the probability that an entry of the training split's label matrix is turned over.
    - `seed`: of everything that is drawn.
    """

    samples: int
    labels: int
    cardinality: float
    imbalance: float
    dependence: float
    groups: int
    noise: float
    missing: float
    flip: float
    seed: int

    def check(self, family: str) -> None:
        """Raise ConfigError for a value that no dataset has."""
        if self.samples < 30:
            raise ConfigError(f"{family}: samples must be at least 30, not {self.samples}")
        if self.seed < 0:
            raise ConfigError(f"{family}: seed must not be negative")
        for knob in ("missing", "flip"):
            if not 0 <= getattr(self, knob) < 1:
                raise ConfigError(f"{family}: {knob} must be in [0, 1), not {getattr(self, knob)}")


class SyntheticSource(GeneratedSource):
    """Labels by a `LabelModel`, inputs drawn given the labels, and the ceiling of the test split."""

    settings: SyntheticSettings
    modality: Modality
    family: str
    task: str

    @abstractmethod
    def draw_inputs(
        self, targets: npt.NDArray[np.uint8], model: LabelModel, generator: np.random.Generator
    ) -> tuple[Inputs, Matrix]:
        """Inputs given the labels, and their evidence [N, L]: log p(x | y_l = 1) − log p(x | y_l = 0)."""

    def parameters(self) -> dict[str, Any]:
        return asdict(self.settings)

    def card(self) -> Card:
        return Card(
            name=self.family,
            modality=self.modality,
            task=self.task,
            labels=self.settings.labels,
            sizes=_sizes(self.settings.samples),
            licence="none needed: made from random numbers",
            source="generated",
            access="built in",
            protocol="labels and inputs of a known law; noise in the training labels alone",
            confirmed=True,
        )

    def read(self, request: Request) -> Dataset:
        settings = self.settings
        model = self.label_model()
        splits: dict[str, Split] = {}
        evidence: Matrix = np.zeros(0)
        for stream, (name, count) in enumerate(_sizes(settings.samples).items()):
            generator = np.random.default_rng([settings.seed, 22, stream])
            targets = model.draw(count, generator)
            inputs, evidence = self.draw_inputs(targets, model, generator)
            if name == "train":
                targets = corrupt(targets, settings.missing, settings.flip, generator)
            splits[name] = Split(inputs, targets, [str(row) for row in range(count)])
        test = splits["test"].targets
        ceiling: dict[str, float] = memo(
            "ceilings", self.stamp(request), lambda: bayes_ceiling(model, evidence, test, settings.seed)
        )
        return Dataset(
            name=request.name,
            modality=self.modality,
            labels=tuple(
                f"label{label:0{len(str(settings.labels - 1))}}" for label in range(settings.labels)
            ),
            train=splits["train"],
            validation=splits["validation"],
            test=splits["test"],
            card=self.card(),
            ceiling=ceiling,
        )

    def label_model(self) -> LabelModel:
        """The law of the labels."""
        settings = self.settings
        return make_label_model(
            settings.labels,
            settings.cardinality,
            settings.imbalance,
            settings.dependence,
            settings.groups,
            settings.seed,
        )


def corrupt(
    targets: npt.NDArray[np.uint8], missing: float, flip: float, generator: np.random.Generator
) -> npt.NDArray[np.uint8]:
    """Labels as a careless annotator leaves them: positives dropped, then entries turned over."""
    dropped = targets.astype(bool) & (generator.random(targets.shape) < missing)
    turned = generator.random(targets.shape) < flip
    return (targets.astype(bool) & ~dropped ^ turned).astype(np.uint8)


def _sizes(samples: int) -> dict[str, int]:
    """The samples of each split; they add up to `samples`."""
    validation, test = round(samples * SHARES["validation"]), round(samples * SHARES["test"])
    return {"train": samples - validation - test, "validation": validation, "test": test}
