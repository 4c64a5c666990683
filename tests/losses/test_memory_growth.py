"""Peak memory of the contrastive losses, forward and backward, at two sizes."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize
from torch.profiler import ProfilerActivity, profile

from mlbench import GaussianKernels, Loss, Outputs, build_loss
from mlbench.losses.conformance.samples import draw
from mlbench.losses.parts.bhattacharyya import CHUNK
from mlbench.losses.parts.positives import BLOCK
from mlbench.registry import LOSSES

ON_EMBEDDINGS = [
    name for name in LOSSES.names() if "embeddings" in LOSSES.get(name).needs and not LOSSES.get(name).gathers
]


def peak_bytes(loss: Loss, outputs: Outputs, targets: Tensor) -> int:
    """The most that was allocated at a time, over what was there before."""
    loss(outputs, targets).backward()
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        loss(outputs, targets).backward()
    assert seen.profiler is not None
    events = [event for event in seen.profiler.kineto_results.events() if event.name() == "[memory]"]
    live = peak = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        live += event.nbytes()
        peak = max(peak, live)
    return peak


def sparse_targets(batch: int, labels: int) -> Tensor:
    return (torch.rand(batch, labels, generator=torch.Generator().manual_seed(0)) < 3 / labels).float()


@pytest.mark.parametrize("name", ON_EMBEDDINGS)
def test_grows_as_the_matrices_of_the_batch(name: str) -> None:
    """Twice B and L is four times B·(B + L) or (B + L)², and eight times B·B·L."""
    loss, peaks = build_loss(name), []
    for batch, labels in ((64, 400), (128, 800)):
        targets = sparse_targets(batch, labels)
        sample = draw(loss, batch, labels, dtype=torch.float32, targets=targets)
        peaks.append(peak_bytes(loss, sample.outputs, sample.targets))
        size = (batch + labels) ** 2 if name == "reg" else batch * (batch + labels)
        assert peaks[-1] < 4 * 20 * size
    assert peaks[1] < 4.6 * peaks[0]


@pytest.mark.parametrize("name", ["smooth_ap", "map_surrogate", "pauc", "approx_ndcg"])
def test_each_positive_is_compared_with_its_line_in_blocks(name: str) -> None:
    """Of half the entries at once, one tensor alone would take 13 million floats."""
    targets = (torch.rand(256, 400, generator=torch.Generator().manual_seed(0)) < 0.5).float()
    loss = build_loss(name)
    sample = draw(loss, 256, 400, dtype=torch.float32, targets=targets)
    loss.prepare(sample.stats)
    assert peak_bytes(loss, sample.outputs, sample.targets) < 4 * (20 * targets.numel() + 12 * BLOCK["cpu"])


def test_a_tensor_of_the_batch_twice_and_the_labels_would_be_seen() -> None:
    peaks = []
    for batch, labels in ((64, 400), (128, 800)):
        z = torch.randn(batch, labels, requires_grad=True)

        class Wasteful(Loss):
            needs = {"embeddings"}

            def forward(self, out: Outputs, targets: Tensor) -> Tensor:
                return (out.embeddings[:, None] * out.embeddings[None]).mean()

        peaks.append(peak_bytes(Wasteful(), Outputs(embeddings=z), torch.ones(batch, labels)))
    assert peaks[1] > 7 * peaks[0]


def test_mulcon_grows_with_the_pairs_present() -> None:
    loss = build_loss("mulcon")
    for batch, labels in ((64, 40), (64, 400), (128, 40)):
        targets = sparse_targets(batch, labels)
        present = int(targets.sum())
        sample = draw(loss, batch, labels, dtype=torch.float32, targets=targets)
        given = sum(leaf.numel() for leaf in sample.leaves.values())
        peak = peak_bytes(loss, sample.outputs, sample.targets)
        assert peak < 4 * (16 * present * (batch + present) + 4 * given)


def test_kmcl_grows_with_the_pairs_present_and_a_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CHUNK, "cpu", 2**12)
    width, labels, loss = 64, 4, build_loss("kmcl")
    for batch in (64, 128):
        targets = sparse_targets(batch, labels)
        present = int(targets.sum())
        shape = (batch, width, labels)
        outputs = Outputs(
            logits=torch.randn(batch, labels, requires_grad=True),
            features=torch.randn(batch, 8),
            kernels=GaussianKernels(
                torch.randn(shape, requires_grad=True),
                (1 + torch.rand(shape)).requires_grad_(),
                normalize(torch.randn(batch, width), dim=-1),
            ),
        )
        peak = peak_bytes(loss, outputs, targets)
        pairwise = present * batch * width
        assert peak < 4 * (16 * present * (batch + present) + 16 * batch * width * labels + 8 * 2**12)
        assert peak < 4 * pairwise
