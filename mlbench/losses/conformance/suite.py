"""All properties in turn, each with a verdict."""

from __future__ import annotations

from pathlib import Path

from mlbench.losses.base import Loss
from mlbench.losses.conformance import declared, devices, gradients, state, symmetry, unknown, values
from mlbench.losses.conformance.subject import LossUnderTest
from mlbench.properties import Property, PropertyVerdict, judge
from mlbench.registry import LOSSES


def _gathers(subject: LossUnderTest) -> str:
    return "the loss gathers: one host synchronisation a call is its right" if subject.cls.gathers else ""


def _not_per_sample(subject: LossUnderTest) -> str:
    return "" if subject.cls.per_sample else "not declared"


def _has_no_state(subject: LossUnderTest) -> str:
    return "" if subject.cls.stateful else "not declared"


def _ignores_nothing(subject: LossUnderTest) -> str:
    if subject.cls.weighs_unknown:
        return "it gives them a weight of their own"
    return (
        "" if "known" in subject.cls.accepts else "it accepts no `known`: what is unknown comes as a negative"
    )


def _no_reduction(subject: LossUnderTest) -> str:
    names = [parameter.name for parameter in subject.declaration.parameters]
    return "" if "reduction" in names else "no parameter of that name"


def _no_identities(subject: LossUnderTest) -> str:
    return "" if subject.cls.identities else "none declared"


def _all_have_effect(subject: LossUnderTest) -> str:
    return "" if subject.cls.without_effect else "none declared"


PROPERTIES: tuple[Property[LossUnderTest], ...] = (
    Property("its source says what it is", declared.can_be_read_without_running_it),
    Property("returns a connected scalar", values.returns_a_connected_scalar, decides=True),
    Property("finite on hard inputs", values.finite_on_hard_inputs),
    Property("gradient is the derivative", gradients.gradient_is_the_derivative),
    Property("order of samples does not matter", symmetry.order_of_samples_does_not_matter),
    Property("order of labels does not matter", symmetry.order_of_labels_does_not_matter),
    Property("takes half precision", values.takes_half_precision),
    Property("same on repeated calls", values.same_on_repeated_calls),
    Property("refuses targets out of range", values.refuses_targets_out_of_range),
    Property("descent does its job", gradients.descent_does_its_job),
    Property("per_sample as declared", symmetry.per_sample_as_declared, _not_per_sample),
    Property("reductions agree", symmetry.reductions_agree, _no_reduction),
    Property("unknown entries play no part", unknown.unknown_entries_play_no_part, _ignores_nothing),
    Property("state moves in training alone", state.state_moves_in_training_alone, _has_no_state),
    Property("looks at no values", devices.looks_at_no_values, _gathers),
    Property("compiles whole", devices.compiles_whole, _gathers),
    Property("identities hold", symmetry.identities_hold, _no_identities),
    Property("search space is of its parameters", declared.search_space_is_of_its_parameters),
    Property("without effect as declared", declared.without_effect_as_declared, _all_have_effect),
)


def check(name: str) -> list[PropertyVerdict]:
    """A verdict on each property of the loss registered as `name`, whatever file it comes from.

    Raises UnknownNameError for a name that is not registered; an error inside the loss is a failed verdict.
    """
    subject = LossUnderTest(LOSSES.describe(name))
    try:
        cls: object = subject.cls
    except Exception as error:
        return [PropertyVerdict("it can be imported", False, f"{type(error).__name__}: {error}")]
    if not (isinstance(cls, type) and issubclass(cls, Loss)):
        return [PropertyVerdict("it is a Loss", False, f"{name!r} must be a class derived from mlbench.Loss")]
    return judge(subject, PROPERTIES, subject.declaration.file, lambda: _begins(subject))


def _begins(subject: LossUnderTest) -> str:
    """Where the loss's `forward` begins, in its own file."""
    file, code = subject.declaration.file, subject.cls.forward.__code__
    return f"{file.name}, line {code.co_firstlineno}" if Path(code.co_filename) == file else ""
