"""The losses against the direct form of the same formula, forward and backward, both in turn in one run.

    OMP_NUM_THREADS=1 pytest tests/benchmarks/test_losses.py -s -m slow

prints how many times faster the loss is (for the elementwise ones: how many times torch's BCE it takes). The direct
forms compute what the authors' released code computes, in the same way: the [B, B, L] tensor, the loop over anchors.
Run it alone, on a machine that does nothing else. Torch's log1p for AVX-512 takes several times its time for AVX2 on
some processors, and BCE with it: the elementwise losses are to be measured with ATEN_CPU_CAPABILITY=avx2 as well.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, normalize

from mlbench import GaussianKernels, LabelStats, Loss, Outputs, build_loss
from mlbench.losses.parts.elementwise import ElementwiseLoss
from mlbench.losses.parts.rows import NumberedOutputs, RowLoss
from mlbench.registry import LOSSES
from tests.benchmarks.direct_losses import direct_kmcl, direct_msc, direct_reg

pytestmark = pytest.mark.slow

Direct = Callable[[Outputs, Tensor], Tensor]
CASES: list[tuple[str, dict[str, Any], int, int, Direct, float]] = [
    ("msc", {}, 256, 1000, direct_msc, 50),
    ("msc", {}, 128, 500, direct_msc, 20),
    ("reg", {}, 128, 500, direct_reg, 70),
    ("kmcl", {"case": "isotropic", "jaccard": "inside"}, 128, 80, direct_kmcl, 20),
    (
        "kmcl",
        {"case": "anisotropic", "jaccard": "inside", "bc_scale": "reference"},
        128,
        80,
        direct_kmcl,
        50,
    ),
]
NAMES = [f"{name}-{given.get('case', '')}-{batch}x{labels}" for name, given, batch, labels, *_ in CASES]
ELEMENTWISE = [name for name in LOSSES.names() if issubclass(LOSSES.get(name), ElementwiseLoss)]
COMPARING = ["smooth_ap", "map_surrogate", "pauc", "approx_ndcg"]
"""Those that compare each positive with all scores of its row or column."""
OF_LOGITS = [name for name in LOSSES.names() if set(LOSSES.get(name).needs) == {"logits"}]


def outputs_for(
    loss: Loss,
    batch: int,
    labels: int,
    device: str | torch.device = "cpu",
    dtype: torch.dtype = torch.float32,
) -> tuple[Outputs, Tensor]:
    """About 3 labels a sample, P = 256, M = 2048, D = 128; the same numbers on every device."""
    torch.manual_seed(0)

    def leaf(values: Tensor) -> Tensor:
        return values.to(device, dtype).requires_grad_()

    targets = (torch.rand(batch, labels) < 3 / labels).to(device, dtype)
    fields: dict[str, Any] = {
        "logits": leaf(torch.randn(batch, labels)),
        "embeddings": leaf(normalize(torch.randn(batch, 256), dim=-1)),
        "prototypes": leaf(normalize(torch.randn(labels, 256), dim=-1)),
        "features": leaf(0.05 * torch.randn(batch, 2048)),
    }
    if "kernels" in loss.needs:
        anisotropic = loss.kernel_case == "anisotropic"
        shape = (batch, 128, labels) if anisotropic else (batch, labels)
        mean, variance = leaf(0.1 * torch.randn(shape)), leaf(1 + torch.rand(shape))
        seen = leaf(0.1 * torch.randn(batch, 128)) if anisotropic else None
        fields["kernels"] = GaussianKernels(mean, variance, seen)
    if "label_embeddings" in loss.needs:
        fields["label_embeddings"] = leaf(normalize(torch.randn(batch, labels, 256), dim=-1))
    return Outputs(**{name: fields[name] for name in loss.needs}), targets


def leaves(outputs: Outputs) -> list[Tensor]:
    values = [value for value in vars(outputs).values() if value is not None]
    kernels = [vars(value).values() for value in values if isinstance(value, GaussianKernels)]
    return [value for value in values if isinstance(value, Tensor)] + [
        value for group in kernels for value in group if value is not None
    ]


def step(value: Callable[[], Tensor], inputs: list[Tensor]) -> list[Tensor]:
    """Forward and backward: the gradients."""
    return list(torch.autograd.grad(value(), inputs, materialize_grads=True))


def seconds(run: Callable[[], Any]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def own_seconds(run: Callable[[], Any]) -> float:
    """Of this thread alone: a few milliseconds on a busy machine are mostly other processes' by the clock."""
    started = time.thread_time()
    run()
    return time.thread_time() - started


@pytest.fixture(autouse=True)
def one_thread() -> Any:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_faster_than_the_direct_form(case: tuple[Any, ...], benchmark: BenchmarkFixture) -> None:
    name, given, batch, labels, direct, wanted = case
    loss = build_loss(name, **given)
    outputs, targets = outputs_for(loss, batch, labels)
    inputs = leaves(outputs)

    def ours() -> list[Tensor]:
        return step(lambda: loss(outputs, targets), inputs)

    def theirs() -> list[Tensor]:
        return step(lambda: direct(outputs, targets), inputs)

    value, expected = loss(outputs, targets), direct(outputs, targets)
    torch.testing.assert_close(value, expected, rtol=1e-4, atol=1e-4)
    for one, two in zip(ours(), theirs(), strict=True):
        torch.testing.assert_close(one, two, rtol=1e-3, atol=1e-3 * float(two.abs().max()))
    opponent = []
    for _ in range(3):
        opponent.append(seconds(theirs))
        for _ in range(5):
            ours()
    benchmark.pedantic(ours, rounds=20, warmup_rounds=2)
    report(benchmark, min(opponent), wanted)


def report(benchmark: BenchmarkFixture, opponent: float, wanted: float) -> None:
    times = opponent / benchmark.stats.stats.min
    benchmark.extra_info |= {"opponent, ms": 1e3 * opponent, "times faster": times, "wanted": wanted}
    print(
        f"\n{benchmark.name}: {1e3 * benchmark.stats.stats.min:.1f} ms, "
        f"direct {1e3 * opponent:.0f} ms, {times:.0f} times faster (wanted: {wanted:.0f})"
    )


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_times_of_torchs_bce(name: str, benchmark: BenchmarkFixture) -> None:
    """At 512 × 1000; wanted: at most 5."""
    torch.manual_seed(0)
    logits = torch.randn(512, 1000, requires_grad=True)
    targets = (torch.rand(512, 1000) < 0.003).float()
    loss = build_loss(name)
    loss.prepare(LabelStats(targets.sum(dim=0), 512))
    loss.on_epoch_start(1, 10)
    torchs, ours = [], []
    for _ in range(120):
        torchs.append(
            own_seconds(lambda: step(lambda: binary_cross_entropy_with_logits(logits, targets), [logits]))
        )
        ours.append(own_seconds(lambda: step(lambda: loss(logits, targets), [logits])))
    benchmark.pedantic(lambda: step(lambda: loss(logits, targets), [logits]), rounds=20)
    benchmark.extra_info["times bce"] = min(ours) / min(torchs)
    print(
        f"\n{name}: {1e3 * min(ours):.1f} ms, bce {1e3 * min(torchs):.1f} ms: "
        f"{min(ours) / min(torchs):.1f} times (wanted: at most 5)"
    )


@pytest.mark.parametrize("name", [name for name in OF_LOGITS if name not in ELEMENTWISE])
def test_times_of_torchs_bce_where_entries_are_compared(name: str, benchmark: BenchmarkFixture) -> None:
    """At 256 × 1000 with 2 % positives; wanted: under 100 for those that compare each positive with its row or column,
    at most 10 for the others."""
    torch.manual_seed(0)
    logits = torch.randn(256, 1000, requires_grad=True)
    targets = (torch.rand(256, 1000) < 0.02).float()
    loss = build_loss(name)
    loss.prepare(LabelStats(targets.sum(dim=0), 256))
    loss.on_epoch_start(5, 10)
    out = Outputs(logits=logits)
    if isinstance(loss, RowLoss):
        out = NumberedOutputs(logits=logits, rows=torch.arange(256))
    torchs, ours = [], []
    for _ in range(20):
        torchs.append(
            own_seconds(lambda: step(lambda: binary_cross_entropy_with_logits(logits, targets), [logits]))
        )
        ours.append(own_seconds(lambda: step(lambda: loss(out, targets), [logits])))
    benchmark.pedantic(lambda: step(lambda: loss(out, targets), [logits]), rounds=5)
    times, wanted = min(ours) / min(torchs), 100 if name in COMPARING else 10
    benchmark.extra_info |= {"times bce": times, "wanted": wanted}
    print(
        f"\n{name}: {1e3 * min(ours):.1f} ms, bce {1e3 * min(torchs):.2f} ms: {times:.1f} times "
        f"(wanted: at most {wanted})"
    )
    assert times < 100


MEMORY = """
import re, torch
from pathlib import Path
from tests.benchmarks.test_losses import build_loss, leaves, outputs_for, step
torch.set_num_threads(1)
loss = build_loss("kmcl")
outputs, targets = outputs_for(loss, 128, 80)
step(lambda: loss(outputs, targets), leaves(outputs)) if {warm} else None
print(int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) // 1024)
"""


def test_memory_of_kmcl() -> None:
    """Peak of a process that takes an anisotropic step at B=128, L=80, D=128, over one that does not."""
    idle, busy = (
        int(
            subprocess.run(
                [sys.executable, "-c", MEMORY.format(warm=warm)], capture_output=True, text=True, check=True
            ).stdout
        )
        for warm in (False, True)
    )
    print(f"\nkmcl anisotropic: {busy - idle} MiB more than idle (wanted: under 1024)")
