"""The class that every loss derives from: what a loss declares, and what happens around its `forward`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from types import FunctionType
from typing import Any, ClassVar, cast

import torch
from torch import Tensor, nn

from mlbench.errors import did_you_mean
from mlbench.losses.parts.checks import check_scalar, check_shapes, check_targets, readable
from mlbench.losses.parts.outputs import (
    FIELDS,
    GaussianKernels,
    LabelStats,
    Memory,
    Outputs,
    map_field,
    tensors_of,
)
from mlbench.registry import LOSSES
from mlbench.search_space import Space

__all__ = ["GaussianKernels", "LabelStats", "Loss", "Memory", "Outputs", "register_loss"]

register_loss = LOSSES.register

Identities = tuple[tuple[Mapping[str, Any], str, Mapping[str, Any]], ...]


class Loss(nn.Module):
    """A multi-label loss: a function of `Outputs` and targets [B, L] in {0, 1} to a scalar.

    A subclass names the fields that it reads in `needs` and computes the scalar in `forward`. Around that,
    a call checks shapes (and, for eager calls on the CPU, the targets' values), raises half precision to
    float32 also under autocast, and gives `forward` the targets as floats.

    Rows and columns of targets that are all 0 or all 1 are legal: value and gradients stay finite, and a
    batch without any anchor gives a zero that is still connected to the graph.
    """

    needs: ClassVar[AbstractSet[str]]
    """The fields of Outputs that must be there. Without "logits" the loss trains the representation only."""
    accepts: ClassVar[AbstractSet[str]] = frozenset()
    """The fields that it can use but does without: "memory", "known". Without "known" it gets what is unknown as a
    negative."""
    search_space: ClassVar[Mapping[str, Space]]
    """The ranges of its hyperparameters, by parameter; written down as {} where there is nothing to tune. "train.queue"
    and "train.views" are keys of the protocol, which a loss that uses them may name."""
    without_effect: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    """Parameters that do nothing under values of others, as a temperature whose weight is 0: then not tuned."""
    version: ClassVar[int] = 1
    """Raised by hand when a change alters results."""
    before: ClassVar[Mapping[str, Any]] = {}
    """The value of each parameter that was added later under which the loss is what it was before: there it is no part
    of a cell's id."""
    same_results: ClassVar[Mapping[str, str]] = {}
    """The hash of its code before each change that moves no result, with what changed: records that it made are not
    stale."""
    per_sample: ClassVar[bool] = False
    """Under reduction "batchmean" the loss of a batch is the mean of the losses of its rows."""
    soft_targets: ClassVar[bool] = False
    """Targets may be any number between 0 and 1: the formula is linear in each of them."""
    gathers: ClassVar[bool] = False
    """The work follows the positive pairs present: one host synchronisation a call."""
    stateful: ClassVar[bool] = False
    """Buffers move in training mode, once a call: its batch is not split, and who looks at it leaves them alone."""
    weighs_unknown: ClassVar[bool] = False
    """It accepts "known" and gives the unknown entries a weight of their own, where others leave them out."""
    exact_gradient: ClassVar[Mapping[str, Any]] = {}
    """The parameters under which the gradient is the derivative of the value."""
    identities: ClassVar[Identities] = ()
    """(own parameters, other loss, its parameters): equal in value, in gradient under `exact_gradient`."""

    threshold: float | None = 0.0
    """The loss's own decision threshold on the logit; None where its scores have no fixed origin."""
    checks: bool = True
    """Whether every call checks shapes and (eager, on the CPU) targets. A trainer that has checked its data once
    turns it off."""
    kernel_case: str = "isotropic"
    """The kind of Gaussian kernel a loss that needs "kernels" wants: "isotropic" or "anisotropic"."""

    def __init__(self) -> None:
        super().__init__()
        self.components: dict[str, Tensor] = {}
        """The terms of the last call, detached scalars, where a loss has several."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "__call__" not in vars(cls):
            cls.__call__ = _own_code(Loss.__call__)  # type: ignore[method-assign]
        for field in {*getattr(cls, "needs", ()), *cls.accepts} - set(FIELDS):
            raise TypeError(
                f"{cls.__name__} needs {field!r}, which no model gives{did_you_mean(field, FIELDS)}"
            )

    def forward(self, out: Outputs, targets: Tensor) -> Tensor:
        """The loss, a scalar; `targets` [B, L] are floats of the dtype of `out`."""
        raise NotImplementedError(f"{type(self).__name__} has no forward")

    def prepare(self, stats: LabelStats) -> None:
        """Called once before training with the label counts of the training rows."""

    def on_epoch_start(self, epoch: int, epochs: int) -> None:
        """Called at the start of each epoch, counted from 0."""

    def __call__(self, out: Outputs | Tensor, targets: Tensor) -> Tensor:
        """The loss of one batch, a scalar; a loss that needs logits only also takes them alone.

        Raises ValueError for a missing field, shapes that do not match, (eager, on the CPU) targets out of
        range or a value that is no scalar, and TypeError for something that is no Outputs.
        """
        fields, targets = self.inputs(out, targets)
        device = targets.device.type
        if torch.amp.is_autocast_available(device) and torch.is_autocast_enabled(device):
            with torch.autocast(device, enabled=False):
                value = super().__call__(fields, targets)
        else:
            value = super().__call__(fields, targets)
        if self.checks:
            check_scalar(value, type(self).__name__)
        return cast(Tensor, value)

    def inputs(self, out: Outputs | Tensor, targets: Tensor) -> tuple[Outputs, Tensor]:
        """What `forward` is given: checked, the declared fields alone, in float32 at least."""
        fields = self._read(out)
        if self.checks:
            self._check(fields, targets)
        present = {name: value for name in FIELDS if (value := getattr(fields, name)) is not None}
        dtype = _working_dtype(present.values())
        raised = {name: map_field(value, lambda t: t.to(dtype)) for name, value in present.items()}
        return Outputs(**raised), targets.to(dtype)

    def _check(self, fields: Outputs, targets: Tensor) -> None:
        owner = type(self).__name__
        check_shapes(fields, targets, owner)
        if readable(targets):
            check_targets(targets, owner, self.soft_targets)
            if fields.memory is not None:
                check_targets(fields.memory.targets, f"the memory of {owner}", self.soft_targets)

    def _read(self, out: Outputs | Tensor) -> Outputs:
        """The declared fields of `out` alone, so that no loss can read what it does not name."""
        name = type(self).__name__
        if isinstance(out, Tensor):
            if set(self.needs) != {"logits"}:
                raise TypeError(
                    f"{name} needs {', '.join(sorted(self.needs))}: give it Outputs, not a tensor"
                )
            return Outputs(logits=out)
        if not isinstance(out, Outputs):
            raise TypeError(f"{name} takes Outputs, got {type(out).__name__}")
        for field in FIELDS:
            if field in self.needs and getattr(out, field) is None:
                raise ValueError(f"{name} needs {field}, which these Outputs do not have")
        wanted = {*self.needs, *self.accepts}
        return Outputs(**{field: getattr(out, field) for field in FIELDS if field in wanted})


def _own_code(function: Callable[..., Any]) -> FunctionType:
    """A copy of `function` with a code object of its own.

    torch.compile counts recompilations by code object and gives up after eight: with one for all classes,
    the ninth loss of a process would not compile.
    """
    source = cast(FunctionType, function)
    code = source.__code__.replace()
    return FunctionType(code, source.__globals__, source.__name__, source.__defaults__, source.__closure__)


def _working_dtype(fields: Iterable[Any]) -> torch.dtype:
    """The widest floating type among the tensors of these fields, at least float32."""
    dtype = torch.float32
    for field in fields:
        for tensor in tensors_of(field):
            if tensor.dtype.is_floating_point:
                dtype = torch.promote_types(dtype, tensor.dtype)
    return dtype
