"""Tables in the folder format's columns -> a Dataset: one place where all data is checked, whatever its source.

Columns: `text` or `image` or `features`; `labels`, list of strings; optionally `id` and `unscored` (list of
labels that are not to be evaluated on the row). Others are ignored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mlbench.datasets.base import SPLITS, Dataset, Inputs, Split
from mlbench.datasets.cards import MODALITIES, Card, Modality
from mlbench.datasets.files.columns import (
    Place,
    column_of,
    label_matrix,
    label_names,
    read_features,
    read_ids,
    read_images,
    read_label_lists,
    read_texts,
)
from mlbench.datasets.files.marks import are_multi_hot, only_marks, parse_multi_hot
from mlbench.datasets.splits.cutting import cut_missing
from mlbench.datasets.stored import StoredImages
from mlbench.errors import DataError

CUT_REMEDY = "; give more rows, or say by a column 'split' or a file of its own which rows are {}"
"""What helps where a split had to be cut and is of no use."""


@dataclass(frozen=True)
class Part:
    """One table and where it came from; images that stay in their file are no column of it.

    unknown: the rows, bool [N], of which nobody knows any label. origins: what to call each row's input in an error,
    where it is a file of its own. remarks: what a user should know of how it was read, a sentence each.
    """

    table: pa.Table
    place: Place
    images: StoredImages | None = None
    unknown: npt.NDArray[np.bool_] | None = None
    origins: Sequence[str] | None = None
    remarks: tuple[str, ...] = ()

    def take(self, rows: npt.NDArray[np.int64], split: str = "") -> Part:
        """These rows, still called by their number in the file; `split` says which split of it they are."""
        called = self.place.row_name
        return replace(
            self,
            table=self.table.take(rows),
            place=replace(
                self.place, row_name=lambda row: called(int(rows[row])), split=split or self.place.split
            ),
            images=None if self.images is None else self.images.take(rows),
            unknown=None if self.unknown is None else self.unknown[rows],
            origins=None if self.origins is None else [self.origins[row] for row in rows],
        )


def assemble(
    name: str,
    parts: Mapping[str, Part],
    *,
    card: Card | None = None,
    vocabulary: Sequence[str] | None = None,
    together: bool = False,
    remarks: Sequence[str] = (),
) -> Dataset:
    """The Dataset of the tables given by split name; missing splits are cut as `cut_missing` says, rows with
    identical inputs kept `together` where that is asked for.

    Raises DataError for whatever cannot be used: a column of the wrong type, a missing text, a label outside
    the vocabulary, an empty split, a split in which no row has a label, ids given twice.
    """
    if "train" not in parts:
        raise DataError(f"{name}: there is no train split; found: {', '.join(parts) or 'nothing'}")
    modality = find_modality(parts["train"], card)
    lists = {split: _labels_of(part, "labels") for split, part in parts.items()}
    if vocabulary is None:
        _refuse_marks(parts, lists)
        vocabulary = sorted(set().union(*(label_names(column) for column in lists.values())))
        if not vocabulary:
            raise parts["train"].place.error(None, "no row has a label; check the column 'labels'")
    splits = {split: _read_split(part, modality, lists[split], vocabulary) for split, part in parts.items()}
    _check_widths(splits, parts)
    cut = cut_missing(splits, together=together)
    told = [
        f"no {split} split in the data: {len(cut[split]):,} rows were cut from train, by a fixed seed"
        for split in SPLITS
        if split not in parts
    ]
    for split in SPLITS:
        place = parts.get(split, parts["train"]).place
        remedy = CUT_REMEDY.format(split) if split not in parts else ""
        _check_not_empty(cut[split], split, place, remedy)
    return Dataset(
        name=name,
        modality=modality,
        labels=tuple(vocabulary),
        train=cut["train"],
        validation=cut["validation"],
        test=cut["test"],
        card=card or Card(name=name, modality=modality),
        remarks=(
            *dict.fromkeys(remark for part in parts.values() for remark in part.remarks),
            *remarks,
            *told,
        ),
    )


def find_modality(part: Part, card: Card | None) -> Modality:
    """The card's modality, else the one whose column the table has."""
    names = part.table.column_names + (["image"] if part.images is not None else [])
    present = [modality for modality in MODALITIES if modality in names]
    if card is not None:
        if card.modality not in names:
            raise part.place.error(
                None,
                f"there is no column {card.modality!r} (dataset.toml says modality {card.modality!r}); "
                f"its columns are {', '.join(names)}",
            )
        return card.modality
    if len(present) != 1:
        which = " and ".join(present) if present else "none of them"
        raise part.place.error(
            None,
            f"exactly one of the columns 'text', 'image', 'features' is needed, found {which}; "
            f"its columns are {', '.join(names)}",
        )
    return present[0]


def _refuse_marks(parts: Mapping[str, Part], lists: Mapping[str, pa.ChunkedArray]) -> None:
    """Raise where lists hold a mark for each label and nobody says which labels: they would be called 0 and 1."""
    if only_marks(set().union(*(label_names(column) for column in lists.values()))):
        for split, column in lists.items():
            rows = column.to_pylist()
            if are_multi_hot(rows):
                place = parts[split].place
                parse_multi_hot(rows, (), place.called("labels"), place)


def _labels_of(part: Part, name: str) -> pa.ChunkedArray:
    column = column_of(part.table, name)
    if column is None:
        names = part.table.column_names
        raise part.place.error(None, f"there is no column {name!r}; its columns are {', '.join(names)}")
    return read_label_lists(column, part.place.called(name), part.place)


def _read_split(part: Part, modality: Modality, lists: pa.ChunkedArray, vocabulary: Sequence[str]) -> Split:
    table, place = part.table, part.place
    if table.num_rows == 0:
        raise place.error(None, "the split is empty: it has no rows; fill it or remove the file")
    column = column_of(table, modality)
    if column is None and part.images is None:
        raise place.error(
            None, f"there is no column {modality!r}; its columns are {', '.join(table.column_names)}"
        )
    inputs = _read_inputs(column, modality, place) if part.images is None else part.images
    targets = label_matrix(lists, vocabulary, place.called("labels"), place)
    unscored = None
    if "unscored" in table.column_names:
        name = place.called("unscored")
        skipped = read_label_lists(column_of(table, "unscored"), name, place)
        unscored = label_matrix(skipped, vocabulary, name, place).astype(bool)
    if part.unknown is not None:
        unscored = part.unknown[:, None] | (np.zeros(targets.shape, bool) if unscored is None else unscored)
    if unscored is not None and not unscored.any():
        unscored = None
    ids = read_ids(column_of(table, "id"), table.num_rows, place.called("id"), place)
    return Split(inputs, targets, ids, unscored, part.origins)


def _read_inputs(column: pa.ChunkedArray, modality: Modality, place: Place) -> Inputs:
    if modality == "text":
        return read_texts(column, place.called(modality), place)
    if modality == "image":
        return read_images(column, place.called(modality), place)
    return read_features(column, place.called(modality), place)


def _check_widths(splits: Mapping[str, Split], parts: Mapping[str, Part]) -> None:
    """Vectors must be as long in every split."""
    widths = {
        name: split.inputs.shape[1] for name, split in splits.items() if isinstance(split.inputs, np.ndarray)
    }
    for name, width in widths.items():
        if width != widths["train"]:
            raise parts[name].place.error(
                None, f"its vectors have {width} numbers, those of the train split {widths['train']}"
            )


def _check_not_empty(split: Split, name: str, place: Place, remedy: str) -> None:
    if len(split) == 0:
        raise place.error(
            None,
            f"the {name} split is empty: the rows are too few, or their inputs too alike, to cut one{remedy}",
        )
    scored = split.targets if split.unscored is None else split.targets * ~split.unscored
    if not scored.any():
        raise place.error(
            None, f"no row of the {name} split has a label; nothing can be learnt or scored{remedy}"
        )
