"""torch.compile: the same cell, and compiled code that later cells use again."""

from __future__ import annotations

import numpy as np
import pytest
import torch._dynamo.utils as dynamo

from tests.training.cells import run


def compilations() -> int:
    return int(dynamo.counters["stats"]["unique_graphs"])


@pytest.mark.slow
def test_one_compilation_for_all_cells_of_an_architecture() -> None:
    # With biases at 0, since from the log-odds this training makes 0.01 of a perturbation of 1e-7.
    plain = [run("bce", "digit-scenes", head_bias="zero"), run("supcon", "digit-scenes", seed=1)]
    before = compilations()
    first = run("bce", "digit-scenes", head_bias="zero", compile=True)
    after_first = compilations()
    assert after_first > before
    second = run("supcon", "digit-scenes", seed=1, compile=True, ema=0.5)
    assert compilations() == after_first
    for one, other in zip(plain, (first, second), strict=True):
        assert one.scores["test_logits"].shape == other.scores["test_logits"].shape
    np.testing.assert_allclose(first.scores["test_logits"], plain[0].scores["test_logits"], atol=1e-3)
    again = run("bce", "digit-scenes", head_bias="zero", compile=True)
    np.testing.assert_array_equal(first.scores["test_logits"], again.scores["test_logits"])
    run("bce", "digit-scenes", head_bias="zero", compile=True, encoder={"name": "conv", "width": 8})
    assert compilations() > after_first


def test_sparse_tables_are_left_uncompiled() -> None:
    before = compilations()
    plain, compiled = run("bce", "synthetic-topics"), run("bce", "synthetic-topics", compile=True)
    assert compilations() == before
    np.testing.assert_array_equal(plain.scores["test_logits"], compiled.scores["test_logits"])
