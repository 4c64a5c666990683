from __future__ import annotations

import warnings

import pytest
import torch
from torch.nn.attention import SDPBackend, _cur_sdpa_kernel_backends

from mlbench.training.determinism import deterministic, lacks_kernel, measuring, numerics

CPU, GPU = torch.device("cpu"), torch.device("cuda:0")


def put_values() -> None:
    torch.zeros(3).put_(torch.tensor([0, 1]), torch.ones(2), accumulate=False)


def test_it_is_told_when_an_operation_was_not_deterministic() -> None:
    with warnings.catch_warnings(record=True) as caught:
        for _ in range(2):  # also when the warning was shown before
            with deterministic(True, CPU, strict=False) as was:
                torch.zeros(3).sum()
                assert was()
                put_values()
            assert not was()
    assert len(caught) == 2
    with deterministic(False, CPU) as was:
        assert not was()


def test_a_strict_training_is_told_by_an_error() -> None:
    with deterministic(True, CPU) as was:
        with pytest.raises(RuntimeError) as raised:
            put_values()
        assert was()
    assert lacks_kernel(raised.value)
    assert not lacks_kernel(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    assert not lacks_kernel(ValueError("put_ does not have a deterministic implementation"))


def test_what_is_measured_warns_in_a_strict_training_too() -> None:
    with warnings.catch_warnings(record=True) as caught, deterministic(True, CPU) as was:
        with measuring():
            put_values()
        assert not was()
        with pytest.raises(RuntimeError, match="deterministic implementation"):
            put_values()
    assert len(caught) == 1
    with measuring():
        put_values()


def test_what_determinism_sets_is_put_back() -> None:
    show = warnings.showwarning
    reduced = torch.backends.cuda.fp16_bf16_reduction_math_sdp_allowed()
    with deterministic(True, GPU):
        assert torch.are_deterministic_algorithms_enabled()
        assert torch.backends.cuda.fp16_bf16_reduction_math_sdp_allowed()
    assert warnings.showwarning is show
    assert not torch.are_deterministic_algorithms_enabled()
    assert torch.backends.cuda.fp16_bf16_reduction_math_sdp_allowed() == reduced


def test_attention_on_a_gpu_is_fused_where_that_is_deterministic() -> None:
    """The fused backward passes are where torch raises for what is not, and are not where it warns."""
    before = set(_cur_sdpa_kernel_backends())
    with deterministic(True, GPU):
        allowed = set(_cur_sdpa_kernel_backends())
        assert SDPBackend.FLASH_ATTENTION in allowed
        assert SDPBackend.EFFICIENT_ATTENTION in allowed
        assert SDPBackend.CUDNN_ATTENTION not in allowed
        assert not torch.is_deterministic_algorithms_warn_only_enabled()
    with deterministic(True, GPU, strict=False):
        assert set(_cur_sdpa_kernel_backends()) == {SDPBackend.MATH}
        assert torch.is_deterministic_algorithms_warn_only_enabled()
    for wanted, device in ((True, CPU), (False, GPU)):
        with deterministic(wanted, device):
            assert set(_cur_sdpa_kernel_backends()) == before


def test_a_record_says_how_a_gpu_multiplies() -> None:
    assert numerics(CPU) == {}
    with deterministic(True, GPU):
        assert numerics(GPU)["attention"] == {
            "kernels": ["flash", "memory-efficient", "plain"],
            "plain_in_half_precision": True,
        }
    with deterministic(True, GPU, strict=False):
        assert numerics(GPU)["attention"]["kernels"] == ["plain"]
    assert set(numerics(GPU)["tf32"]) == {"products", "convolutions"}
