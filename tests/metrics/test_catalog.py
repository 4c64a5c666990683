"""The catalogue: complete, true to the metrics, and free of torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mlbench.errors import ConfigError
from mlbench.metrics import evaluate
from mlbench.metrics.catalog import ALIASES, COUNT, POLICIES, Key, catalog, metric_info, parse_key
from mlbench.registry import METRICS, Registry
from tests.metrics.cases import make_case


def test_every_key_that_evaluate_writes_is_in_the_catalogue_and_within_its_bounds() -> None:
    validation, test = make_case(150, 12, seed=0), make_case(150, 12, seed=1)
    counts = np.arange(12)
    found = evaluate(
        validation.scored, test.scored, threshold=0.5, train_counts=counts, seen_counts=counts, train_size=500
    )
    names = set()
    for key, number in [*found["validation"].items(), *found["test"].items()]:
        parsed = parse_key(key)
        assert str(parsed) == key
        low, high = parsed.info.bounds
        assert low is None or number >= low
        assert high is None or number <= high
        names.add(parsed.name)
    assert names == set(catalog())


def test_every_metric_says_what_it_is() -> None:
    for name, info in catalog().items():
        assert info.name == name
        assert info.explanation.endswith(".")
        assert info.formula
        assert info.direction in ("higher", "lower") or name == COUNT
        assert METRICS.describe(name).problems == () if name != COUNT else True


def test_better_scores_move_every_metric_its_own_way() -> None:
    good = make_case(300, 12, seed=0)
    sign = np.where(good.targets == 1, 1, -1)
    scores = np.abs(good.scores) * sign
    bad = make_case(300, 12, seed=5).scores
    found = {
        name: evaluate(
            type(good)(s.astype(np.float32), good.targets).scored,
            type(good)(s.astype(np.float32), good.targets).scored,
            threshold=0.0,
            train_counts=good.targets.sum(0),
            train_size=300,
        )["test"]
        for name, s in (("good", scores), ("bad", bad))
    }
    for key in found["good"]:
        if parse_key(key).policy not in (None, "0.5"):
            continue  # a cut tuned on bad scores predicts everything, which has the best recall
        direction = parse_key(key).info.direction
        if direction == "higher":
            assert found["good"][key] > found["bad"][key], key
        elif direction == "lower":
            assert found["good"][key] < found["bad"][key], key


def test_keys_are_parsed_and_wrong_ones_answered_with_the_nearest() -> None:
    assert parse_key("f1_macro@label/tail") == Key("f1_macro", "label", "tail")
    assert parse_key("ndcg_at_5") == Key("ndcg_at_5")
    assert parse_key("CP@top3") == Key("precision_macro", "top3")
    assert all(metric_info(alias).name == name for alias, name in ALIASES.items())
    for key, reason in {
        "f1_macor@label": "did you mean 'f1_macro'",
        "f1_macro@lable": "did you mean 'label'",
        "map/tial": "did you mean 'tail'",
        "f1_macro": "threshold policy ''",
        "map@0.5": "no threshold policy",
        "lrap/tail": "no buckets",
    }.items():
        with pytest.raises(ConfigError, match=reason):
            parse_key(key)


def test_only_tuned_decisions_are_ranked() -> None:
    ranked = {policy for policy in POLICIES if Key("f1_macro", policy).ranked}
    assert ranked == {"global", "label"}
    assert Key("map").ranked
    assert not Key("ece").ranked
    assert not Key(COUNT).ranked


def test_a_metric_without_declarations_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "bare.py"
    file.write_text(
        '@register_metric("bare")\nclass Bare(Metric):\n    """Nothing."""\n    kind = "ranking"\n'
    )
    own: Registry[object] = Registry("metric", "metrics", decorator="register_metric")
    own.load_plugin(file)
    monkeypatch.setattr("mlbench.metrics.catalog.METRICS", own)
    with pytest.raises(
        ConfigError, match=r"bare\.py: metric 'bare' does not declare direction, bounds, formula"
    ):
        metric_info("bare")


def test_the_catalogue_loads_neither_torch_nor_numpy() -> None:
    code = (
        "import sys, mlbench.metrics.catalog as c; c.catalog(); c.parse_key('map');"
        "sys.exit(any(name in sys.modules for name in ('torch', 'numpy')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
