"""The threshold policies: tuned exactly, on validation alone, with a floor."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from numpy.typing import NDArray

from mlbench.metrics import Scored, evaluate
from mlbench.metrics.thresholds import MIN_POSITIVES, best_cuts, tune_global, tune_per_label
from mlbench.metrics.views.orders import Orders
from tests.metrics.cases import Case, cases, make_case


def best_f1(y: NDArray[np.uint8], s: NDArray[np.float32]) -> float:
    """The greatest F1 of all cuts, by trying each."""
    return max((f1(y, s > cut) for cut in [-np.inf, *np.unique(s)]), default=0.0)


def f1(y: NDArray[np.uint8], p: NDArray[np.bool_]) -> float:
    return 2 * (y[p] == 1).sum() / max((y == 1).sum() + p.sum(), 1)


@given(cases(unscored=True))
@settings(deadline=None, max_examples=60)
def test_the_search_finds_the_best_of_all_cuts(case: Case) -> None:
    view = Orders(case.scored)
    kept = case.targets != 255
    y, s = case.targets, case.scores
    cut = float(tune_global(view))
    if (y == 1).any():
        assert f1(y[kept], s[kept] > cut) == best_f1(y[kept], s[kept])
    else:
        assert cut == 0
    for l, own in enumerate(best_cuts(view.label_ranks).tolist()):
        m = kept[:, l]
        if (y[:, l] == 1).any():
            assert f1(y[m, l], s[m, l] > own) == best_f1(y[m, l], s[m, l])


def test_a_cut_lies_midway_and_the_highest_of_the_best_is_taken() -> None:
    scores = torch.tensor([4.0, 3.0, 2.0, 1.0, 0.0, -5.0])[:, None]
    targets = torch.tensor([1, 1, 0, 0, 0, 0])[:, None]
    assert float(tune_global(Orders(Scored(scores, targets)))) == 2.5
    equally_good = torch.tensor([1, 0, 0, 1, 0, 0])[:, None]  # F1 2/3 after the first and after the fourth
    assert float(tune_global(Orders(Scored(scores, equally_good)))) == 3.5
    neighbours = torch.tensor([[1.0], [float(np.nextafter(np.float32(1), np.float32(0)))]])
    cut = tune_global(Orders(Scored(neighbours, torch.tensor([[1], [0]]))))
    assert (neighbours > cut).flatten().tolist() == [True, False]


def test_everything_is_predicted_where_that_is_best() -> None:
    case = make_case(20, 3, seed=0)
    case.targets[:] = 1
    cuts = tune_per_label(Orders(case.scored), torch.tensor(0.0))
    assert cuts.tolist() == [-np.inf] * 3
    found = evaluate(case.scored, Scored(case.scores - 100, case.targets), threshold=None)
    assert found["test"]["f1_macro@label"] == 1


def test_a_label_with_too_few_positives_takes_the_global_cut() -> None:
    case = make_case(200, 3, seed=0)
    case.targets[:, 1] = 0
    case.targets[: MIN_POSITIVES - 1, 1] = 1
    case.targets[:, 2] = 0
    case.targets[:MIN_POSITIVES, 2] = 1
    cuts = tune_per_label(Orders(case.scored), torch.tensor(7.5))
    assert cuts[1] == 7.5
    assert cuts[0] != 7.5
    assert cuts[2] != 7.5


def test_tuned_policies_read_validation_and_the_oracle_reads_test() -> None:
    validation, test = make_case(300, 5, seed=1), make_case(300, 5, seed=2)
    shifted = Case(test.scores + 2, test.targets)
    found = evaluate(validation.scored, shifted.scored, threshold=0.0)["test"]
    everywhere = tune_global(Orders(validation.scored))
    per_label = tune_per_label(Orders(validation.scored), everywhere).numpy()
    micro = f1(shifted.targets, shifted.scores > float(everywhere))
    assert found["f1_micro@global"] == pytest.approx(micro)
    macro = np.mean([f1(shifted.targets[:, l], shifted.scores[:, l] > per_label[l]) for l in range(5)])
    assert found["f1_macro@label"] == pytest.approx(macro)
    best = np.mean([best_f1(shifted.targets[:, l], shifted.scores[:, l]) for l in range(5)])
    assert found["f1_macro@oracle"] == pytest.approx(best)
    assert found["f1_macro@oracle"] > found["f1_macro@label"]


def test_the_oracle_is_of_test_alone_and_native_needs_a_threshold() -> None:
    case = make_case(50, 4, seed=3)
    found = evaluate(case.scored, case.scored, threshold=None)
    assert not any("@oracle" in key for key in found["validation"])
    assert any("@oracle" in key for key in found["test"])
    assert not any("@native" in key for split in found.values() for key in split)
    assert "f1_micro@native" in evaluate(case.scored, case.scored, threshold=1.0)["validation"]
