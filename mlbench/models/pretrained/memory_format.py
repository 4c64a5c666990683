"""How a network's images lie in memory: the channels last where that helps, which its architecture decides."""

from __future__ import annotations

from torch import nn

SHARE = 0.25
"""Convolutions among a network's layers with weights from which on it counts as convolutional."""


def is_convolutional(network: nn.Module) -> bool:
    """Whether `network` does its work by convolutions, so that channels last make it faster.

    It goes by the number of layers, not of weights: in a ConvNeXt most weights are in linear layers, which take
    the channels last between its convolutions too. Transformers and mixers cut images into patches by one
    convolution and gain nothing.
    """
    convolutions = sum(isinstance(module, nn.Conv2d) for module in network.modules())
    linear = sum(isinstance(module, nn.Linear) for module in network.modules())
    return convolutions > 0 and convolutions >= SHARE * (convolutions + linear)
