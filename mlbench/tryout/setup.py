"""What a try runs, as the suite that it writes: commented, to be edited and run like any other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mlbench.registry import LOSSES
from mlbench.suite import Suite, parse_suite
from mlbench.suite.defaults import FRACTIONS, SEEDS
from mlbench.suite.defaults import LOSSES as CHOSEN
from mlbench.tryout.data import Data
from mlbench.tryout.encoder import EncoderChoice
from mlbench.version import __version__

WIDTH = 100


@dataclass(frozen=True)
class Setup:
    """train: what of `[train]` differs from the defaults. cut: what was left out for want of time, a sentence each."""

    data: Data
    encoder: EncoderChoice
    losses: tuple[str, ...] = CHOSEN
    seeds: tuple[int, ...] = SEEDS
    train: Mapping[str, Any] = field(default_factory=dict)
    cut: tuple[str, ...] = ()

    def text(self, made_by: str, command: str) -> str:
        """The suite's file."""
        name = self.data.name
        lines = [
            f"# Written by `{made_by}` (mlbench {__version__}). Edit it and run it like any other suite:",
            f"#   {command}",
            *(f"# Cut to the budget: {sentence}" for sentence in self.cut),
            "",
            f"name = {_toml(name)}",
            f"description = {_toml(f'Which loss for {name}')}",
            f"seeds = {_toml(list(self.seeds))}  # each trains every loss once: how far chance alone moves a score",
            f"fractions = {_toml(list(FRACTIONS))}  # [0.1, 1.0] shows what fewer training rows would do",
            'losses = [  # or "all"',
            *(f"    {_toml(loss)},  # {LOSSES.describe(loss).summary.rstrip('.')}" for loss in self.losses),
            "]",
            "",
        ]
        if self.train:
            lines += ["[train]", *(f"{key} = {_toml(value)}" for key, value in self.train.items()), ""]
        lines += ["[[datasets]]", f"name = {_toml(name)}"]
        lines += [f"{key} = {_toml(value)}" for key, value in self.data.parameters.items()]
        lines += [f"# {self.encoder.name}: {self.encoder.why}", f"encoder = {_toml(self.encoder.value)}", ""]
        return "\n".join(lines)

    def suite(self) -> Suite:
        """The suite as it runs."""
        return parse_suite(self.text("", ""), f"suite of {self.data.name}")


def _toml(value: Any) -> str:
    """On one line, or of a long list on as many as it takes."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + " }"
    text = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, list) or len(text) <= WIDTH:
        return text
    lines, line = [], ""
    for item in (json.dumps(each, ensure_ascii=False) + "," for each in value):
        if line and len(line) + len(item) >= WIDTH:
            lines.append(line)
            line = ""
        line += f" {item}" if line else item
    return "\n".join(["[", *(f"    {each}" for each in (*lines, line)), "]"])
