"""`reduction="none"`: the terms of the elementwise losses, for training loops outside mlbench."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from mlbench import Loss, Outputs, build_loss
from mlbench.errors import ConfigError
from mlbench.losses.conformance.samples import draw
from mlbench.registry import LOSSES
from mlbench.suite import parse_suite
from tests.losses.parts.test_elementwise import ELEMENTWISE

KNOWN = torch.arange(35).view(7, 5) % 4 > 0


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_the_terms_add_up_to_the_loss(name: str) -> None:
    whole, terms = build_loss(name, reduction="sum"), build_loss(name, reduction="none")
    sample = draw(whole, 7, 5)
    outputs = [sample.outputs]
    if "known" in whole.accepts:
        outputs.append(replace(sample.outputs, known=KNOWN))
    for loss in (whole, terms):
        loss.prepare(sample.stats)
        loss.on_epoch_start(1, 10)
    assert terms.threshold == whole.threshold
    for out in outputs * 2:  # once more: state moves alike
        targets = sample.targets if out.known is None else sample.targets * KNOWN
        found, expected = terms(out, targets), whole(out, targets)
        assert found.shape == (7, 5)
        torch.testing.assert_close(found.sum(), expected)
        logits = sample.outputs.logits
        (gradient,), (wanted,) = (
            torch.autograd.grad(found.sum(), logits),
            torch.autograd.grad(expected, logits),
        )
        torch.testing.assert_close(gradient, wanted)
    assert terms.state_dict().keys() == {f"loss.{key}" for key in whole.state_dict()}


def test_what_is_unknown_has_no_term() -> None:
    terms = build_loss("bce", reduction="none")(
        Outputs(logits=torch.randn(7, 5), known=KNOWN), torch.zeros(7, 5)
    )
    assert torch.equal(terms != 0, KNOWN)


def test_bad_input_and_half_precision_are_dealt_with_as_in_the_loss() -> None:
    loss, x = build_loss("asl", reduction="none"), torch.randn(2, 3).bfloat16()
    with pytest.raises(ValueError, match="logits must have shape"):
        loss(x, torch.zeros(2, 4))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert loss(x, torch.zeros(2, 3)).dtype == torch.float32


def test_a_loss_that_is_no_sum_of_terms_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="'two_way' has no parameter 'reduction'"):
        build_loss("two_way", reduction="none")

    class Whole(Loss):
        needs = {"logits"}

        def forward(self, out: Outputs, targets: Tensor) -> Tensor:
            return (out.logits * targets).sum()

    monkeypatch.setattr(LOSSES, "build", lambda *_, **__: Whole())
    with pytest.raises(ConfigError, match="'whole' has no term for each entry"):
        build_loss("whole", reduction="none")


def test_a_suite_has_no_use_for_it() -> None:
    text = 'name = "t"\nseeds = [0]\nfractions = [1.0]\nlosses = [{ name = "bce", reduction = "none" }]\n'
    text += '[[datasets]]\nname = "digit-scenes"\nencoder = "conv"\n'
    with pytest.raises(ConfigError, match="reduction"):
        parse_suite(text, "t.toml")
