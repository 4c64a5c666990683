"""A description as one self-contained HTML page with plots."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from jinja2 import Environment

from mlbench.datasets.base import Dataset
from mlbench.datasets.decoding import ImageError, open_image, squash
from mlbench.datasets.description.describing import SAMPLES, Description, co_occurrence
from mlbench.datasets.description.plain_text import render_text
from mlbench.plain_text import fit

MOST_SHOWN = 30
THUMBNAIL = 128

TEMPLATE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{{ about.name }}</title><style>
body { font: 15px/1.45 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
pre { font: 13px/1.4 ui-monospace, monospace; overflow-x: auto; background: #f6f6f4; padding: 1rem; }
figure { margin: 1.5rem 0; } img { max-width: 100%; } figcaption { color: #666; }
.samples { display: flex; flex-wrap: wrap; gap: 1rem; } .samples div { width: 9rem; font-size: 13px; }
@media (prefers-color-scheme: dark) { body { background: #1b1b1a; color: #ddd; } pre { background: #262624; }
 figure img { background: #fff; } }
</style></head><body>
<h1>{{ about.name }}</h1>
<pre>{{ text }}</pre>
{% for caption, picture in figures %}<figure><img src="data:image/svg+xml;base64,{{ picture }}" alt="{{ caption }}">
<figcaption>{{ caption }}</figcaption></figure>
{% endfor %}{% if thumbnails %}<h2>Samples of train</h2><div class="samples">
{% for picture, sample in thumbnails %}<div><img src="data:image/png;base64,{{ picture }}" alt="{{ sample.id }}"><br>
{{ sample.labels | join(", ") or "no label" }}</div>
{% endfor %}</div>{% endif %}
</body></html>
"""


def render_html(about: Description, dataset: Dataset) -> str:
    """The page. Whatever comes from the data is escaped; nothing is loaded from elsewhere."""
    figures = [
        ("Rows of each label in train, most frequent first", _frequencies(about)),
        ("Labels a row", _label_numbers(dataset)),
        (f"Rows on which two of the {MOST_SHOWN} most frequent labels are together", _together(dataset)),
    ]
    template = Environment(autoescape=True, finalize=_shown).from_string(TEMPLATE)
    encoded = [(caption, base64.b64encode(_svg(figure)).decode()) for caption, figure in figures]
    return template.render(
        about=about, text=render_text(about), figures=encoded, thumbnails=_thumbnails(about, dataset)
    )


def _shown(value: Any) -> Any:
    return fit(value) if isinstance(value, str) else value


def _figure(width: float, height: float) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _frequencies(about: Description) -> Any:
    counts = np.sort(np.array(about.label_counts["train"]))[::-1]
    figure, axes = _figure(8, 3)
    axes.bar(np.arange(1, len(counts) + 1), counts, width=1.0 if len(counts) > 60 else 0.8, color="#4c72b0")
    axes.set_yscale("symlog", linthresh=1)
    axes.set_xlabel("label by rank")
    axes.set_ylabel("rows")
    return figure


def _label_numbers(dataset: Dataset) -> Any:
    figure, axes = _figure(8, 2.6)
    numbers = {name: split.targets.sum(axis=1) for name, split in dataset.splits.items()}
    most = max(int(number.max()) for number in numbers.values())
    for name, number in numbers.items():
        shares = np.bincount(number, minlength=most + 1) / len(number)
        axes.plot(np.arange(most + 1), shares, marker="o", markersize=3, label=name)
    axes.set_xlabel("labels")
    axes.set_ylabel("share of rows")
    axes.legend(frameon=False)
    return figure


def _together(dataset: Dataset) -> Any:
    counts = dataset.train.targets.sum(axis=0)
    order = np.argsort(-counts.astype(np.int64), kind="stable")[:MOST_SHOWN]
    together = co_occurrence(dataset.train.targets[:, order]).astype(float)
    np.fill_diagonal(together, np.nan)
    figure, axes = _figure(7, 6)
    shown = axes.imshow(np.log10(together + 1), cmap="viridis")
    names = [fit(dataset.labels[place][:24]).replace("$", r"\\$") for place in order]
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=7)
    axes.set_yticks(range(len(names)), names, fontsize=7)
    figure.colorbar(shown, ax=axes, label="log10(rows + 1)", shrink=0.7)
    return figure


def _svg(figure: Any) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format="svg", metadata={"Date": None})
    return stream.getvalue()


def _thumbnails(about: Description, dataset: Dataset) -> list[tuple[str, Any]]:
    """Small pictures of the samples, where they are images that decode."""
    from PIL import Image

    if dataset.modality != "image":
        return []
    found = []
    for sample in about.samples[:SAMPLES]:
        raw = dataset.train.inputs[sample["row"]]
        try:
            image = (
                open_image(raw) if isinstance(raw, bytes) else Image.fromarray(np.squeeze(np.asarray(raw)))
            )
        except ImageError:
            continue
        stream = io.BytesIO()
        squash(image, THUMBNAIL).save(stream, "PNG")
        found.append((base64.b64encode(stream.getvalue()).decode(), sample))
    return found
