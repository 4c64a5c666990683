"""A description as plain text, for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from mlbench.datasets.description.describing import Description, names_alike
from mlbench.plain_text import fit

MOST_LABELS = 12


def render_text(about: Description) -> str:
    """The description in some forty lines."""
    lines = [f"{about.name}: {about.card['task'] or about.modality}", ""]
    lines += _card_lines(about)
    lines += ["", _table(_split_rows(about)), ""]
    lines.append(
        f"labels {len(about.labels)}, label sets in train {about.label_sets}, density {about.density:.4f}, "
        f"mean imbalance ratio {about.mean_ir:.1f}"
    )
    lines += ["", "labels in train, most frequent first:", _table(_label_rows(about))]
    if about.pairs:
        rows = [["together", "rows", "lift"]]
        rows += [
            [_line(f"{pair.first} + {pair.second}"), f"{pair.count:,}", f"{pair.lift:.2f}"]
            for pair in about.pairs
        ]
        lines += ["", _table(rows)]
    lines += ["", *_notes(about)]
    rows = [["", "least", "5 %", "median", "95 %", "most"]]
    rows += [[name, *(f"{value:,.4g}" for value in values)] for name, values in about.measures.items()]
    lines += ["", _table(rows), "", "samples of train:"]
    for sample in about.samples:
        labels, text = _line(", ".join(sample["labels"])), _line(str(sample["input"]))
        lines.append(f"  {sample['id']}  [{labels}]  {text}")
    return fit("\n".join(lines) + "\n")


def _card_lines(about: Description) -> list[str]:
    shown = ("licence", "source", "citation", "protocol", "family", "standing")
    lines = [f"{key:<12} {about.card[key]}" for key in shown if about.card[key]]
    lines += [f"{'note':<12} {quirk}" for quirk in about.card["quirks"]]
    for reading in about.card["reference"]:
        scores = ", ".join(f"{key} {value:.4f}" for key, value in reading["metrics"].items())
        lines.append(f"{'reference':<12} {reading['model']}: {scores}")
    if about.ceiling:
        scores = ", ".join(
            f"{key} {about.ceiling[key]:.4f} ± {about.ceiling[f'{key}_error']:.4f}"
            for key in about.ceiling
            if not key.endswith("_error")
        )
        lines.append(f"{'ceiling':<12} {scores}")
    return [*lines, f"{'fingerprint':<12} {about.fingerprint}"]


def _split_rows(about: Description) -> list[list[str]]:
    rows = [["split", "rows", "labels a row", "without labels", "not scored"]]
    for name, size in about.sizes.items():
        share = about.unlabelled[name] / size
        rows.append(
            [
                name,
                f"{size:,}",
                f"{about.cardinality[name]:.2f}",
                f"{about.unlabelled[name]:,} ({share:.1%})",
                f"{about.unscored[name]:,}",
            ]
        )
    return rows


def _label_rows(about: Description) -> list[list[str]]:
    counts = about.label_counts
    order = sorted(range(len(about.labels)), key=lambda place: -counts["train"][place])
    half = MOST_LABELS // 2
    shown: list[int | None] = [*order]
    if len(order) > MOST_LABELS:
        shown = [*order[:half], None, *order[-half:]]
    rows = [["label", *counts]]
    for place in shown:
        if place is None:
            rows.append([f"… {len(order) - MOST_LABELS} more", *("" for _ in counts)])
        else:
            rows.append([_line(about.labels[place]), *(f"{counts[name][place]:,}" for name in counts)])
    return rows


def _notes(about: Description) -> list[str]:
    """What deserves attention: duplicates, labels that a split lacks, labels that may be meant to be one."""
    lines = [*about.remarks, *about.oddities]
    lines += [f"inputs shared by {where}: {count:,}" for where, count in about.shared.items() if count]
    if about.repeated:
        lines.append(f"rows of train that repeat an earlier one: {about.repeated:,}")
    blank = [f"{count:,} in {name}" for name, count in about.blank.items() if count]
    if blank:
        lines.append(f"texts of nothing but spaces: {', '.join(blank)}")
    if about.unreadable:
        listed = ", ".join(about.unreadable[:8]) + (", …" if len(about.unreadable) > 8 else "")
        lines.append(
            f"images that cannot be read: {len(about.unreadable)} (id {listed}); no cell can train on them"
        )
    for name, labels in about.absent.items():
        if labels:
            listed = ", ".join(labels[:8]) + (", …" if len(labels) > 8 else "")
            lines.append(_line(f"labels without a positive in {name}: {len(labels)} ({listed})"))
    alike = names_alike(about.labels)
    if alike:
        listed = ", ".join(" and ".join(map(repr, names)) for names in alike[:4]) + (
            "; …" if len(alike) > 4 else ""
        )
        lines.append(f"labels that may be meant to be one: {listed}")
    unseen = set(about.absent["train"]) - set(about.absent["test"])
    if unseen:
        lines.append(f"of these, {len(unseen)} are in test and never in train: they cannot be learnt")
    return lines or ["no duplicates across splits; every label is in every split"]


def _line(text: str) -> str:
    """On one line, whatever the data have in it."""
    return " ".join(text.split())


def _table(rows: Sequence[Sequence[str]]) -> str:
    """Columns side by side, the first to the left, the others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            row[0].ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
        ]
        lines.append("  " + "  ".join(cells).rstrip())
    return "\n".join(lines)
