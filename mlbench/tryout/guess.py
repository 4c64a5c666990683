"""From the columns of a table to how it is read: input, labels, separator, with what is in doubt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mlbench.tryout.dividing import divisions, in_doubt
from mlbench.tryout.profile import Column
from mlbench.tryout.questions import Option, Question

TEXT_NAMES = {"text", "body", "content", "description", "comment", "message", "sentence", "utterance", "abstract",
              "review", "document", "summary", "tweet"}  # fmt: skip
LABEL_NAMES = {"label", "labels", "tag", "tags", "genre", "genres", "category", "categories", "topic", "topics",
               "class", "classes", "target", "targets", "intent", "intents", "emotion", "emotions", "keywords",
               "subjects"}  # fmt: skip
ID_NAMES = {"id", "ids", "index", "idx", "unnamed0", "key", "uid", "uuid", "rowid"}
MUCH_LONGER = 2.0
"""A text column is the input where it has so many times as many words as the next one."""
INPUTS = ("text", "image", "features")
NUMBERED = ("vector", "list of marks")
"""Kinds of columns that hold lists of numbers: features, or labels by place or by number."""


@dataclass
class Guess:
    """parameters: of the loader, as far as they are known. said: why, a line each. questions: the rest."""

    parameters: dict[str, Any] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)

    def take(self, key: str, value: Any, why: str) -> None:
        """Settle a key."""
        self.parameters[key] = value
        self.said.append(f"{key}: {why}")


def guess(columns: Sequence[Column], given: Mapping[str, Any]) -> Guess:
    """How a table of these columns is read; `given` is what the user said, and is never asked about."""
    found = Guess(dict(given))
    free = [column for column in columns if not _is_given(column.name, given)]
    if "labels" not in given:
        _find_labels(found, free, columns)
    labels = found.parameters.get("labels")
    if isinstance(labels, str):
        _find_separator(found, _named(labels, columns))
    elif found.questions and (options := found.questions[0].options):
        # The separator of the likeliest column is asked for along with it.
        likely = Guess()
        _find_separator(likely, _named(options[0].value, columns))
        found.questions += likely.questions
    if not set(INPUTS) & set(given):
        taken = labels if isinstance(labels, list) else [labels]
        asked = [name for each in found.questions for option in each.options for name in _names(option.value)]
        _find_input(found, [each for each in free if each.name not in taken], asked)
    return found


def _named(name: Any, columns: Sequence[Column]) -> Column | None:
    return next((column for column in columns if column.name == name), None)


def _names(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def _is_given(name: str, given: Mapping[str, Any]) -> bool:
    return any(name in _names(value) for value in given.values())


def _is_id(column: Column) -> bool:
    return column.plain_name in ID_NAMES


def _is_split(column: Column) -> bool:
    return column.name == "split"


def _find_labels(found: Guess, free: Sequence[Column], columns: Sequence[Column]) -> None:
    """A column of lists or of names that a separator divides, or columns of 0/1 marks."""
    named = _labels_in_one(free)
    marks = [column.name for column in free if column.kind == "marks" and not _is_id(column)]
    well_named = [option for option in named if _plain(option, free) in LABEL_NAMES]
    if len(marks) > 1 and not well_named and (not named or len(marks) > 2):
        _take_marks(found, marks, columns)
    elif len(well_named) == 1 or len(named) == 1:
        option = (well_named or named)[0]
        found.take("labels", option.value, f"{option.value!r}, {option.why}")
    elif named:
        found.questions.append(Question("labels", "which column holds the labels?", tuple(named)))
    elif len(marks) == 1:
        found.take("labels", marks, f"{marks[0]!r} alone, a column of 0/1 marks")
    else:
        why = "no column looks like labels (names that come again and again)"
        found.questions.append(Question("labels", f"{why}; there are {_few(columns)}"))


def _few(columns: Sequence[Column]) -> str:
    """The first columns by name."""
    shown = ", ".join(repr(column.name) for column in columns[:12])
    return (shown or "none left") + (f" and {len(columns) - 12} more" if len(columns) > 12 else "")


def _plain(option: Option, columns: Sequence[Column]) -> str:
    return next(column.plain_name for column in columns if column.name == option.value)


def _labels_in_one(free: Sequence[Column]) -> list[Option]:
    """The columns that may hold all labels of a row, those of several labels a row first; lists of numbers only where
    they are called labels or nothing else will do, since they may be features."""
    found, numbered = [], []
    for column in free:
        if column.kind in ("list", "written list"):
            found.append((2.0, Option(column.name, "lists")))
        elif column.kind in NUMBERED and column.plain_name in LABEL_NAMES:
            found.append((2.0, Option(column.name, "lists of numbers")))
        elif column.kind == "list of marks":
            numbered.append(Option(column.name, "lists of 0 and 1"))
        elif column.kind == "string" and not _is_split(column):
            for division in divisions(column.cells, spaces=column.plain_name in LABEL_NAMES)[:1]:
                how = "one label a row" if division.single else f"{division.a_cell:.1f} a row"
                found.append((division.a_cell, Option(column.name, f"{division.labels} labels, {how}")))
    several = [option for a_cell, option in found if a_cell > 1]
    return several or [option for _, option in found] or numbered


def _take_marks(found: Guess, marks: list[str], columns: Sequence[Column]) -> None:
    """Marks that stand side by side are labels. Where others stand between them, or they are all there is beside
    ids, some may be features."""
    names = [column.name for column in columns]
    places = [names.index(name) for name in marks]
    together = places[-1] - places[0] == len(places) - 1
    inputs = any(column.kind not in ("marks", "nothing") and not _is_id(column) for column in columns)
    shown = f"{', '.join(map(repr, marks[:3]))}{', …' * (len(marks) > 3)}"
    why = f"{len(marks)} columns of 0/1 marks: {shown}"
    if together and inputs:
        found.take("labels", marks, why)
    else:
        question = "which of the columns of 0/1 marks are labels? Others stand between them"
        if not inputs:
            question = "all columns are 0/1 marks: which of them are labels? The others are the features"
        found.questions.append(Question("labels", question, (Option(marks, why),)))


def _find_separator(found: Guess, column: Column | None) -> None:
    if column is None or "separator" in found.parameters:
        return
    if column.kind == "written list" or (column.kind in NUMBERED and column.cells):
        found.take("separator", "json", "the cells are lists")
    elif column.kind == "string":
        several = divisions(column.cells, spaces=column.plain_name in LABEL_NAMES)
        options = [
            Option(each.separator, f"{each.labels} labels, {each.a_cell:.1f} a row") for each in several
        ]
        if several and not in_doubt(several) and several[0].separator != " ":
            single = " (in no cell: each is one label)" if several[0].single else ""
            found.take("separator", several[0].separator, f"{several[0].separator!r}{single}")
            return
        found.questions.append(
            Question("separator", f"what divides the labels of {column.name!r}?", tuple(options))
        )


def _find_input(found: Guess, free: Sequence[Column], asked: Sequence[str]) -> None:
    """Images before texts before vectors before numbers; numbers beside a text are left aside, and said to be."""
    images = [column.name for column in free if column.kind == "image"]
    vectors = [column.name for column in free if column.kind in NUMBERED]
    texts = sorted(
        (
            column
            for column in free
            if column.kind == "string" and not _is_split(column) and not _is_id(column)
        ),
        key=lambda column: -column.words,
    )
    texts = [column for column in texts if column.words >= 2 or column.plain_name in TEXT_NAMES]
    numbers = [
        column.name
        for column in free
        if (column.kind == "number" and not _is_id(column)) or (column.is_0_1 and column.name not in asked)
    ]
    if len(images) == 1:
        found.take("image", images[0], f"{images[0]!r} holds images")
    elif images:
        options = tuple(Option(name, "images") for name in images)
        found.questions.append(Question("image", "which column holds the images?", options))
    elif texts:
        _take_text(found, texts, asked)
    elif len(vectors) == 1:
        found.take("features", vectors[0], f"{vectors[0]!r} holds vectors")
    elif numbers:
        shown = f"{', '.join(map(repr, numbers[:3]))}{', …' * (len(numbers) > 3)}"
        found.take("features", numbers, f"{len(numbers)} columns of numbers: {shown}")
    elif not asked or {column.name for column in free} - set(asked):
        why = "no column looks like texts, images or numbers to learn from"
        found.questions.append(Question("text", f"{why}; there are {_few(free)}"))


def _take_text(found: Guess, texts: Sequence[Column], asked: Sequence[str]) -> None:
    longest = texts[0]
    rivals = [column for column in texts[1:] if longest.words < MUCH_LONGER * column.words]
    named = [column for column in (longest, *rivals) if column.plain_name in TEXT_NAMES]
    chosen = named[0] if len(named) == 1 else longest
    if not rivals or len(named) == 1:
        others = [column.name for column in texts if column is not chosen and column.name not in asked]
        beside = f"; {', '.join(map(repr, others))} not used" if others else ""
        found.take("text", chosen.name, f"{chosen.name!r}, {chosen.words:.0f} words in the median{beside}")
        return
    options = tuple(Option(each.name, f"{each.words:.0f} words") for each in (longest, *rivals))
    found.questions.append(Question("text", "which column is the text?", options))
