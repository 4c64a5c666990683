"""What is refused, and what is raised to float32 first."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mlbench.errors import NonFiniteError
from mlbench.metrics import Scored, evaluate, mean_average_precision
from tests.metrics.cases import make_case


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_scores_that_are_not_finite_are_refused_by_place(bad: float) -> None:
    case = make_case(6, 4, seed=0)
    case.scores[5, 2] = bad
    with pytest.raises(NonFiniteError, match="sample 5, label 2"):
        Scored(case.scores, case.targets)
    with pytest.raises(NonFiniteError, match="sample 5, label 2"):
        mean_average_precision(np.stack([case.scores] * 2), case.targets)


def test_other_targets_and_shapes_are_refused() -> None:
    case = make_case(6, 4, seed=0)
    targets = case.targets.astype(np.int64)
    targets[3, 1] = -1
    with pytest.raises(ValueError, match=r"found -1 at \[3, 1\]"):
        Scored(case.scores, targets)
    with pytest.raises(ValueError, match="found 7"):
        Scored(case.scores, np.full_like(case.targets, 7))
    with pytest.raises(ValueError, match=r"\[6, 4\] and \[6, 3\]"):
        Scored(case.scores, case.targets[:, :3])
    with pytest.raises(ValueError, match="nothing to evaluate"):
        Scored(case.scores[:0], case.targets[:0])
    with pytest.raises(ValueError, match="validation has 4 labels and test 2"):
        evaluate(case.scored, Scored(case.scores[:, :2], case.targets[:, :2]), threshold=None)


def test_large_finite_scores_are_not_taken_for_infinite() -> None:
    scores = torch.full((4, 3), 3e38)
    assert torch.equal(Scored(scores, torch.ones(4, 3)).logits, scores)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_every_precision_is_read_as_float32(dtype: torch.dtype) -> None:
    case = make_case(80, 5, seed=1)
    given = torch.from_numpy(case.scores).to(dtype)
    raised = Scored(given.float(), case.targets)
    found = Scored(given, case.targets)
    assert found.logits.dtype == torch.float32
    assert evaluate(found, found, threshold=0.0) == evaluate(raised, raised, threshold=0.0)


@pytest.mark.parametrize("dtype", [torch.bool, torch.int64, torch.float32, torch.uint8])
def test_targets_of_any_dtype_are_read_as_uint8(dtype: torch.dtype) -> None:
    case = make_case(8, 5, seed=1)
    found = Scored(case.scores, torch.from_numpy(case.targets).to(dtype))
    assert found.targets.dtype == torch.uint8
    assert np.array_equal(found.targets.numpy(), case.targets)
