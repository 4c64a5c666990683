"""What a metric key means to the report: its title, which way is better, whether it may rank losses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mlbench.errors import ConfigError, UnknownNameError
from mlbench.metrics.catalog import COUNT, MAIN, parse_key

_POLICIES = {
    "0.5": "threshold 0.5",
    "native": "own threshold",
    "global": "tuned threshold",
    "label": "tuned per label",
    "oracle": "oracle thresholds",
    "top3": "top 3",
}
_ACRONYMS = {"map": "mAP", "ap": "AP", "auroc": "AUROC", "f1": "F1", "lrap": "LRAP", "ndcg": "nDCG", "ece": "ECE",
             "mcc": "MCC", "cf1": "CF1"}  # fmt: skip


@dataclass(frozen=True)
class Measure:
    """One metric key, `name[@policy][/bucket]`. `ranked`: whether losses may be ordered by it."""

    key: str
    name: str
    policy: str
    bucket: str
    higher: bool
    ranked: bool
    explanation: str = ""

    @property
    def sign(self) -> int:
        """+1 where more is better, −1 where less is."""
        return 1 if self.higher else -1

    @property
    def title(self) -> str:
        """The key in words: `macro F1 (tuned per label), tail labels`."""
        words = [_ACRONYMS.get(word, word) for word in self.name.split("_")]
        if words[-1] in ("micro", "macro", "sample", "samples"):
            words = [words[-1], *words[:-1]]
        policy = f" ({_POLICIES.get(self.policy, '@' + self.policy)})" if self.policy else ""
        bucket = f", {self.bucket} labels" if self.bucket else ""
        return " ".join(words).replace(" at ", "@") + policy + bucket


def measure(key: str) -> Measure:
    """What the catalogue knows of a key; one that it does not know counts as more is better, unranked."""
    try:
        parsed = parse_key(key)
    except ConfigError:
        rest, _, bucket = key.partition("/")
        name, _, policy = rest.partition("@")
        return Measure(key, name, policy, bucket, True, False)
    info = parsed.info
    return Measure(
        key=key,
        name=parsed.name,
        policy=parsed.policy or "",
        bucket=parsed.bucket or "",
        higher=info.direction != "lower",
        ranked=parsed.ranked and info.direction is not None,
        explanation=info.explanation,
    )


def main_keys(keys: Iterable[str]) -> tuple[str, ...]:
    """Those of MAIN that the records have; else the first ranked key, else the first."""
    known = [key for key in keys if not key.startswith(COUNT)]
    ranked = [key for key in known if measure(key).ranked]
    return tuple(key for key in MAIN if key in known) or tuple((ranked or known)[:1])


def require(key: str, known: Iterable[str]) -> Measure:
    """The measure of a key that records must have; raises UnknownNameError with the nearest they do have."""
    known = list(known)
    if key not in known:
        raise UnknownNameError("metric", key, known, where="the records")
    return measure(key)


def file_name(key: str) -> str:
    """A metric key as part of a file's name."""
    return "".join(letter if letter.isalnum() or letter in "._@-" else "--" for letter in key)
