"""Words that programs write where a label is missing: NaN, None, NULL."""

from __future__ import annotations

from collections.abc import Sequence

from mlbench.datasets.files.arrow_types import is_text
from mlbench.datasets.files.columns import Place, label_names
from mlbench.datasets.files.hints import setting
from mlbench.datasets.files.marks import ReadLabels, as_labels
from mlbench.datasets.files.writing_of_labels import LabelWriting

MISSING_WORDS = ("NaN", "nan", "None", "<NA>", "NaT", "null", "NULL", "NA", "N/A", "#N/A")
"""How programs write what is missing where they have to write something."""


def settle_missing_words(read: ReadLabels, name: str, writing: LabelWriting, place: Place) -> ReadLabels:
    """Words that stand for nothing are taken out; raises where nobody said whether they do."""
    inner = getattr(read.lists.type, "value_type", None)
    if inner is None or not is_text(inner):
        return read
    words = set(MISSING_WORDS) - set(writing.listed) if writing.na_values == "ask" else set(writing.na_values)
    if not label_names(read.lists) & words:
        return read
    rows = read.lists.to_pylist()
    refuse_missing_words(rows, name, writing, place)
    kept = [None if row is None else [label for label in row if label not in words] for row in rows]
    emptied = [None if after == [] and before else after for before, after in zip(rows, kept, strict=True)]
    again = as_labels(emptied)
    missing = again.missing if read.missing is None or again.missing is None else again.missing | read.missing
    return ReadLabels(again.lists, read.unscored, read.missing if missing is None else missing)


def refuse_missing_words(
    rows: Sequence[Sequence[str] | None], name: str, writing: LabelWriting, place: Place
) -> None:
    """Raise for such a word where nobody said whether it stands for nothing."""
    if writing.na_values != "ask":
        return
    words = set(MISSING_WORDS) - set(writing.listed)
    for row, labels in enumerate(rows):
        word = next((label for label in labels or () if label in words), None)
        if word is not None:
            count = sum(word in (labels or ()) for labels in rows)
            more = f", in {count:,} rows," if count > 1 else ""
            raise place.error(
                row,
                f"column {name!r}: {word!r}{more} is how programs write what is missing; say "
                f"{setting('na_values', [word])} where it is, {setting('na_values', [])} where it is a label",
            )
