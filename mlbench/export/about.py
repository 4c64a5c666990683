"""`model.json`: what an exported model is, as its folder says it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError, model_validator

from mlbench.errors import DataError
from mlbench.models.preparation import Kind
from mlbench.plain_text import parse_json

FILE = "model.json"
FORMAT = 1
"""Raised when another reader is needed."""

Policy = Literal["label", "global", "native", "0.5"]


class AboutTable(BaseModel):
    """What the tables of model.json share."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AboutInputs(AboutTable):
    """What the network takes and how samples become that. columns: of the table that it was trained from, as the keys
    of a suite's own data."""

    kind: Kind
    signature: str
    settings: dict[str, Any]
    columns: dict[str, Any]


class Network(AboutTable):
    """What the network is built from. adapter: its width; None where there is none."""

    encoder: str
    options: dict[str, Any]
    adapter: int | None
    classifier: dict[str, Any]


class Decision(AboutTable):
    """Logits above the threshold are predicted: one for each label, or one for all, by policy."""

    policy: Policy
    thresholds: dict[str, list[FiniteFloat] | FiniteFloat]


class Calibration(AboutTable):
    """Probabilities are the sigmoid of logits over `temperature`; log_loss: before and after it, by split."""

    temperature: FiniteFloat = Field(gt=0)
    log_loss: dict[str, dict[str, float]]


class Check(AboutTable):
    """The largest difference of logits from those that were measured in training, on so many validation rows."""

    rows: int
    largest_difference: float


class About(AboutTable):
    """The whole of model.json."""

    format: Literal[1]
    id: str
    suite: str
    cell: dict[str, Any]
    reading: Literal["own", "probe"]
    labels: list[str]
    inputs: AboutInputs
    network: Network
    decision: Decision
    calibration: Calibration
    test: dict[str, float]
    check: Check
    formats: dict[str, str]
    packages: dict[str, str]

    @model_validator(mode="after")
    def _check_lengths(self) -> About:
        """Whether a threshold is there for each label."""
        for policy, values in self.decision.thresholds.items():
            if isinstance(values, list) and len(values) != len(self.labels):
                raise ValueError(f"{len(values)} thresholds of {policy!r} for {len(self.labels)} labels")
        return self

    def write(self, folder: Path) -> None:
        """As `model.json` of the folder."""
        text = json.dumps(self.model_dump(), ensure_ascii=False, indent=1)
        (folder / FILE).write_text(text + "\n", encoding="utf-8")


def read_about(folder: Path) -> About:
    """Of an exported model's folder. Raises DataError where it is none, or of another format."""
    file = folder / FILE
    try:
        told = parse_json(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(
            f"{folder}: no exported model: there is no {FILE}; `mlbench export CELL -o {folder}` makes one"
        ) from None
    except (OSError, ValueError) as error:
        raise DataError(f"{file}: cannot be read: {error}") from None
    if isinstance(told, dict) and told.get("format") != FORMAT:
        raise DataError(
            f"{file}: format {told.get('format')!r}, and this mlbench reads {FORMAT}; export the cell again"
        )
    try:
        return About.model_validate(told)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise DataError(": ".join(filter(None, (str(file), where, first["msg"])))) from None
