"""timm's own training loop: its loader, prefetcher, loss, optimiser and scaler, put together as its train.py does."""

from __future__ import annotations

import time

import torch
from torch import Tensor

from tests.benchmarks.bare_loops import autocast
from tests.benchmarks.device import sized, synchronise


def collate(pairs: list[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    """uint8 images and targets [B, L]; timm's own collate takes a class number for a target."""
    return torch.stack([image for image, _ in pairs]), torch.stack([target for _, target in pairs])


def timm_rate(
    model: str,
    images: Tensor,
    targets: Tensor,
    *,
    batch_size: int,
    epochs: int,
    rate: float,
    device: torch.device,
    precision: str,
) -> float:
    """The samples that it trains on a second, from uint8 images [N, H, W, 3] in the host's memory; the start of its
    loader's processes, an epoch before the clock starts, does not count."""
    import timm
    from timm.data.loader import PrefetchLoader
    from timm.loss import BinaryCrossEntropy
    from timm.optim import create_optimizer_v2
    from timm.utils import NativeScaler

    pairs = list(zip(images.permute(0, 3, 1, 2), targets.float(), strict=True))
    workers = sized(4, 0)
    loader = PrefetchLoader(
        torch.utils.data.DataLoader(
            pairs,  # type: ignore[arg-type]
            batch_size,
            shuffle=True,
            drop_last=True,
            num_workers=workers,
            persistent_workers=workers > 0,
            collate_fn=collate,
            pin_memory=device.type == "cuda",
        ),
        device=device,
    )
    network = timm.create_model(model, pretrained=False, num_classes=targets.shape[1])
    network = network.to(device, memory_format=torch.channels_last).train()
    optimiser = create_optimizer_v2(network, opt="adamw", lr=rate, weight_decay=0.01)
    value_of = BinaryCrossEntropy()
    scaler = NativeScaler(device=device.type) if precision == "fp16" else None

    def epoch() -> int:
        seen = 0
        for some, aims in loader:
            with autocast(device, precision):
                loss = value_of(network(some.contiguous(memory_format=torch.channels_last)), aims)
            if scaler is not None:
                scaler(loss, optimiser)
            else:
                loss.backward()
                optimiser.step()
            optimiser.zero_grad()
            seen += len(some)
        synchronise()
        return seen

    epoch()
    started = time.perf_counter()
    seen = sum(epoch() for _ in range(epochs))
    return seen / (time.perf_counter() - started)
