"""What every loss does around its formula: bad input, precision, compilation, and what it does not touch."""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

import mlbench
from mlbench import GaussianKernels, LabelStats, Loss, Memory, Outputs, build_loss
from mlbench.errors import ConfigError, UnknownNameError
from mlbench.losses.conformance.samples import draw
from mlbench.losses.conformance.subject import in_training
from mlbench.losses.parts.elementwise import ElementwiseLoss
from mlbench.registry import LOSSES
from tests.losses.harness import gradients

NAMES = LOSSES.names()


@settings(max_examples=15, deadline=None)
@given(
    name=st.sampled_from(NAMES),
    batch=st.integers(1, 7),
    labels=st.integers(1, 6),
    seed=st.integers(0, 10**6),
    density=st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0]),
    scale=st.sampled_from([1e-3, 1.0, 30.0]),
)
def test_finite_for_any_targets(
    name: str, batch: int, labels: int, seed: int, density: float, scale: float
) -> None:
    loss = build_loss(name)
    targets = (torch.rand(batch, labels, generator=torch.Generator().manual_seed(seed)) < density).float()
    sample = draw(loss, batch, labels, seed=seed, dtype=torch.float32, logit_scale=scale, targets=targets)
    value = in_training(loss, sample)(sample.outputs, sample.targets)
    assert value.isfinite()
    assert all(gradient.isfinite().all() for gradient in gradients(value, sample).values())


@settings(max_examples=25, deadline=None)
@given(name=st.sampled_from(NAMES), seed=st.integers(0, 10**6), data=st.data())
def test_order_of_the_samples_does_not_matter(name: str, seed: int, data: st.DataObject) -> None:
    batch = data.draw(st.integers(2, 7))
    order = torch.tensor(data.draw(st.permutations(range(batch))))
    loss = build_loss(name)
    sample = draw(loss, batch, 4, seed=seed)
    in_training(loss, sample)
    fields: dict[str, Any] = {}
    for field, value in vars(sample.outputs).items():
        if isinstance(value, GaussianKernels):
            parts = {part: None if tensor is None else tensor[order] for part, tensor in vars(value).items()}
            fields[field] = GaussianKernels(**parts)
        else:
            fields[field] = value if value is None or field == "prototypes" else value[order]
    shuffled = replace(sample.outputs, **fields)
    one, other = loss(sample.outputs, sample.targets), loss(shuffled, sample.targets[order])
    torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(
    name=st.sampled_from([name for name in NAMES if issubclass(LOSSES.get(name), ElementwiseLoss)]),
    x=st.floats(-1e4, 1e4),
    y=st.integers(0, 1),
)
def test_elementwise_losses_are_finite_for_any_logit(name: str, x: float, y: int) -> None:
    loss = build_loss(name)
    loss.prepare(LabelStats(torch.tensor([3]), 10))
    logits = torch.tensor([[x]], dtype=torch.float32, requires_grad=True)
    value = loss(logits, torch.tensor([[y]]))
    (gradient,) = torch.autograd.grad(value, logits)
    assert value.isfinite()
    assert gradient.isfinite()


@pytest.mark.parametrize(
    ("name", "out", "targets", "message"),
    [
        (
            "bce",
            Outputs(logits=torch.zeros(3, 4)),
            torch.zeros(3, 5),
            r"logits must have shape \[3, 5\].*\[3, 4\]",
        ),
        ("bce", Outputs(logits=torch.zeros(3, 4)), torch.zeros(3), r"targets must be \[B, L\]"),
        ("bce", Outputs(logits=torch.zeros(0, 4)), torch.zeros(0, 4), r"both at least 1, got \[0, 4\]"),
        ("bce", Outputs(), torch.zeros(3, 4), "BinaryCrossEntropy needs logits"),
        ("supcon", Outputs(logits=torch.zeros(3, 4)), torch.zeros(3, 4), "SupCon needs embeddings"),
        (
            "supcon",
            Outputs(embeddings=torch.zeros(2, 4)),
            torch.zeros(3, 4),
            r"embeddings must have shape \[3, any\]",
        ),
        (
            "msc",
            Outputs(embeddings=torch.zeros(3, 4), prototypes=torch.zeros(5, 6)),
            torch.zeros(3, 5),
            r"prototypes must have shape \[5, 4\]",
        ),
        (
            "supcon",
            Outputs(embeddings=torch.zeros(3, 4), memory=Memory(torch.zeros(2, 4), torch.zeros(2, 7))),
            torch.zeros(3, 5),
            r"memory.targets must have shape \[2, 5\]",
        ),
        (
            "supcon",
            Outputs(embeddings=torch.zeros(3, 4), memory=Memory(torch.zeros(2, 4), torch.full((2, 5), 7.0))),
            torch.zeros(3, 5),
            "targets of the memory of SupCon must be 0 or 1",
        ),
        (
            "kmcl",
            Outputs(
                logits=torch.zeros(3, 5),
                features=torch.zeros(3, 8),
                kernels=GaussianKernels(torch.zeros(3, 4, 5), torch.ones(3, 4, 6), torch.zeros(3, 4)),
            ),
            torch.zeros(3, 5),
            r"kernels.variance must have shape \[3, 4, 5\]",
        ),
    ],
)
def test_shapes_that_do_not_match_are_named(name: str, out: Outputs, targets: Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build_loss(name)(out, targets)


def test_what_is_no_outputs_is_refused() -> None:
    with pytest.raises(TypeError, match="SupCon needs embeddings: give it Outputs"):
        build_loss("supcon")(torch.zeros(3, 4), torch.zeros(3, 4))
    with pytest.raises(TypeError, match="takes Outputs, got dict"):
        build_loss("bce")({"logits": torch.zeros(3, 4)}, torch.zeros(3, 4))  # type: ignore[arg-type]
    out = Outputs(embeddings=torch.zeros(3, 4), memory=(torch.zeros(2, 4), torch.zeros(2, 5)))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="memory must be Memory"):
        build_loss("supcon")(out, torch.zeros(3, 5))


def test_unknown_names_and_parameters_are_named() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'focal'"):
        build_loss("fokal")
    with pytest.raises(ConfigError, match="has no parameter 'gama'; did you mean 'gamma'"):
        build_loss("focal", gama=2.0)
    with pytest.raises(ConfigError, match="positives"):
        build_loss("supcon", positives="some")


def test_a_loss_that_needs_what_no_model_gives_is_refused_where_it_is_written() -> None:
    with pytest.raises(TypeError, match="needs 'logit', which no model gives; did you mean 'logits'"):
        type("Typo", (Loss,), {"needs": {"logit"}})


@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.int64, torch.float16, torch.float64])
def test_targets_of_any_type_are_taken(dtype: torch.dtype) -> None:
    x, y = torch.randn(4, 3), torch.rand(4, 3) < 0.5
    for name in ("bce", "asl", "zlpr"):
        loss = build_loss(name)
        torch.testing.assert_close(loss(x, y.to(dtype)), loss(x, y.float()))
        assert loss(x, y.to(dtype)).dtype == torch.float32


@pytest.mark.parametrize("bad", [2, 255])
def test_whole_numbers_out_of_range_are_refused(bad: int) -> None:
    y = torch.zeros(2, 3, dtype=torch.uint8)
    y[1, 2] = bad
    for name in ("bce", "focal"):
        with pytest.raises(ValueError, match=f"got {bad} at row 1, label 2"):
            build_loss(name)(torch.zeros(2, 3), y)


def test_fields_that_a_loss_does_not_name_are_not_looked_at() -> None:
    out = Outputs(logits=torch.zeros(2, 3), embeddings=torch.full((9, 9), float("nan")))
    assert build_loss("bce")(out, torch.zeros(2, 3)).isfinite()


@pytest.mark.slow
def test_all_losses_compile_in_one_process() -> None:
    torch.compiler.reset()
    for name in NAMES:
        if LOSSES.get(name).gathers:
            continue
        loss = build_loss(name)
        sample = draw(loss, 5, 4)
        in_training(loss, sample)
        compiled = torch.compile(loss, fullgraph=True, backend="eager")
        torch.testing.assert_close(
            compiled(sample.outputs, sample.targets), loss(sample.outputs, sample.targets)
        )
    torch.compiler.reset()


def test_counts_are_kept_where_logarithms_exist() -> None:
    counts, total = LabelStats(torch.tensor([0, 5, 10], dtype=torch.uint8), 10).clamped()
    assert (counts.tolist(), total.tolist()) == ([1.0, 5.0, 9.0], [10.0] * 3)
    counts, total = LabelStats(torch.tensor([0, 1]), 1).clamped()
    assert (counts.tolist(), total.tolist()) == ([1.0, 1.0], [2.0] * 2)
    with pytest.raises(ValueError, match=r"counts must be \[L\]"):
        LabelStats(torch.zeros(2, 2), 3)
    with pytest.raises(ValueError, match="num_samples"):
        LabelStats(torch.zeros(2), 0)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.bool, torch.int32, torch.float16, torch.bfloat16])
def test_the_number_of_rows_need_not_fit_the_dtype_of_the_counts(dtype: torch.dtype) -> None:
    stats = LabelStats(torch.tensor([0, 1]).to(dtype), 100_001)
    assert stats.totals.tolist() == [100_001.0] * 2
    assert stats.clamped()[1].tolist() == [100_001.0] * 2
    assert stats.log_odds().tolist() == pytest.approx([math.log(0.5 / 100_001.5), math.log(1.5 / 100_000.5)])


def test_outputs_are_frozen() -> None:
    with pytest.raises(AttributeError):
        Outputs().logits = torch.zeros(1)  # type: ignore[misc]


def test_listing_and_describing_losses_does_not_load_torch() -> None:
    code = (
        "import sys, mlbench, mlbench.losses; from mlbench.registry import LOSSES\n"
        "assert all(LOSSES.describe(name).summary for name in LOSSES.names())\n"
        "from mlbench.scaffolds import writing\n"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_public_names_are_these() -> None:
    assert mlbench.Loss is mlbench.losses.Loss is Loss
    assert mlbench.register_loss == LOSSES.register
    for name in ("GaussianKernels", "LabelStats", "Memory", "Outputs"):
        assert getattr(mlbench, name) is getattr(mlbench.losses, name)
    with pytest.raises(AttributeError):
        mlbench.losses.nothing  # noqa: B018
