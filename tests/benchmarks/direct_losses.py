"""The direct forms of `msc`, `reg` and `kmcl`: the formulas computed the way that the released codes compute them."""

from __future__ import annotations

import torch
from torch import Tensor

from mlbench import Outputs


def direct_msc(out: Outputs, y: Tensor, temperature: float = 0.1, beta: float = 0.1) -> Tensor:
    """m_ijc and its quotients as tensors [B, B, L]."""
    z, batch = out.embeddings, len(y)
    either = y[:, None] + y[None]
    either[either == 2] = 1
    m = torch.einsum("ac,bc->abc", y, y) * (1 / either.sum(dim=2)[:, :, None].clamp(min=1))
    own = y.sum(dim=1, keepdim=True)
    n = m.sum(dim=1) + (1 - 1 / own.clamp(min=1)) * y
    to_samples = (m / n.clamp(min=1e-8)[:, None]).sum(dim=2)
    weights = torch.cat([to_samples, y / n.clamp(min=1e-8)], dim=1)
    others = torch.ones_like(weights)
    others.fill_diagonal_(0)
    scores = torch.cat([z @ z.T, z @ out.prototypes.T], dim=1) / temperature
    scores = scores - scores.max(dim=1, keepdim=True)[0].detach()
    shares = others.clone()
    shares[:, :batch] *= beta
    log_share = scores - torch.log((scores.exp() * shares).sum(dim=1, keepdim=True))
    per_anchor = -(log_share * weights * others).sum(dim=1, keepdim=True) / own.clamp(min=1)
    return (per_anchor * (own > 0)).sum() / (own > 0).sum()


def direct_reg(out: Outputs, y: Tensor, temperature: float = 0.1, alpha: float = 0.0) -> Tensor:
    """f times the shared labels as tensors [B+L, B+L, L]."""
    nodes = torch.cat([out.embeddings, out.prototypes])
    labels = torch.cat([y, torch.eye(y.shape[1], device=y.device)])
    others = 1 - torch.eye(len(nodes), device=y.device)
    share = (labels @ labels.T) / labels.sum(dim=1).clamp(min=1)[None]
    f = share**alpha * others
    both = torch.einsum("ac,bc->abc", labels, labels)
    norm = (f[:, :, None] * both).sum(dim=1)
    w = ((f[:, :, None] * both) / norm.clamp(min=1e-8)[:, None]).sum(dim=2)
    w = w / labels.sum(dim=1, keepdim=True).clamp(min=1)
    scores = nodes @ nodes.T / temperature
    shifted = scores - scores.max(dim=1, keepdim=True)[0].detach()
    total = (shifted.exp() * others).sum(dim=1, keepdim=True)
    log_sigma, sigma = shifted - total.log(), (shifted.exp() / total).detach()
    excess = torch.max(sigma - w, torch.zeros_like(w)) * (w != 0)
    return -(log_sigma * w + excess * scores).sum() / (w.sum(dim=1) != 0).sum()


def direct_kmcl(out: Outputs, y: Tensor, temperature: float = 0.17) -> Tensor:
    """Gaussians over [B, M, L], coefficients between all pairs for all labels, and a loop over anchors."""
    mean, deviation = out.kernels.mean, out.kernels.variance.sqrt()
    return (
        _asl(out.logits, y)
        + _reconstruction(out, y, deviation)
        + _contrast(out, y, mean, deviation, temperature)
    )


def _asl(logits: Tensor, y: Tensor) -> Tensor:
    p = torch.sigmoid(logits)
    q = (1 - p + 0.05).clamp(max=1)
    loss = y * torch.log(p.clamp(min=1e-7)) + (1 - y) * torch.log(q.clamp(min=1e-7))
    weight = torch.pow(1 - (p * y + q * (1 - y)), 4 * (1 - y)).detach()
    return -(loss * weight).sum()


def _reconstruction(out: Outputs, y: Tensor, deviation: Tensor) -> Tensor:
    p = torch.sigmoid(out.logits)
    if deviation.ndim == 2:
        distance = (out.features[:, :, None] - out.kernels.mean[:, None]) ** 2 / deviation[:, None] ** 2
    else:
        assert out.kernels.features is not None
        distance = (out.kernels.features[:, :, None] - out.kernels.mean) ** 2 / deviation**2
    gaussian = torch.exp(-0.5 * distance.sum(dim=1)).clamp(min=1.17549e-38)
    share = (y * p * gaussian).sum(dim=1) / (p * gaussian).sum(dim=1)
    return -torch.log(share.clamp(min=1e-7)).mean()


def _contrast(out: Outputs, y: Tensor, mean: Tensor, deviation: Tensor, temperature: float) -> Tensor:
    batch = len(y)
    width = out.features.shape[1] if mean.ndim == 2 else mean.shape[1]
    product = 1 / (2 * deviation[None] * deviation[:, None])
    total = deviation[None] ** 2 + deviation[:, None] ** 2
    apart = (mean[None] - mean[:, None]) ** 2
    distance = width * 0.5 * torch.log(total * product) + width * 0.25 * apart / total
    distance = distance.sum(dim=2) if mean.ndim == 3 else distance
    exponential = torch.exp(torch.exp(-distance) / temperature)
    diagonal = torch.arange(batch, device=y.device)
    shared = y[:, None] * y[None]
    shared[diagonal, diagonal] = 0
    denominator = exponential.clone()
    denominator[diagonal, diagonal] = 0
    denominator = denominator.sum(dim=1)
    numerator = exponential * shared
    terms = []
    for n in range(batch):
        neighbours = torch.where(shared[n].sum(dim=1) != 0)[0]
        if len(neighbours) == 0:
            continue
        overlap = (y @ y[n]) / (y + y[n].repeat(batch, 1)).clamp(max=1).sum(dim=1).clamp(min=1)
        r = numerator[n][neighbours] / denominator[n] * overlap[neighbours, None]
        logs = torch.where(r > 0, torch.log(r + 1e-7), torch.zeros_like(r))
        terms.append(-logs.sum() / len(neighbours))
    return torch.stack(terms).sum() / batch
