"""What a loss makes of entries of which nobody knows whether the label holds."""

from __future__ import annotations

from dataclasses import replace

import torch

from mlbench.losses.conformance.subject import LossUnderTest, same, value_of
from mlbench.properties import PropertyFailure


def unknown_entries_play_no_part(subject: LossUnderTest) -> None:
    """An unknown entry's logit has no gradient and does not move the value; where all entries are known, saying so
    changes nothing."""
    loss, sample = subject.ready(6, 5)
    plain = value_of(loss, sample)
    everything = replace(sample, outputs=replace(sample.outputs, known=torch.ones_like(sample.targets)))
    if not same(value_of(loss, everything), plain, 1e-12):
        raise PropertyFailure("where all entries are known the value changes when it is told so")
    known = (torch.arange(30).view(6, 5) % 4 > 0).to(sample.targets)
    targets = sample.targets * known
    logits = sample.outputs.logits
    value = loss(replace(sample.outputs, known=known), targets)
    (gradient,) = torch.autograd.grad(value, logits)
    if bool((gradient[known == 0] != 0).any()):
        raise PropertyFailure("the logits of unknown entries have a gradient")
    if not bool((gradient[known == 1] != 0).any()):
        raise PropertyFailure("with unknown entries no logit has a gradient")
    moved = logits.detach() + 3 * (1 - known)
    other = loss(replace(sample.outputs, logits=moved, known=known), targets)
    if not same(other, value, 1e-12):
        raise PropertyFailure("the value changes with the logits of unknown entries")
    nothing = loss(replace(sample.outputs, known=torch.zeros_like(known)), torch.zeros_like(targets))
    (gradient,) = torch.autograd.grad(nothing, logits)
    if not bool(nothing.isfinite()) or bool((gradient != 0).any()):
        raise PropertyFailure("where nothing is known the value is not a connected zero")
