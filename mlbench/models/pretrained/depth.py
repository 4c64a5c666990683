"""How deep in a network each parameter lies."""

from __future__ import annotations

from torch import nn


def by_depth(network: nn.Module) -> list[list[nn.Parameter]]:
    """The parameters of a network with a stack of like blocks: those before the stack (embeddings), those of
    each block, those after it (a last norm, a pooler).

    The stack is the list of modules that holds the most parameters; without one all parameters are one layer.
    """
    stacks = [part for part in network.modules() if isinstance(part, nn.ModuleList | nn.Sequential)]
    stacks = [stack for stack in stacks if len(stack) > 1]
    if not stacks:
        return [list(network.parameters())]
    stack = max(stacks, key=lambda part: sum(p.numel() for p in part.parameters()))
    blocks = [list(block.parameters()) for block in stack]
    inside = {id(parameter) for block in blocks for parameter in block}
    before: list[nn.Parameter] = []
    after: list[nn.Parameter] = []
    seen = False
    for parameter in network.parameters():
        if id(parameter) in inside:
            seen = True
        else:
            (after if seen else before).append(parameter)
    return [layer for layer in (before, *blocks, after) if layer]
