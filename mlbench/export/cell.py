"""`export_cell`: a trained cell as a folder that runs without mlbench."""

from __future__ import annotations

import json
import math
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from mlbench.errors import ConfigError
from mlbench.export import standalone
from mlbench.export.about import About, AboutInputs, Calibration, Check, Decision, Policy
from mlbench.export.kept import KeptCell, load_cell
from mlbench.export.native import NotNativeError, write_native
from mlbench.export.network import describe_network, kept_network, save_weights
from mlbench.export.program import ProgramError, write_program
from mlbench.export.readme import write_readme
from mlbench.models.deployed import Deployed
from mlbench.models.preparation import SIGNATURES, Preparation
from mlbench.records import Store

SHOWN = ("map", "f1_micro@label", "f1_macro@label", "f1_micro@global", "f1_macro@global", "ece")
"""Metrics of the test split that stand in the folder."""
COLUMNS = ("text", "image", "features", "ids", "delimiter", "quote")
"""Parameters of own data that say how further rows are read."""
FAR = 0.05
"""Of the logits' deviation: a network that is further from what was measured is another one."""


@dataclass(frozen=True)
class Exported:
    """What `export_cell` wrote. formats: what the folder holds, by file or folder; missing: what it could not hold, and
    why; largest_difference: of logits, from those measured in training."""

    folder: Path
    formats: Mapping[str, str]
    missing: Mapping[str, str]
    largest_difference: float


def export_cell(
    store: Store,
    identifier: str,
    folder: Path,
    *,
    reading: Literal["own", "probe"] | None = None,
    policy: Policy = "label",
    note: str = "",
) -> Exported:
    """Write the model of a cell that kept it (`[store] model = true`) into `folder`, whole or not at all.

    reading: the loss's own logits or the linear probe; None for that of the record's `metrics`. policy: whose
    thresholds the folder decides by. note: what else is to be said of the test figures. Raises ConfigError where the
    cell kept no model, has no such reading or threshold, or where the folder holds something else; DataError where
    what was kept cannot be read.
    """
    kept = load_cell(store, identifier)
    chosen = _reading(kept, reading)
    refuse_other(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as temporary:
        made = Path(temporary) / "model"
        made.mkdir()
        exported = _write(kept, chosen, policy, made, note)
        if folder.exists():
            shutil.rmtree(folder)
        made.replace(folder)
    return Exported(folder, *exported)


def _write(
    kept: KeptCell, reading: Literal["own", "probe"], policy: Policy, folder: Path, note: str
) -> tuple[dict[str, str], dict[str, str], float]:
    preparation = Preparation.of(kept.model["preparation"])
    _write_preparation(preparation, folder)
    network = kept_network(kept.model, reading, folder / "encoder")
    inputs = AboutInputs(
        kind=preparation.kind,
        signature=SIGNATURES[preparation.kind],
        settings=dict(preparation.settings),
        columns=_columns(kept.model["cell"]),
    )
    samples = _prepared(kept.model["check"]["samples"], inputs, folder)
    difference = _check(network, samples, kept, reading)
    formats, missing = {"model.safetensors": "all weights"}, dict[str, str]()
    save_weights(network, folder)
    try:
        write_program(network, preparation, folder)
        formats["program.pt2"] = f"a torch.export program: {inputs.signature} → logits float32 [B, L]"
    except ProgramError as error:
        missing["program.pt2"] = str(error)
    try:
        name, what = write_native(network, preparation, kept.model["labels"], samples, folder)
        formats[f"{name}/"] = what
    except NotNativeError as error:
        missing["a native format"] = str(error)
    about = _about(
        kept, reading, policy, inputs, formats, Check(rows=len(samples[0]), largest_difference=difference)
    )
    about.write(folder)
    shutil.copyfile(str(standalone.__file__), folder / "predict.py")
    if preparation.kind == "pixels":
        _copy_decoding(folder)
    write_readme(about, kept.record, missing, folder, note)
    return formats, missing, difference


def _about(
    kept: KeptCell,
    reading: Literal["own", "probe"],
    policy: Policy,
    inputs: AboutInputs,
    formats: Mapping[str, str],
    check: Check,
) -> About:
    record, model = kept.record, kept.model
    read = model["readings"][reading]
    measured = record["metrics" if reading == "own" or "own" not in model["readings"] else "probe_metrics"][
        "test"
    ]
    return About(
        format=1,
        id=record["id"],
        suite=str(record.get("suite", "")),
        cell=model["cell"],
        reading=reading,
        labels=model["labels"],
        inputs=inputs,
        network=describe_network(model, reading),
        decision=_decision(read["thresholds"], policy, record["cell"]["loss"]["id"]),
        calibration=Calibration(temperature=read["temperature"], log_loss=read["log_loss"]),
        test={key: measured[key] for key in SHOWN if measured.get(key) is not None},
        check=check,
        formats=dict(formats),
        packages={"mlbench": model["mlbench"], **model["packages"]},
    )


def _decision(tuned: Mapping[str, Any], policy: Policy, loss: str) -> Decision:
    thresholds: dict[str, list[float] | float] = {
        "label": [_finite(value) for value in tuned["label"].tolist()],
        "global": _finite(tuned["global"]),
        "0.5": 0.0,
    }
    if tuned["native"] is not None:
        thresholds["native"] = _finite(tuned["native"])
    if policy not in thresholds:
        raise ConfigError(f"--policy native: {loss!r} fixes no threshold of its own; use label or global")
    return Decision(policy=policy, thresholds=thresholds)


def _finite(value: float) -> float:
    """A threshold that JSON has a word for: one below or above all logits is the lowest or highest float32."""
    most = torch.finfo(torch.float32).max
    return min(max(value, -most), most) if not math.isnan(value) else 0.0


def _reading(kept: KeptCell, wanted: Literal["own", "probe"] | None) -> Literal["own", "probe"]:
    there = kept.model["readings"]
    if wanted is None:
        return "own" if "own" in there else "probe"
    if wanted not in there:
        loss = kept.record["cell"]["loss"]["id"]
        why = (
            f"{loss!r} trains no logits, the probe is its classifier: --reading probe"
            if wanted == "own"
            else "its protocol skipped the probe (train.probe = 'needed')"
        )
        raise ConfigError(f"--reading {wanted}: {why}")
    return wanted


def refuse_other(folder: Path) -> None:
    """Raise ConfigError for a folder that holds something else than an earlier export, which is written anew."""
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "model.json").is_file():
        raise ConfigError(f"{folder}: it holds other files than an exported model; name a new folder by -o")
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"{folder}: it is a file; name a folder by -o")


def _write_preparation(preparation: Preparation, folder: Path) -> None:
    """The vocabulary, or the files of tokeniser and encoder."""
    if preparation.inverse is not None:
        known = {"words": list(preparation.words), "inverse": preparation.inverse.tolist()}
        (folder / "words.json").write_text(json.dumps(known, ensure_ascii=False) + "\n", encoding="utf-8")
    for name, content in preparation.files.items():
        (folder / "encoder").mkdir(exist_ok=True)
        (folder / "encoder" / Path(name).name).write_bytes(content)


def _columns(cell: Mapping[str, Any]) -> dict[str, Any]:
    """How new rows are read: as the user's own data were; those of named datasets by what their columns are called."""
    given = cell["dataset_parameters"] if cell["loader"] == "own" else {}
    return {key: given[key] for key in COLUMNS if given.get(key)}


def _prepared(samples: Any, inputs: AboutInputs, folder: Path) -> tuple[Tensor, ...]:
    """The samples that were kept, through the preparation that goes into the folder."""
    given = samples.numpy() if isinstance(samples, Tensor) else samples
    return standalone.preparer(inputs.model_dump(), folder).prepare(given)


def _check(network: Deployed, samples: tuple[Tensor, ...], kept: KeptCell, reading: str) -> float:
    """The largest difference of logits from those measured. Raises ConfigError for those of another network."""
    measured = kept.model["check"]["logits"][reading]
    with torch.no_grad():
        found = network(*samples)
    difference = float((found - measured).abs().max())
    if not difference <= FAR * float(measured.std()) + 1e-3:
        raise ConfigError(
            f"cell {kept.record['id']}: the exported network gives other logits than were measured, by up to "
            f"{difference:.3g}; it was trained with {kept.model['packages']}, or the encoder's files have changed since"
        )
    return difference


def _copy_decoding(folder: Path) -> None:
    from mlbench.datasets import decoding

    shutil.copyfile(str(decoding.__file__), folder / "decoding.py")
