"""Bootstrap replicates against the metrics of samples drawn for real."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mlbench.metrics import Scored, bootstrap, evaluate
from mlbench.metrics.base import registered_metrics
from mlbench.metrics.views import resampling
from mlbench.metrics.views.resampling import draw_weights
from tests.metrics.cases import Case, cases, make_case


def by_hand(validation: Scored, test: Scored, replicates: int) -> list[dict[str, float]]:
    """The metrics of each replicate, its samples copied as often as they are drawn."""
    found = []
    for weights in draw_weights(len(test.logits), replicates):
        rows = torch.repeat_interleave(torch.arange(len(weights)), weights.long())
        drawn = Scored(test.logits[rows], test.targets[rows])
        found.append(evaluate(validation, drawn, threshold=-0.5)["test"])
    return found


@given(cases(), st.booleans())
@settings(deadline=None, max_examples=25)
def test_replicates_are_the_metrics_of_the_drawn_samples(case: Case, partial: bool) -> None:
    if partial:
        case.targets[np.random.default_rng(0).random(case.targets.shape) < 0.2] = 255
    validation = make_case(40, case.targets.shape[1], seed=0).scored
    stored = bootstrap(validation, case.scored, threshold=-0.5, replicates=4)
    for replicate, expected in enumerate(by_hand(validation, case.scored, 4)):
        for key, values in stored.items():
            number = expected.get(key.removeprefix("bootstrap/"), np.nan)
            assert values[replicate] == pytest.approx(number, rel=2e-5, abs=2e-6, nan_ok=True), key


def test_labels_are_ordered_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    case = make_case(90, 23, seed=2, levels=30)
    whole = bootstrap(case.scored, case.scored, threshold=None)
    for size in (1, 200, 20_000):
        monkeypatch.setattr(resampling, "CHUNK", size)
        for key, values in bootstrap(case.scored, case.scored, threshold=None).items():
            np.testing.assert_array_equal(values, whole[key])


def test_what_is_stored() -> None:
    case = make_case(60, 5, seed=0)
    stored = bootstrap(case.scored, case.scored, threshold=None, prefix="probe_bootstrap")
    assert all(key.startswith("probe_bootstrap/") for key in stored)
    assert {"probe_bootstrap/map", "probe_bootstrap/f1_macro@label", "probe_bootstrap/lrap"} <= set(stored)
    assert not any("@native" in key or "@oracle" in key for key in stored)
    names = {key.split("/")[1].split("@")[0] for key in stored}
    assert names == {name for name, metric in registered_metrics() if metric.bootstrapped}
    for values in stored.values():
        assert values.dtype == np.float32
        assert values.shape == (200,)
        assert np.isfinite(values).all()


def test_two_losses_on_one_split_draw_the_same_samples() -> None:
    one, other = make_case(500, 4, seed=0), make_case(500, 4, seed=0)
    other.scores[:, 0] += np.random.default_rng(1).normal(size=500).astype(np.float32) * 0.05
    first, second = (bootstrap(c.scored, c.scored, threshold=None)["bootstrap/map"] for c in (one, other))
    assert (first - second).std() < 0.2 * first.std()


def test_the_draws_are_fixed_for_ever() -> None:
    weights = draw_weights(1000, 200)
    assert torch.equal(weights.sum(1), torch.full((200,), 1000.0))
    assert weights.var().item() == pytest.approx(1.0, abs=0.02)  # multinomial: mean 1, variance 1 − 1/N
    assert draw_weights(10, 3).long().tolist() == FIRST_DRAWS
    assert not torch.equal(draw_weights(10, 2)[0], draw_weights(10, 2)[1])


def test_the_spread_is_that_of_the_mean() -> None:
    case = make_case(2000, 6, seed=3)
    values = bootstrap(case.scored, case.scored, threshold=0.0)["bootstrap/subset_accuracy@native"]
    share = evaluate(case.scored, case.scored, threshold=0.0)["test"]["subset_accuracy@native"]
    assert values.mean() == pytest.approx(share, abs=0.005)
    assert values.std() == pytest.approx(np.sqrt(share * (1 - share) / 2000), rel=0.15)


FIRST_DRAWS = [[0, 2, 1, 0, 1, 1, 1, 0, 2, 2], [0, 2, 0, 1, 0, 1, 0, 2, 2, 2], [0, 0, 2, 3, 0, 1, 2, 0, 1, 1]]
