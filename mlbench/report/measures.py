"""What a metric key means to the report: its title, which way is better, whether it may rank losses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mlbench.errors import ConfigError
from mlbench.registry import METRICS

MAIN = ("map", "ap_micro", "f1_macro@label", "f1_micro@label")
"""The metrics that get statistics and figures, where the records have them."""
POLICIES = {
    "0.5": "threshold 0.5",
    "native": "the loss's own threshold",
    "global": "one threshold tuned on validation",
    "label": "a threshold per label tuned on validation",
    "oracle": "thresholds tuned on test: an upper bound, never ranked",
}


@dataclass(frozen=True)
class Measure:
    """One metric key, `name[@policy][/bucket]`."""

    key: str
    name: str
    policy: str
    bucket: str
    higher: bool
    ranked: bool

    @property
    def sign(self) -> int:
        """+1 where more is better, −1 where less is."""
        return 1 if self.higher else -1

    @property
    def title(self) -> str:
        """The key in words."""
        shown = TITLES.get(self.name, self.name.replace("_", " "))
        policy = f", {POLICIES.get(self.policy, '@' + self.policy)}" if self.policy else ""
        bucket = f", {self.bucket} labels" if self.bucket else ""
        return shown + policy + bucket


TITLES = {
    "map": "mAP",
    "ap_micro": "micro AP",
    "f1_macro": "macro F1",
    "f1_micro": "micro F1",
    "f1_sample": "sample F1",
    "lrap": "LRAP",
    "auroc_macro": "macro AUROC",
    "auroc_micro": "micro AUROC",
}


def measure(key: str) -> Measure:
    """What is known of a metric key; a key that no catalogue has counts as higher is better, unranked."""
    rest, _, bucket = key.partition("/")
    name, _, policy = rest.partition("@")
    try:
        attributes = METRICS.describe(name).attributes
    except ConfigError:
        return Measure(key, name, policy, bucket, True, False)
    higher = attributes.get("direction", "higher") == "higher"
    return Measure(key, name, policy, bucket, higher, policy != "oracle")


def main_keys(keys: Iterable[str]) -> tuple[str, ...]:
    """Those of MAIN that the records have; else their first key."""
    known = list(keys)
    return tuple(key for key in MAIN if key in known) or tuple(known[:1])
