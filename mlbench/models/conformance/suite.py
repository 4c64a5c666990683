"""All properties in turn, each with a verdict."""

from __future__ import annotations

from mlbench.models.conformance.backbones import (
    augmentations_keep_shapes,
    backbone_gives_features,
    gradient_reaches_its_parameters,
    noisy_as_declared,
    order_of_samples_does_not_matter,
)
from mlbench.models.conformance.fitting import (
    fit_looks_at_its_rows_alone,
    fit_prepares_every_split,
    frozen_has_nothing_to_train,
    same_seed_same_features,
    source_says_what_it_reads,
)
from mlbench.models.conformance.subject import EncoderUnderTest
from mlbench.properties import Property, PropertyVerdict, judge
from mlbench.registry import ENCODERS


def _not_frozen(subject: EncoderUnderTest) -> str:
    names = [parameter.name for parameter in subject.declaration.parameters]
    return "" if subject.cls.fixed or "frozen" in names else "neither `fixed` nor an option `frozen`"


def _is_fixed(subject: EncoderUnderTest) -> str:
    return "`fixed`: there is nothing to train" if subject.cls.fixed else ""


def _no_augmentation(subject: EncoderUnderTest) -> str:
    return "" if subject.cls.augmentations else "none declared"


PROPERTIES: tuple[Property[EncoderUnderTest], ...] = (
    Property("its source says what it reads", source_says_what_it_reads, decides=True),
    Property("fit prepares every split", fit_prepares_every_split, decides=True),
    Property("its backbone gives features", backbone_gives_features, decides=True),
    Property("fit looks at its rows alone", fit_looks_at_its_rows_alone),
    Property("same seed, same features", same_seed_same_features),
    Property("order of samples does not matter", order_of_samples_does_not_matter),
    Property("a gradient reaches its parameters", gradient_reaches_its_parameters, _is_fixed),
    Property("frozen has nothing to train", frozen_has_nothing_to_train, _not_frozen),
    Property("augmentations keep shapes", augmentations_keep_shapes, _no_augmentation),
    Property("noisy as declared", noisy_as_declared),
)


def check(name: str) -> list[PropertyVerdict]:
    """A verdict on each property of the encoder registered as `name`, which may name a model after a colon, at its
    default options. Raises UnknownNameError for one that is not registered."""
    kind, _, model = name.partition(":")
    declaration = ENCODERS.describe(kind)
    return judge(EncoderUnderTest(declaration, model), PROPERTIES, declaration.file)
