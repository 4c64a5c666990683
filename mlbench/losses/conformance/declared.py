"""Properties of what a loss says about itself."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from mlbench.code.declarations import REQUIRED
from mlbench.losses.conformance.subject import LossUnderTest, value_of
from mlbench.properties import PropertyFailure
from mlbench.search_space import Choice, Space
from mlbench.suite.tuning.spaces import PREFIX, faults


def can_be_read_without_running_it(subject: LossUnderTest) -> None:
    """Docstring, parameters and class attributes are literals, and the source says what the class has."""
    declaration = subject.declaration
    if declaration.problems:
        raise PropertyFailure("; ".join(declaration.problems))
    if not declaration.summary:
        raise PropertyFailure("the class has no docstring: give the formula, shapes and source")
    missing = [parameter.name for parameter in declaration.parameters if parameter.default is REQUIRED]
    if missing:
        raise PropertyFailure(f"no default for {', '.join(missing)}: a loss must be built by its name alone")
    signature = inspect.signature(subject.cls.__init__).parameters
    actual = {name: p.default for name, p in signature.items() if name != "self" and p.kind != p.VAR_KEYWORD}
    stated = {parameter.name: parameter.default for parameter in declaration.parameters}
    if declaration.parameters and actual != stated:
        raise PropertyFailure(f"its __init__ has {actual}, its source says {stated}")
    if not declaration.parameters and set(actual) - {"args"}:
        raise PropertyFailure(f"write its __init__ down in its own file: it takes {', '.join(actual)}")
    unknown = set(declaration.attributes.get("before", ())) - set(stated)
    if unknown:
        raise PropertyFailure(f"`before` has {', '.join(sorted(unknown))}, which is no parameter")
    if "needs" not in declaration.attributes:
        raise PropertyFailure("`needs` is not written in its class: name the fields of Outputs that it reads")
    for name, value in declaration.attributes.items():
        if getattr(subject.cls, name, value) != value:
            raise PropertyFailure(f"`{name}` is {getattr(subject.cls, name)!r}, its source says {value!r}")


def search_space_is_of_its_parameters(subject: LossUnderTest) -> None:
    """`search_space` is written down, names parameters and keys of the protocol that the loss can use, and all its
    corners give a finite loss."""
    attributes = subject.declaration.attributes
    if "search_space" not in attributes:
        raise PropertyFailure("no `search_space`: write {} where there is nothing to tune")
    for fault in faults(subject.declaration):
        raise PropertyFailure(fault)
    for name, space in attributes["search_space"].items():
        for value in () if name.startswith(PREFIX) else corners(space):
            loss, sample = subject.ready(6, 5, {name: value})
            if not value_of(loss, sample).isfinite():
                raise PropertyFailure(f"{name}={value!r} gives a loss that is not finite")


def without_effect_as_declared(subject: LossUnderTest) -> None:
    """A parameter that `without_effect` names changes neither value nor gradient under what it names."""
    space = subject.declaration.attributes["search_space"]
    for name, under in subject.declaration.attributes["without_effect"].items():
        if name in space and differs(subject, name, corners(space[name]), under):
            raise PropertyFailure(f"{name} has an effect under {dict(under)}")


def differs(subject: LossUnderTest, name: str, values: Sequence[object], under: Mapping[str, object]) -> bool:
    """Whether the loss or its gradient, early or late in training, is another under some of the values of a parameter,
    the others as `under`."""
    found = [_numbers(subject, {**under, name: value}) for value in values]
    return any(len(one) != len(found[0]) or not all(map(torch.allclose, one, found[0])) for one in found[1:])


def _numbers(subject: LossUnderTest, parameters: Mapping[str, object]) -> list[Tensor]:
    loss, sample = subject.ready(8, 5, parameters)
    leaves, found = list(sample.leaves.values()), []
    for epoch in (1, 9):
        loss.on_epoch_start(epoch, 10)
        scalar = value_of(loss, sample)
        slopes = torch.autograd.grad(scalar, leaves, allow_unused=True)
        found += [scalar.detach(), *(slope for slope in slopes if slope is not None)]
    return found


def corners(space: Space) -> list[object]:
    """The values of a Choice, the two ends of a range."""
    return list(space.values) if isinstance(space, Choice) else [space.low, space.high]
