"""Metrics of tensors on any device: nothing is made elsewhere, and nothing leaves before the last number."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from mlbench.metrics import Scored, bootstrap, evaluate, mean_average_precision, sorting
from tests.metrics.cases import make_case


class Watch(TorchDispatchMode):
    """Counts the calls that wait for the device, and those that a deterministic GPU refuses."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: Counter[str] = Counter()
        self.refused: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.overloadpacket.__name__
        if name in ("_local_scalar_dense", "nonzero", "is_nonzero", "unique", "bincount", "masked_select"):
            self.waits[name] += 1
        if name == "cumsum" and args[0].is_floating_point():
            self.refused.append(name)
        return func(*args, **(kwargs or {}))


def everything(device: str = "cpu", samples: int = 60, labels: int = 12) -> dict[str, Any]:
    splits = []
    for seed in (0, 1):
        case = make_case(samples, labels, seed=seed, levels=20, unscored=0.1)
        tensors = (torch.from_numpy(part).to(device) for part in (case.scores, case.targets))
        splits.append(Scored(*tensors))
    counts = splits[0].label_positives
    found: dict[str, Any] = dict(
        evaluate(*splits, threshold=0.5, train_counts=counts, seen_counts=counts, train_size=900)
    )
    found["bootstrap"] = bootstrap(*splits, threshold=0.5, replicates=8)
    found["map"] = mean_average_precision(splits[0].logits[None], splits[0].targets).tolist()
    return found


def test_no_tensor_is_made_on_a_default_device() -> None:
    with torch.device("meta"):  # whatever is made without a device now has no numbers, and fails to mix
        found = everything()
    expected = everything()
    assert {split: found[split] for split in ("validation", "test")} == {
        split: expected[split] for split in ("validation", "test")
    }


def test_waits_for_the_device_are_few_whatever_the_size() -> None:
    with Watch() as small:
        everything()
    with Watch() as large:
        everything(samples=300, labels=40)
    assert small.waits == large.waits
    assert sum(small.waits.values()) < 40
    assert not small.refused


def test_rows_are_sorted_on_a_device_as_on_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sorting, "DEVICE_CHUNK", 50)
    rows = torch.from_numpy(make_case(23, 17, seed=0, levels=9).scores)
    expected = np.sort(rows.numpy(), axis=1)
    np.testing.assert_array_equal(sorting._sort_rows_on_device(rows.clone()), expected)
    np.testing.assert_array_equal(sorting._sort_rows(rows.clone()), expected)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_finds_the_same_numbers() -> None:
    expected, found = everything(), everything("cuda")
    for split in ("validation", "test"):
        assert found[split] == pytest.approx(expected[split], rel=1e-12)
    for key, values in expected["bootstrap"].items():
        np.testing.assert_allclose(found["bootstrap"][key], values, rtol=1e-5)
