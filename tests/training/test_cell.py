"""One cell, end to end on built-in data."""

from __future__ import annotations

import copy
import time
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from mlbench import registry
from mlbench.errors import CellTimeoutError, ConfigError, NonFiniteError
from mlbench.metrics import Scored, evaluate
from mlbench.registry import load_plugins
from mlbench.suite import Protocol
from mlbench.training import CellResult, run_cell
from tests.models.encoders.tiny_bert import save_tiny_bert
from tests.training.cells import load, make_cell, run

KINDS = ["synthetic-features", "synthetic-topics", "digit-scenes"]


def same(one: CellResult, other: CellResult) -> bool:
    return one.scores.keys() == other.scores.keys() and all(
        np.array_equal(one.scores[key], other.scores[key]) for key in one.scores
    )


def test_the_parts_of_a_record_are_there() -> None:
    result = run("bce")
    assert set(result.parts["metrics"]) == {"validation", "test"}
    for reading in ("metrics", "probe_metrics", "floor_metrics"):
        assert {"map", "f1_micro@0.5", "f1_macro@label", "lrap"} <= set(result.parts[reading]["test"])
    assert result.parts["metrics"]["test"]["map"] > result.parts["floor_metrics"]["test"]["map"] + 0.1
    history = result.parts["history"]
    assert len(history["evaluations"]) == 2
    assert {"loss", "gradient_norm", "epoch"} <= set(history["epochs"][0])
    assert history["steps"] >= 12
    assert result.parts["dataset"]["labels"] == 8
    timing = result.parts["timing"]
    assert timing["total"] > 0
    assert 0 < timing["cost"] < 2 * torch.get_num_threads() * (timing["train"] + timing["validate"])
    assert result.parts["memory"]["host_peak"] > 1e6


def test_the_metrics_are_of_the_stored_scores() -> None:
    result = run("asl")
    data, scores = load("synthetic-features"), result.scores
    again = evaluate(
        Scored(scores["validation_logits"], scores["validation_targets"]),
        Scored(scores["test_logits"], scores["test_targets"]),
        threshold=result.parts["threshold"]["metrics"],
        train_counts=data.label_counts["train"],
        seen_counts=np.array(result.parts["dataset"]["seen_counts"]),
        train_size=len(data.train),
    )
    assert again == result.parts["metrics"]
    assert scores["test_logits"].dtype == np.float32
    assert scores["test_ids"].tolist() == data.test.ids
    assert scores["labels"].tolist() == list(data.labels)


@pytest.mark.parametrize("dataset", KINDS)
@pytest.mark.parametrize("loss", ["bce", "msc"])
def test_the_same_cell_gives_the_same_bits(dataset: str, loss: str) -> None:
    torch.manual_seed(1)
    one = run(loss, dataset)
    torch.manual_seed(2)
    torch.rand(5)
    assert same(one, run(loss, dataset))
    assert not same(one, run(loss, dataset, seed=1))


def test_a_cell_leaves_the_global_state_alone() -> None:
    torch.manual_seed(7)
    before = torch.random.get_rng_state()
    run("kmcl")
    assert torch.equal(before, torch.random.get_rng_state())
    assert not torch.are_deterministic_algorithms_enabled()


SCALED = '''
from mlbench import Loss, build_loss, register_loss

@register_loss("scaled")
class Scaled(Loss):
    """Another loss times a number."""
    needs = {needs}
    search_space = {{}}

    def __init__(self, factor: float = 1.0) -> None:
        super().__init__()
        self.inner, self.factor = build_loss("{inner}"), factor

    def forward(self, out, targets):
        return self.inner(out, targets) * self.factor
'''


ENCODERS: dict[str, tuple[str, dict[str, Any]]] = {
    "features": ("synthetic-features", {}),
    "bag": ("synthetic-topics", {}),
    "lsa": ("synthetic-topics", {"dimensions": 16}),
    "hf": ("synthetic-topics", {"max_length": 16}),
    "conv": ("digit-scenes", {}),
    "timm": ("digit-scenes", {"pretrained": False, "size": 32}),
}
"""Every kind of encoder, with a dataset that it reads."""


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_bert(tmp_path_factory.mktemp("bert"), load("synthetic-topics").train.inputs)


def test_every_kind_of_encoder_is_tried() -> None:
    assert set(ENCODERS) == set(registry.ENCODERS.names())


@pytest.mark.parametrize("kind", ENCODERS)
@pytest.mark.parametrize(
    ("inner", "needs"), [("bce", '{"logits"}'), ("supcon", '{"embeddings"}')], ids=["bce", "supcon"]
)
def test_a_loss_times_a_power_of_two_is_the_same_loss(
    kind: str, inner: str, needs: str, bert: Path, tmp_path: Path
) -> None:
    """In a name of its own each time: the registry keeps what it was given."""
    name = f"scaled_{inner}_{kind}"
    file = tmp_path / f"{name}.py"
    file.write_text(SCALED.format(inner=inner, needs=needs).replace('"scaled"', f'"{name}"'))
    load_plugins([file])
    dataset, options = ENCODERS[kind]
    model = {"hf": f"hf:{bert}", "timm": "timm:resnet10t"}.get(kind, kind)
    few = {"fraction": 0.2, "min_steps": 6, "epochs": 1} if kind in ("hf", "timm") else {}

    def trained(factor: float) -> CellResult:
        encoder = {"name": model, **options}
        return run(name, dataset, encoder=encoder, loss_parameters={"factor": factor}, **few)

    plain = trained(1.0)
    for factor in (128.0, 1 / 128):
        scaled = trained(factor)
        for reading in ("metrics", "probe_metrics"):
            for key, value in plain.parts[reading]["test"].items():
                assert scaled.parts[reading]["test"][key] == pytest.approx(value, abs=1e-4), (key, factor)
        assert same(plain, scaled), "powers of two round alike, so not a bit may differ"


MOVING = '''
import torch
from mlbench import Loss, register_loss

@register_loss("moving")
class Moving(Loss):
    """Counts its calls, and drops entries at random."""
    needs = {"logits"}
    search_space = {}

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, out, targets):
        self.calls += 1
        kept = torch.rand_like(out.logits) < 0.9
        return torch.nn.functional.binary_cross_entropy_with_logits(out.logits, targets, kept)
'''


def test_a_training_goes_as_if_nobody_diagnosed_its_loss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "moving.py").write_text(MOVING)
    load_plugins([tmp_path / "moving.py"])
    losses: list[torch.nn.Module] = []
    build = registry.LOSSES.build
    monkeypatch.setattr(
        registry.LOSSES, "build", lambda name, **given: losses.append(made := build(name, **given)) or made
    )
    watched = run("moving")
    assert "diagnostics" in watched.parts["history"]["epochs"][0]
    assert int(losses[0].calls) == watched.parts["history"]["steps"]
    monkeypatch.setattr("mlbench.training.log.Log.wants_diagnostics", lambda *_: False)
    assert same(watched, run("moving"))


@pytest.mark.parametrize("optimiser", ["adam", "adamw", "sgd"])
def test_coupled_decay_is_exempt_from_scale_invariance(optimiser: str) -> None:
    """What is decayed weighs the less the larger the loss: here a mean over B·L and a sum."""
    train = {"optimiser": optimiser, "weight_decay": 0.01, "batch_size": 16, "fraction": 16 / 267}
    mean, total = (run("bce", reduction=reduction, **train) for reduction in ("mean", "sum"))
    assert mean.parts["dataset"]["sizes"]["rows"] == 16, "so that every batch has the same number of entries"
    assert same(mean, total) == (optimiser == "adamw")


def test_two_representation_losses_on_a_frozen_encoder_differ() -> None:
    """The adapter is trained by the loss, so the probe on its features sees which loss it was."""
    one, other = run("supcon"), run("prototype")
    assert one.parts["metrics"] == one.parts["probe_metrics"]
    assert not np.array_equal(one.scores["test_logits"], other.scores["test_logits"])
    assert one.parts["metrics"]["test"]["map"] != other.parts["metrics"]["test"]["map"]


def test_an_adjusted_loss_orders_each_label_s_rows_as_bce_does() -> None:
    """What is added to its logits is taken off where they start, so both go through the same probabilities."""
    found = {name: run(name, select="last") for name in ("bce", "logit_adjusted")}
    counts = np.array(found["bce"].parts["dataset"]["seen_counts"])
    added = np.log(counts / (found["bce"].parts["dataset"]["sizes"]["rows"] - counts))
    bce, adjusted = (found[name].scores["test_logits"] for name in found)
    np.testing.assert_allclose(bce, adjusted + added, atol=1e-4)
    for key in ("map", "auroc_macro", "f1_macro@label"):
        values = [found[name].parts["metrics"]["test"][key] for name in found]
        assert values[0] == pytest.approx(values[1], abs=1e-6)


@pytest.mark.parametrize("loss", ["bce", "two_way", "kmcl", "mulcon"])
def test_logits_start_at_the_log_odds_of_the_cell_s_own_rows(
    loss: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or about 0; the weights are the same either way."""
    from mlbench.models.model import Model

    models: list[Model] = []
    build = Model.build.__func__  # type: ignore[attr-defined]
    monkeypatch.setattr(
        Model, "build", classmethod(lambda *given: models.append(copy.deepcopy(m := build(*given))) or m)
    )
    for start in ("prior", "zero"):
        seen = torch.tensor(run(loss, fraction=0.3, head_bias=start).parts["dataset"]["seen_counts"])
    rows = run(loss, fraction=0.3).parts["dataset"]["sizes"]["rows"]
    prior, zero = models[:2]
    ((name, head),) = prior.heads.heads.items()
    expected = ((seen + 0.5) / (rows - seen + 0.5)).log()
    torch.testing.assert_close(head.logit_bias.detach(), expected)
    assert expected.abs().max() > 1 > zero.heads.heads[name].logit_bias.abs().max()
    with torch.no_grad():
        zero.heads.heads[name].logit_bias.copy_(head.logit_bias)
    for one, other in zip(prior.parameters(), zero.parameters(), strict=True):
        assert torch.equal(one, other)


def test_backbones_start_from_the_same_weights_whatever_the_loss(tmp_path: Path) -> None:
    from mlbench.losses.base import LabelStats, Loss
    from mlbench.models.model import Model
    from mlbench.registry import LOSSES
    from mlbench.training.setup import fit_encoder
    from mlbench.training.streams import Streams

    data = load("digit-scenes")
    fitted = fit_encoder(make_cell("bce", "digit-scenes"), data, np.arange(50), tmp_path)
    weights = []
    for name in ("bce", "kmcl", "msc"):
        loss: Loss = LOSSES.build(name)
        model = Model.build(fitted, loss, LabelStats(torch.arange(10), 50), Protocol(), Streams(0).as_global)
        weights.append(model.backbone.state_dict())
    for state in weights[1:]:
        assert all(torch.equal(state[key], weights[0][key]) for key in state)


@pytest.mark.parametrize("loss", ["bce", "asl", "focal"])
def test_micro_batches_leave_the_effective_batch_alone(loss: str) -> None:
    whole, parts = run(loss), run(loss, micro_batch=7)
    np.testing.assert_allclose(whole.scores["test_logits"], parts.scores["test_logits"], rtol=1e-2, atol=1e-3)
    assert parts.parts["micro_batch"] == 7


def test_a_loss_that_compares_rows_is_not_split() -> None:
    with pytest.raises(ConfigError, match="compares the rows of a batch"):
        run("supcon", micro_batch=7)


def test_select_best_restores_the_best_point() -> None:
    best = run("bce", evaluations=4, epochs=6)
    rows = best.parts["history"]["evaluations"]
    chosen = next(row for row in rows if row["step"] == best.parts["history"]["selected_step"])
    assert chosen["map"] == max(row["map"] for row in rows)
    assert best.parts["metrics"]["validation"]["map"] == pytest.approx(chosen["map"], abs=1e-9)
    last = run("bce", select="last", epochs=6)
    assert last.parts["history"]["selected_step"] == last.parts["history"]["steps"]


def test_small_fractions_are_trained_to_min_steps() -> None:
    result = run("bce", fraction=0.05, min_steps=40)
    history = result.parts["history"]
    assert history["batch_size"] == result.parts["dataset"]["sizes"]["rows"] == 13
    assert history["steps"] == 40
    assert len(history["epochs"]) == 40


def test_averaged_weights_views_queue_clipping_and_half_precision_train() -> None:
    floor = run("bce").parts["floor_metrics"]["test"]["map"]
    averaged = run("bce", ema=0.9, epochs=8)
    assert averaged.parts["metrics"]["test"]["map"] > floor
    viewed = run("supcon", "digit-scenes", augmentation="crop", views=2, queue=64)
    assert np.isfinite(viewed.scores["test_logits"]).all()
    clipped = run("bce", clip_norm=1e-3)
    assert clipped.parts["history"]["clipped_share"] == 1.0
    assert run("bce", clip_norm=1e6).parts["history"]["clipped_share"] == 0.0
    half = run("bce", precision="bf16", epochs=8)
    assert half.parts["metrics"]["test"]["map"] > floor


def test_validation_can_be_cut_with_the_fraction() -> None:
    full = run("bce", fraction=0.5)
    cut = run("bce", fraction=0.5, validation="fraction")
    sizes = [result.parts["dataset"]["sizes"]["validation"] for result in (full, cut)]
    assert sizes[1] == round(sizes[0] / 2)
    assert len(cut.scores["validation_logits"]) == sizes[1]


def test_validation_is_cut_by_its_share_where_the_fraction_counts_rows() -> None:
    cut = run("bce", fraction=200, validation="fraction")
    sizes = cut.parts["dataset"]["sizes"]
    whole = load("synthetic-features").sizes
    assert sizes["validation"] == round(whole["validation"] * 200 / whole["train"]) < 200


def test_the_reduction_is_the_protocol_s_unless_the_suite_says_otherwise() -> None:
    def first_loss(**given: str) -> float:
        history = run("bce", loss_parameters=given, reduction="batchmean").parts["history"]
        return float(history["epochs"][0]["loss"])

    assert (
        first_loss()
        == first_loss(reduction="batchmean")
        == pytest.approx(8 * first_loss(reduction="mean"), rel=0.05)
    )


def test_the_probe_can_be_left_out_where_there_are_logits() -> None:
    skipped = run("bce", probe="needed")
    assert skipped.parts["probe_metrics"] is None
    assert "test_probe_logits" not in skipped.scores
    assert run("supcon", probe="needed").parts["probe_metrics"] is not None


def test_diagnostics_of_the_loss_are_in_the_history() -> None:
    contrast = run("msc").parts["history"]["epochs"][0]["diagnostics"]
    assert 0 <= contrast["pushed_apart"] <= 1
    assert contrast["gradient_norm/embeddings"] > 0
    joint = run("kmcl", epochs=30, batch_size=400).parts["history"]["epochs"]
    diagnosed = [row["diagnostics"] for row in joint if "diagnostics" in row]
    assert {"component/asl", "component/reconstruction", "component/contrast"} <= set(diagnosed[0])
    assert len(joint) == 30
    assert len(diagnosed) == 15, "at most twenty epochs, evenly spaced"


def test_a_loss_without_a_threshold_has_no_native_decisions() -> None:
    free = run("two_way").parts
    assert free["threshold"]["metrics"] is None
    assert not any("@native" in key for key in free["metrics"]["test"])
    assert "f1_micro@native" in free["probe_metrics"]["test"]


NAN = '''
import torch
from mlbench import Loss, register_loss

@register_loss("turns_nan")
class TurnsNan(Loss):
    """NaN from the second epoch on."""
    needs = {"logits"}
    search_space = {}

    def __init__(self) -> None:
        super().__init__()
        self.factor = 1.0

    def on_epoch_start(self, epoch, epochs):
        self.factor = float("nan") if epoch == 1 else 1.0

    def forward(self, out, targets):
        return out.logits.mean() * self.factor
'''


def test_a_loss_that_is_not_finite_stops_the_cell_with_its_step(tmp_path: Path) -> None:
    (tmp_path / "turns_nan.py").write_text(NAN)
    load_plugins([tmp_path / "turns_nan.py"])
    with pytest.raises(
        NonFiniteError, match=r"NaN or infinite in update 9, on \d+ rows of the training split \(\d+, "
    ):
        run("turns_nan", epochs=100)  # 267 rows in batches of 32: nine updates an epoch, counted from 0


def test_the_deadline_stops_the_cell() -> None:
    with pytest.raises(CellTimeoutError):
        run("bce", epochs=50, deadline=time.monotonic() - 1)


def test_an_encoder_that_reads_something_else() -> None:
    with pytest.raises(ConfigError, match="holds features, but encoder 'bag' reads text"):
        run_cell(make_cell("bce", encoder="bag"), load("synthetic-features"))


def test_a_parameter_of_the_loss_that_makes_no_sense() -> None:
    with pytest.raises(ConfigError, match=r"loss 'supcon': .*temperature"):
        run("supcon", loss_parameters={"temperature": -1.0})


def test_half_precision_that_the_device_lacks() -> None:
    with pytest.raises(ConfigError, match="fp16' needs a CUDA device"):
        run("bce", precision="fp16")


def test_unscored_entries_are_left_out_of_scores_and_metrics() -> None:
    data = load("synthetic-features")
    hidden = np.zeros_like(data.test.targets, dtype=bool)
    hidden[:, 3] = True
    marked = replace(data, test=replace(data.test, unscored=hidden), fingerprint="")
    result = run_cell(make_cell("bce"), marked)
    assert (result.scores["test_targets"][:, 3] == 255).all()
    assert result.parts["metrics"]["test"]["labels_counted"] == 7


@pytest.mark.parametrize("loss", ["bce", "supcon", "kmcl", "mulcon", "reg"])
def test_one_row_and_labels_without_positives_train(loss: str) -> None:
    result = run(loss, fraction=0.005, min_steps=3)
    assert result.parts["dataset"]["sizes"]["rows"] == 1
    assert np.isfinite(result.scores["test_logits"]).all()


def test_a_cell_without_deterministic_kernels_starts_anew_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What torch refuses under strict determinism it only warns of in the second attempt, which gives the record."""
    from mlbench.losses.bce import BinaryCrossEntropy

    plain = run_cell(make_cell(), load("synthetic-features"))
    elements = BinaryCrossEntropy.elements

    def putting(self: BinaryCrossEntropy, logits: Tensor, targets: Tensor) -> Tensor:
        torch.zeros(3).put_(torch.tensor([0, 1]), torch.ones(2), accumulate=False)
        return elements(self, logits, targets)

    monkeypatch.setattr(BinaryCrossEntropy, "elements", putting)
    with pytest.warns(UserWarning, match="deterministic"):
        fallen = run_cell(make_cell(), load("synthetic-features"))
    assert plain.parts["deterministic"]
    assert not fallen.parts["deterministic"]
    assert fallen.parts["metrics"] == plain.parts["metrics"]


def test_what_a_loss_costs_is_without_its_diagnosis(monkeypatch: pytest.MonkeyPatch) -> None:
    from mlbench.training import trainer

    diagnose, spent = trainer.diagnose, 0.0

    def slowly(*batch: Any) -> dict[str, float]:
        nonlocal spent
        end = time.process_time() + 0.3
        while time.process_time() < end:
            pass
        spent += 0.3
        return diagnose(*batch)

    monkeypatch.setattr(trainer, "diagnose", slowly)
    cost = run_cell(make_cell(), load("synthetic-features")).parts["timing"]["cost"]
    assert 0 < cost < spent


def test_an_error_that_is_none_of_determinism_is_raised_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from mlbench.losses.bce import BinaryCrossEntropy

    calls: list[int] = []

    def failing(*_: Any) -> Tensor:
        calls.append(1)
        raise RuntimeError("CUDA error: device-side assert triggered")

    monkeypatch.setattr(BinaryCrossEntropy, "elements", failing)
    with pytest.raises(RuntimeError, match="device-side assert"):
        run_cell(make_cell(), load("synthetic-features"))
    assert len(calls) == 1


def test_the_floor_is_computed_once_for_all_losses(monkeypatch: pytest.MonkeyPatch) -> None:
    from mlbench.training.scoring import measure
    from mlbench.training.scoring.measure import GroundTruth

    computed: list[int] = []
    floor = GroundTruth.floor
    monkeypatch.setattr(measure, "_floors", OrderedDict())
    monkeypatch.setattr(GroundTruth, "floor", lambda self, rows: computed.append(rows) or floor(self, rows))
    dataset = load("synthetic-features")
    cells = [make_cell(loss) for loss in ("bce", "asl")]
    found = [run_cell(cell, dataset).parts["floor_metrics"] for cell in cells]
    assert found[0] == found[1]
    other = run_cell(replace(cells[0], seed=5, fraction=0.5), dataset).parts["floor_metrics"]
    assert len(computed) == 2
    assert other != found[0]


def test_a_protocol_without_bootstrap_keeps_no_replicates_and_the_same_numbers() -> None:
    whole, bare = run(), run(bootstrap=False)
    assert {name for name in whole.scores if name not in bare.scores} == {
        name for name in whole.scores if "bootstrap" in name
    }
    assert any("bootstrap" in name for name in whole.scores)
    assert bare.parts["metrics"] == whole.parts["metrics"]
    assert make_cell(bootstrap=False).id("x") != make_cell().id("x"), "what is kept is another thing"
    assert "bootstrap" not in make_cell().train.identity(), "the key is younger than the ids"
