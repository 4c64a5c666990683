"""The README of an exported model: what it is, how to run it, what is not there and why."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlbench.export.about import About

SAMPLES = {
    "words": '["a text", "another"]',
    "tokens": '["a text", "another"]',
    "pixels": '["one.jpg", "two.png"]',
    "features": "rows  # [N, D], the columns in the order of training",
}
PREPARED = {
    "words": "Texts are cut into lower-cased words and punctuation marks; those of `words.json` count, each by (1 + "
    "log of its count) times its inverse document frequency, and a text's weights are divided by their length.",
    "tokens": "Texts are tokenised by the files in `encoder/` and cut to {max_length} tokens.",
    "pixels": "Images are turned upright by their EXIF tag, laid on white where they are transparent, and squashed to "
    "{size} × {size} RGB pixels (bilinear). The network itself subtracts mean and deviation.",
    "features": "Vectors of {dim} numbers, as they are: the network itself standardises them.",
}


def write_readme(
    about: About, record: Mapping[str, Any], missing: Mapping[str, str], folder: Path, note: str = ""
) -> None:
    """As `README.md` of the folder. note: what else is to be said of the figures on the test split."""
    cell = about.cell
    held = "\n".join(f"- `{name}`: {what}" for name, what in about.formats.items())
    lacks = "".join(f"\n- There is no {name}: {why}." for name, why in missing.items())
    note = f" {note}" if note else ""
    measured = ", ".join(f"{key} {value:.3f}" for key, value in about.test.items()) or "nothing"
    text = f"""# A multi-label classifier: {cell["dataset"]}, {cell["loss"]["id"]}

{len(about.labels)} labels. Trained by mlbench {about.packages["mlbench"]} on {cell["dataset"]} (fraction
{cell["fraction"]:g}, seed {cell["seed"]}) with the loss `{cell["loss"]["name"]}` on `{cell["encoder"]}`; cell
`{about.id}`. Its logits are {_reading(about)}. On the test split: {measured}.{note}

## Run it

```sh
mlbench predict {folder.name or "."} new.csv -o predictions.parquet
```

or, with nothing of mlbench, in this folder:

```python
from predict import Predictor

model = Predictor()
model.labels({SAMPLES[about.inputs.kind]})
```

{_natively(about)}
## What is here

{held}
- `model.json`: labels, thresholds, temperature, how samples are prepared, the cell
- `predict.py`: the preparation and the decisions, as code of its own{lacks}

Load `program.pt2` only from a folder that you trust: `torch.export.load` unpickles. `mlbench predict` reads the
safetensors instead.

## Samples, decisions, probabilities

{PREPARED[about.inputs.kind].format(**about.inputs.settings)} The network takes {about.inputs.signature}.

A label is predicted where its logit is above its threshold. `model.json` has thresholds tuned on validation for each
label (`label`; a label with few positives there takes the global one), one for all (`global`), 0
(`0.5`){_native(about)}; this folder decides by `{about.decision.policy}`.

Probabilities are the sigmoid of the logits over a temperature of {about.calibration.temperature:.4g}, the one of least
log loss on validation. Log loss without it and with it: {_log_loss(about)}.{_origin(about)}

The network as it is written here gives the logits that were measured in training to
{about.check.largest_difference:.1e} on {about.check.rows} validation rows{_precision(record)}.
"""
    (folder / "README.md").write_text(text, encoding="utf-8")


def _reading(about: About) -> str:
    if about.reading == "own":
        return "those that the loss trained"
    return "those of a linear probe on its features"


def _natively(about: About) -> str:
    if "transformers/" in about.formats:
        return """In transformers: `AutoModelForSequenceClassification.from_pretrained("transformers")`, its tokeniser
beside it.
"""
    if "timm/" in about.formats:
        return """In timm: `timm.create_model("local-dir:timm", pretrained=True)`; `timm.data.resolve_model_data_config`
has its preparation.
"""
    return ""


def _native(about: About) -> str:
    return ", the loss's own (`native`)" if "native" in about.decision.thresholds else ""


def _origin(about: About) -> str:
    if "native" in about.decision.thresholds:
        return ""
    return (
        " The loss fixes no origin of its logits, which a temperature cannot give: take the order of the labels from "
        "these probabilities, and decisions from the thresholds."
    )


def _log_loss(about: About) -> str:
    return "; ".join(
        f"{split} {values['before']:.4f} and {values['after']:.4f}"
        for split, values in about.calibration.log_loss.items()
    )


def _precision(record: Mapping[str, Any]) -> str:
    precision = record["cell"]["train"].get("precision", "float32")
    return "" if precision == "float32" else f"; it was trained in {precision}, and computes in float32 here"
