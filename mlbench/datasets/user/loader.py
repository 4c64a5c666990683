"""`own`: a user's own data, by `path` (a file or a folder) or by `hub` (a Hugging Face id)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Literal

from mlbench.datasets.base import Dataset
from mlbench.datasets.cards import Card, FolderCard, Modality, read_folder_card
from mlbench.datasets.files.assemble import Part, assemble, find_modality
from mlbench.datasets.files.folder import divide_by_split
from mlbench.datasets.files.hints import setting
from mlbench.datasets.files.writing_of_labels import LabelWriting
from mlbench.datasets.fingerprints import file_stamps
from mlbench.datasets.places import data_folders
from mlbench.datasets.public.hub import fetch_hub, hub_folder
from mlbench.datasets.source import Request, Source, not_found, register_dataset
from mlbench.datasets.user.arrow_files import saved_files
from mlbench.datasets.user.column_choice import ColumnChoice
from mlbench.datasets.user.image_files import find_images, load_images, names_images
from mlbench.datasets.user.missing import settle_missing
from mlbench.datasets.user.table_files import files_beside, find_tables
from mlbench.datasets.user.tabular import Dialect, read_header, read_table
from mlbench.datasets.user.unreadable import skip_unreadable
from mlbench.errors import ConfigError

CUT_VERSION = 4
"""Raised when the same files would be read or cut otherwise: what is remembered of them is then computed anew."""


@register_dataset("own")
class OwnData(Source):
    """Your own data: a table (CSV, JSON, Parquet, Arrow, Excel, npz), a folder, images with a labels file, or a hub id.

    text, image, features, labels, ids, unscored, split: names of columns; `id` (but for `ids = "none"`), `unscored` and
    `split` are such where no other is named. `text`, `features` and `labels` may be lists of columns: texts, numbers,
    and marks (0 and 1, yes and no, x and nothing; −1: not scored), and `is_*` stands for all that begin so.
    `separator` divides labels in one string; "json": it is a list, "none": it is one label. `label_names` are those of
    lists of marks, by place, and of class numbers. `na_values` are words for a missing cell. `missing`: what rows are
    of whose labels nothing is said: "negative", "unknown", "drop", "error"; unless said, negative up to 1 % of rows.
    `images`: the folder that image paths start from; `unreadable` images are "skip"ped, or fail when they are decoded.
    Splits that are not given, by files of their own or the column `split`, are cut with identical inputs in one split.
    `delimiter` and `quote` are those of a CSV file.
    """

    def __init__(
        self,
        path: str = "",
        hub: str = "",
        config: str = "",
        text: str | list[str] = "",
        image: str = "",
        features: str | list[str] = "",
        labels: str | list[str] = "labels",
        separator: str = "",
        ids: str = "",
        unscored: str = "",
        split: str = "split",
        images: str = "",
        delimiter: str = "",
        quote: str = '"',
        label_names: list[str] = [],  # noqa: B006
        na_values: list[str] | Literal["ask"] = "ask",
        missing: Literal["", "negative", "unknown", "drop", "error"] = "",
        unreadable: Literal["error", "skip"] = "error",
    ) -> None:
        if path and hub:
            raise ConfigError("own data come from `path` or from `hub`, not from both")
        if sum(map(bool, (text, image, features))) > 1:
            raise ConfigError("own data have one of `text`, `image` and `features`, not several")
        self.path, self.hub, self.config = path, hub, config
        writing = LabelWriting(separator, tuple(label_names), na_values)
        self.columns = ColumnChoice(text, image, features, labels, ids, unscored, split, writing)
        self.images, self.dialect = images, Dialect(delimiter, quote)
        self.missing, self.unreadable = missing, unreadable

    def card(self) -> Card:
        return Card(name="own", modality=self.columns.modality or "text", source=self.path or self.hub)

    def known_modality(self) -> Modality | None:
        return self.columns.modality

    def check(self, request: Request) -> None:
        tables = find_tables(self._place(request))
        for file in tables.values():
            header = read_header(file, self.dialect)
            if header is not None:
                self.columns.check(header)
                if set(tables) == {"train"}:
                    self.columns.check_split(header)

    def stamp(self, request: Request) -> Any:
        given = [asdict(self.columns), self.images, vars(self.dialect), self.missing, self.unreadable]
        return [CUT_VERSION, given, file_stamps(self.files(request))]

    def files(self, request: Request) -> list[Path]:
        place = self._place(request)
        tables = [
            file
            for table in find_tables(place).values()
            for file in (saved_files(table) if table.is_dir() else [table])
        ]
        card = place / "dataset.toml"
        of_images = self.columns.image or self.images or (place.is_dir() and not self.columns.modality)
        files = find_images(self._image_folder(tables[0])) if of_images else []
        return [*tables, *([card] if card.is_file() else []), *files]

    def read(self, request: Request) -> Dataset:
        if self.hub and not hub_folder(self.hub, self.config).is_dir():
            fetch_hub(self.hub, self.config)
        place = self._place(request)
        files = find_tables(place)
        raw = {split: read_table(file, self.dialect) for split, file in files.items()}
        _refuse_unlabelled(raw, files, self.columns)
        if set(raw) == {"train"}:
            self.columns.check_split(raw["train"])
            raw = divide_by_split(raw["train"], self.columns.split)
        beside = read_folder_card(place) if place.is_dir() else None
        columns = self._named(beside).expand(raw.get("train", next(iter(raw.values()))))
        renamed = {split: columns.rename(part) for split, part in raw.items()}
        beside_it = [] if place.is_dir() else files_beside(place)
        parts, remarks = settle_missing(renamed, self.missing, columns.called)
        parts = {split: self._with_pictures(part, place) for split, part in parts.items()}
        if self.unreadable == "skip":
            parts = {split: skip_unreadable(part) for split, part in parts.items()}
        vocabulary: Sequence[str] | None = columns.vocabulary
        if beside:
            family = request.name if beside.card.family == beside.card.name else beside.card.family
            card = replace(beside.card, name=request.name, family=family)
            vocabulary = beside.vocabulary or vocabulary
        else:
            modality = find_modality(parts["train"], None) if "train" in parts else "text"
            card = Card(request.name, modality, source=self.path or self.hub)
        if beside_it:
            names = ", ".join(file.name for file in beside_it)
            remarks.append(
                f"{names} beside it: not read; name the folder, {place.parent}, to use all of them as splits"
            )
        # A dataset known by name is cut without regard to identical inputs: published records are of that cut
        # (reuters21578 comes without a validation split and has some).
        return assemble(request.name, parts, card=card, vocabulary=vocabulary, together=True, remarks=remarks)

    def _named(self, beside: FolderCard | None) -> ColumnChoice:
        """The choice, with the names of a card where the user gives none."""
        writing = self.columns.writing
        if beside is None or beside.vocabulary is None or writing.label_names:
            return self.columns
        return replace(self.columns, writing=replace(writing, listed=beside.vocabulary))

    def _place(self, request: Request) -> Path:
        if self.hub:
            folder = hub_folder(self.hub, self.config)
            if folder.is_dir():
                return folder
            remedy = f"`mlbench fetch` gets {self.hub!r} from the hub; or give a file as `path`"
            raise not_found(request.name, [folder], remedy)
        if not self.path:
            raise ConfigError("own data need `path = …` (a file or folder) or `hub = …` (a Hugging Face id)")
        given = Path(self.path).expanduser()
        places = [given, *(root / given for root in data_folders(request.data_root))]
        for place in places:
            if place.exists():
                return place
        raise not_found(request.name, places, "correct `path`; it is taken from the folder you are in")

    def _with_pictures(self, part: Part, place: Path) -> Part:
        if not names_images(part):
            return part
        if place.is_file() and not self.columns.image:
            raise part.place.error(
                None, f"its images are given by path; say in which column: {setting('image')}"
            )
        folder = self._image_folder(Path(part.place.file))
        return load_images(part, folder, skip=self.unreadable == "skip")

    def _image_folder(self, table: Path) -> Path:
        return Path(self.images).expanduser() if self.images else table.parent


def _refuse_unlabelled(raw: Mapping[str, Part], files: Mapping[str, Path], columns: ColumnChoice) -> None:
    """Raise where another split's file lacks the labels that the training one has, as those of competitions do."""
    labels = columns.labels
    if not isinstance(labels, str) or "train" not in raw or labels not in raw["train"].table.column_names:
        return
    for split, part in raw.items():
        if split in files and labels not in {*part.table.column_names, *part.place.broken}:
            raise part.place.error(
                None,
                f"the {split} split has no column {labels!r}: nothing can be scored without labels; name the training "
                f"file alone, {setting('path', str(files['train']))}, and a {split} split is cut from it",
            )
