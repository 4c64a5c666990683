"""Which losses of a report stand for those that a claim names, and which datasets it is about."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mlbench.report.data.grid import Grid, Task
from mlbench.report.data.tuned.drawn import as_trained
from mlbench.report.wording import count, listed

Keep = Callable[[Task], bool]
"""Which tasks a claim is about; the first line of its docstring says which these are."""

MANY, FEW = 50, 25
"""Numbers of labels: "many" from here, "few" up to here."""


def of_kind(grid: Grid, names: Iterable[str], **parameters: object) -> list[str]:
    """One loss of the report for each of the registered `names`, of those all of whose cells were trained with these
    parameters.

    A variant does not count beside its loss: of several of one name the one that bears it stands for all, else the
    first.
    """
    cells, found = as_trained(grid.cells) if parameters else grid.cells, []
    fits = cells["loss_name"].notna()
    for key, value in parameters.items():
        column = f"cell/loss/parameters/{key}"
        fits &= cells[column] == value if column in cells.columns else False
    others = set(cells.loc[~fits, "loss"])
    for name in names:
        here = sorted(set(cells.loc[fits & (cells["loss_name"] == name), "loss"]) - others)
        if here:
            found.append(name if name in here else here[0])
    return found


def of_both_kinds(grid: Grid, name: str, key: str) -> str:
    """A sentence where tuning chose the parameter `key` of a loss, so that it is of one form on some datasets and of
    another on others; empty where it did not."""
    cells, column = as_trained(grid.cells), f"cell/loss/parameters/{key}"
    own = cells[cells["loss_name"] == name]
    if column not in own.columns:
        return ""
    for loss, rows in own.groupby("loss"):
        by_value = rows.groupby(column)["dataset"].nunique()
        if len(by_value) > 1:
            forms = listed([f"{value} on {count(int(here), 'dataset')}" for value, here in by_value.items()])
            return f"Tuning chose {key} of {loss} ({forms}), so that no loss here is of one form alone."
    return ""


def any_task(_: Task) -> bool:
    """Every dataset."""
    return True


def many_labels(task: Task) -> bool:
    """Datasets of at least 50 labels."""
    return task.labels >= MANY


def few_labels(task: Task) -> bool:
    """Datasets of at most 25 labels."""
    return 0 < task.labels <= FEW


def end_to_end(task: Task) -> bool:
    """Datasets whose encoder is trained with the loss."""
    return task.trained


def kind_of(keep: Keep) -> str:
    """What a rule keeps, in words that go on a sentence."""
    words = (keep.__doc__ or keep.__name__).strip().splitlines()[0].rstrip(".")
    return words[0].lower() + words[1:]
