"""What a backbone makes of a batch."""

from __future__ import annotations

import torch

from mlbench.models.conformance.subject import BATCH, CLOSE, EncoderUnderTest
from mlbench.models.inputs import Batch
from mlbench.properties import PropertyFailure


def backbone_gives_features(subject: EncoderUnderTest) -> None:
    for fitted, backbone in subject.backbones():
        features = backbone(fitted.train.batch(BATCH))
        if features.shape != (len(BATCH), backbone.dim):
            raise PropertyFailure(
                f"features are {list(features.shape)} for 6 samples and `dim` {backbone.dim}"
            )
        if features.dtype != torch.float32 or not torch.isfinite(features).all():
            raise PropertyFailure(f"features must be finite float32, got {features.dtype}")


def order_of_samples_does_not_matter(subject: EncoderUnderTest) -> None:
    for fitted, backbone in subject.backbones():
        with torch.no_grad():
            forth, back = (backbone(fitted.test.batch(rows)) for rows in (BATCH, BATCH.flip(0)))
        if not torch.allclose(forth, back.flip(0), atol=CLOSE):
            raise PropertyFailure("in evaluation mode a sample's features depend on its place in the batch")


def gradient_reaches_its_parameters(subject: EncoderUnderTest) -> None:
    for fitted, backbone in subject.backbones():
        backbone.train()
        backbone(fitted.train.batch(BATCH)).square().sum().backward()
        # Some may be idle: a pretrained network may have a head that is not used.
        if all(each.grad is None for each in backbone.parameters()):
            raise PropertyFailure("no gradient reaches any of its parameters")
        by_depth = {id(each) for group in backbone.parameters_by_depth() for each in group}
        if by_depth != {id(each) for each in backbone.parameters()}:
            raise PropertyFailure("`parameters_by_depth` does not have every parameter")


def augmentations_keep_shapes(subject: EncoderUnderTest) -> None:
    for fitted, backbone in subject.backbones():
        batch = fitted.train.batch(BATCH)
        for how in sorted(subject.cls.augmentations):
            changed: Batch = backbone.augment(batch, torch.Generator().manual_seed(0), how)
            if [each.shape for each in changed] != [each.shape for each in batch]:
                raise PropertyFailure(f"augmentation {how!r} changes the shapes of a batch")


def noisy_as_declared(subject: EncoderUnderTest) -> None:
    for _, backbone in subject.backbones():
        if backbone.is_noisy and not subject.cls.noisy:
            raise PropertyFailure("its backbone has dropout: declare `noisy = True`")
