"""Properties of what a loss says about itself."""

from __future__ import annotations

import inspect

from mlbench.declarations import REQUIRED
from mlbench.losses.conformance.verdicts import Failure, Subject, value_of
from mlbench.search_space import Choice, Space


def can_be_read_without_running_it(subject: Subject) -> None:
    """Docstring, parameters and class attributes are literals, and the source says what the class has."""
    declaration = subject.declaration
    if declaration.problems:
        raise Failure("; ".join(declaration.problems))
    if not declaration.summary:
        raise Failure("the class has no docstring: give the formula, shapes and source")
    missing = [parameter.name for parameter in declaration.parameters if parameter.default is REQUIRED]
    if missing:
        raise Failure(f"no default for {', '.join(missing)}: a loss must be built by its name alone")
    signature = inspect.signature(subject.cls.__init__).parameters
    actual = {name: p.default for name, p in signature.items() if name != "self" and p.kind != p.VAR_KEYWORD}
    stated = {parameter.name: parameter.default for parameter in declaration.parameters}
    if declaration.parameters and actual != stated:
        raise Failure(f"its __init__ has {actual}, its source says {stated}")
    if not declaration.parameters and set(actual) - {"args"}:
        raise Failure(f"write its __init__ down in its own file: it takes {', '.join(actual)}")
    unknown = set(declaration.attributes.get("before", ())) - set(stated)
    if unknown:
        raise Failure(f"`before` has {', '.join(sorted(unknown))}, which is no parameter")
    if "needs" not in declaration.attributes:
        raise Failure("`needs` is not written in its class: name the fields of Outputs that it reads")
    for name, value in declaration.attributes.items():
        if getattr(subject.cls, name, value) != value:
            raise Failure(f"`{name}` is {getattr(subject.cls, name)!r}, its source says {value!r}")


def search_space_is_of_its_parameters(subject: Subject) -> None:
    """`search_space` is written down, names parameters only, and all its corners give a finite loss."""
    attributes = subject.declaration.attributes
    if "search_space" not in attributes:
        raise Failure("no `search_space`: write {} where there is nothing to tune")
    known = {parameter.name for parameter in subject.declaration.parameters}
    for name, space in attributes["search_space"].items():
        if name not in known:
            raise Failure(f"search_space has {name!r}, which is no parameter")
        for value in corners(space):
            loss, sample = subject.ready(6, 5, {name: value})
            if not value_of(loss, sample).isfinite():
                raise Failure(f"{name}={value!r} gives a loss that is not finite")


def corners(space: Space) -> list[object]:
    """The values of a Choice, the two ends of a range."""
    return list(space.values) if isinstance(space, Choice) else [space.low, space.high]
