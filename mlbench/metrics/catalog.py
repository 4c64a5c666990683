"""What every metric key means, without torch: names, formulas, directions, policies, buckets.

A key is `name[@policy][/bucket]`: `map`, `f1_micro@0.5`, `f1_macro@label/tail`. What is said of a name is
read from the source of the metric that is registered under it, a contributor's like a built-in one's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mlbench.code.declarations import Declaration
from mlbench.errors import ConfigError, UnknownNameError
from mlbench.registry import METRICS

VERSION = 1
"""Of the built-in metrics together; raised by hand when a change alters a number that `evaluate` gives."""

POLICIES: Mapping[str, str] = {
    "0.5": "logit above 0, probability above one half; says nothing about a loss that fixes no threshold",
    "native": "logit above the loss's own threshold; absent where it has none",
    "global": "one threshold for all labels, of greatest micro-F1 on validation",
    "label": "a threshold for each label, of greatest F1 on validation; with few positives the global one",
    "oracle": "a threshold for each label, of greatest F1 on test: an upper bound of macro-F1, never ranked",
    "top3": "each sample's three highest labels",
}
RANKED_POLICIES = ("global", "label")
"""The policies under which losses may be ordered: the others favour a loss, or see the test split."""

MAIN = ("map", "f1_macro@label", "f1_micro@label")
"""The keys that get statistics and figures, where records have them, and that a cell trained again is judged by."""

BUCKETS: Mapping[str, str] = {
    "head": "the third of the labels with the most positives in the full training split; none under 9 labels",
    "medium": "the middle third",
    "tail": "the third with the fewest positives",
    "unseen": "the labels without a positive among the cell's own training rows",
}

ALIASES: Mapping[str, str] = {
    "cp": "precision_macro",
    "cr": "recall_macro",
    "op": "precision_micro",
    "or": "recall_micro",
    "of1": "f1_micro",
    "mlrap": "lrap",
}
"""Other names: the first five are those of the KMCL paper's tables."""

COUNT = "labels_counted"


@dataclass(frozen=True)
class MetricInfo:
    """What a metric's source declares.

    - `name`: the one it is registered under.
    - `kind`: what it reads: "ranking", "decision", "calibration", or "count" for the number of labels.
    - `formula`: in a line.
    - `explanation`: the first line of its docstring.
    - `direction`: which way is better, "higher" or "lower"; None for the count of labels, which is neither.
    - `bounds`: its least and greatest value, None where there is none.
    - `by_label`: whether it is a mean over labels, and so has buckets.
    - `ranked`: whether losses may be ordered by it.
    """

    name: str
    kind: str
    formula: str
    explanation: str
    direction: str | None
    bounds: tuple[float | None, float | None]
    by_label: bool
    ranked: bool

    @property
    def policies(self) -> tuple[str, ...]:
        """The threshold policies that stand in its keys; none for what reads no decisions."""
        return tuple(POLICIES) if self.kind == "decision" else ()


@dataclass(frozen=True)
class Key:
    """A metric key in its parts; `str(key)` is the key.

    - `name`: the metric's.
    - `policy`: the threshold policy, for a metric of decisions.
    - `bucket`: the frequency bucket of labels that it is over; None for all.
    """

    name: str
    policy: str | None = None
    bucket: str | None = None

    def __str__(self) -> str:
        policy = f"@{self.policy}" if self.policy else ""
        return self.name + policy + (f"/{self.bucket}" if self.bucket else "")

    @property
    def info(self) -> MetricInfo:
        return metric_info(self.name)

    @property
    def ranked(self) -> bool:
        """Whether losses may be ordered by it."""
        return self.info.ranked and (self.policy is None or self.policy in RANKED_POLICIES)


def catalog() -> dict[str, MetricInfo]:
    """Every metric by name, those of plugins too."""
    return {name: metric_info(name) for name in [*METRICS.names(), COUNT]}


def metric_info(name: str) -> MetricInfo:
    """What is known of a metric; raises UnknownNameError with the nearest names."""
    if name == COUNT:
        return _COUNT
    try:
        return _info(METRICS.describe(ALIASES.get(name.lower(), name)))
    except UnknownNameError as error:
        raise UnknownNameError("metric", name, [*METRICS.names(), *ALIASES, COUNT]) from error


def parse_key(key: str) -> Key:
    """The parts of a key, an alias resolved; raises ConfigError for one that no record can hold."""
    rest, slash, bucket = key.partition("/")
    name, at, policy = rest.partition("@")
    info = metric_info(name)
    if slash and bucket not in BUCKETS:
        raise UnknownNameError("label bucket", bucket, BUCKETS, where=f"metric {key!r}")
    if slash and not info.by_label:
        raise ConfigError(f"metric {key!r}: {info.name} is not a mean over labels, so it has no buckets")
    if at and not info.policies:
        raise ConfigError(f"metric {key!r}: {info.name} reads no decisions, so it has no threshold policy")
    if info.policies and policy not in POLICIES:
        raise UnknownNameError("threshold policy", policy, POLICIES, where=f"metric {key!r}")
    return Key(info.name, policy or None, bucket or None)


def _info(declared: Declaration) -> MetricInfo:
    attributes = declared.attributes
    missing = [name for name in ("kind", "direction", "bounds", "formula") if name not in attributes]
    if missing:
        raise ConfigError(f"{declared.file}: metric {declared.name!r} does not declare {', '.join(missing)}")
    if attributes["kind"] not in ("ranking", "decision", "calibration"):
        raise ConfigError(
            f"{declared.file}: metric {declared.name!r} is of unknown kind {attributes['kind']!r}"
        )
    return MetricInfo(
        name=declared.name,
        kind=attributes["kind"],
        formula=attributes["formula"],
        explanation=declared.summary,
        direction=attributes["direction"],
        bounds=tuple(attributes["bounds"]),
        by_label=attributes.get("by_label", False),
        ranked=attributes.get("ranked", True),
    )


_COUNT = MetricInfo(
    name=COUNT,
    kind="count",
    formula="|{l: Σ_i y_il > 0}|",
    explanation="The labels that have a positive in the split: those that the means over labels are of.",
    direction=None,
    bounds=(0.0, None),
    by_label=True,
    ranked=False,
)
