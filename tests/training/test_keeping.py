"""What is kept of a trained cell: enough to give its logits again, and no number of its record moves for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mlbench.errors import ConfigError
from mlbench.metrics import Scored
from mlbench.metrics.temperature import fit_temperature
from mlbench.models.deployed import Classifier, Deployed, put_in
from mlbench.models.model import Adapter
from mlbench.models.preparation import Preparation
from mlbench.training import CellResult, run_cell
from mlbench.training.checkpoint import load_tree, save_tree
from mlbench.training.setup import build_encoder
from tests.training.cells import load, make_cell


def keep(loss: str, dataset: str = "synthetic-features", **options: Any) -> CellResult:
    return run_cell(make_cell(loss, dataset, **options), load(dataset), keep_model=True)


def rebuilt(kept: dict[str, Any], reading: str, folder: Path) -> Deployed:
    described = kept["readings"][reading]
    cell = make_cell("bce", kept["cell"]["loader"], encoder=kept["cell"]["encoder"])
    backbone = build_encoder(cell).bare(Preparation.of(kept["preparation"]), folder)
    put_in(backbone, kept["backbone"], "kept")
    adapter = None
    if kept["adapter"] is not None:
        adapter = Adapter(backbone.dim, len(kept["adapter"]["layers.0.bias"]))
        put_in(adapter, kept["adapter"], "kept")
    classifier = Classifier.of(described["classifier"]).build()
    put_in(classifier.weighted, described["weights"], "kept")
    return Deployed(backbone, adapter, classifier).eval()


@pytest.mark.parametrize("loss", ["bce", "kmcl", "mulcon", "two_way", "supcon"])
def test_the_kept_weights_give_the_stored_logits(loss: str, tmp_path: Path) -> None:
    result = keep(loss)
    assert result.model is not None
    save_tree(result.model, tmp_path / "model.safetensors")
    kept = load_tree(tmp_path / "model.safetensors")
    reading = "probe" if loss == "supcon" else "own"
    network = rebuilt(kept, reading, tmp_path)
    with torch.no_grad():
        logits = network(torch.from_numpy(load("synthetic-features").test.inputs))
    np.testing.assert_allclose(logits.numpy(), result.scores["test_logits"], atol=1e-5)
    assert kept["labels"] == list(load("synthetic-features").labels)
    assert set(kept["readings"]) == ({"probe"} if loss == "supcon" else {"own", "probe"})


@pytest.mark.parametrize("loss", ["bce", "kmcl", "supcon"])
def test_a_linear_classifier_is_the_linear_map_that_it_says(loss: str, tmp_path: Path) -> None:
    kept = keep(loss).model
    assert kept is not None
    for reading in kept["readings"]:
        network = rebuilt(kept, reading, tmp_path)
        linear = network.classifier.as_linear()
        assert linear is not None
        features = torch.randn(16, linear[0].shape[1])
        with torch.no_grad():
            expected = network.classifier(features)
        torch.testing.assert_close(features @ linear[0].T + linear[1], expected, atol=2e-5, rtol=1e-5)


def test_isotropic_kernels_are_one_linear_map() -> None:
    kept = keep("kmcl", loss_parameters={"case": "isotropic"}).model
    assert kept is not None
    classifier = Classifier.of(kept["readings"]["own"]["classifier"]).build()
    put_in(classifier.weighted, kept["readings"]["own"]["weights"], "kept")
    linear = classifier.as_linear()
    assert linear is not None
    features = torch.randn(16, linear[0].shape[1])
    torch.testing.assert_close(features @ linear[0].T + linear[1], classifier(features), atol=2e-5, rtol=1e-5)


def test_thresholds_and_temperature_are_those_of_validation() -> None:
    result = keep("two_way")
    assert result.model is not None
    own = result.model["readings"]["own"]
    validation = Scored(
        torch.from_numpy(result.scores["validation_logits"]),
        torch.from_numpy(result.scores["validation_targets"]),
    )
    assert own["temperature"] == fit_temperature(validation)
    assert own["thresholds"]["native"] is None
    predicted = validation.logits > own["thresholds"]["label"]
    true = validation.positive
    f1 = 2 * (predicted & true).sum(0) / (predicted.sum(0) + true.sum(0)).clamp_min(1)
    present = true.any(0)
    assert float(f1[present].double().mean()) == pytest.approx(
        result.parts["metrics"]["validation"]["f1_macro@label"], abs=1e-6
    )
    for said in own["log_loss"].values():
        assert said["after"] > 0
    assert own["log_loss"]["validation"]["after"] <= own["log_loss"]["validation"]["before"]
    assert own["log_loss"]["validation"]["before"] == pytest.approx(
        result.parts["metrics"]["validation"]["log_loss"], rel=1e-3
    )


def test_no_number_moves_where_a_model_is_kept() -> None:
    plain = run_cell(make_cell("bce"), load("synthetic-features"))
    kept = keep("bce")
    assert plain.model is None
    assert kept.parts["metrics"] == plain.parts["metrics"]
    assert kept.parts["probe"] == plain.parts["probe"]
    np.testing.assert_array_equal(kept.scores["test_logits"], plain.scores["test_logits"])


def test_an_encoder_that_does_not_export_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from mlbench.models.encoders.features import GivenFeatures

    monkeypatch.setattr(GivenFeatures, "exports", False)
    with pytest.raises(ConfigError, match=r"store\.model = false"):
        keep("bce")
