"""`own`: a user's own data, by `path` (a file or a folder) or by `hub` (a Hugging Face id)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mlbench.datasets.base import ALIASES, SPLITS, Dataset
from mlbench.datasets.cards import Card, Modality, read_folder_card
from mlbench.datasets.files.assemble import Part, assemble, find_modality
from mlbench.datasets.files.folder import divide_by_split
from mlbench.datasets.files.hints import setting
from mlbench.datasets.fingerprints import file_stamps
from mlbench.datasets.places import data_folders
from mlbench.datasets.public.hub import fetch_hub, hub_folder
from mlbench.datasets.source import Request, Source, not_found, register_dataset
from mlbench.datasets.user.column_choice import ColumnChoice
from mlbench.datasets.user.image_files import find_pictures, load_pictures, names_pictures
from mlbench.datasets.user.tabular import SUFFIXES, Dialect, read_header, read_table
from mlbench.errors import ConfigError, DataError

TABLE_NAMES = ("labels", "metadata", "data", "train")

CUT_VERSION = 3
"""Raised when the same files would be read or cut otherwise: what is remembered of them is then computed anew."""


@register_dataset("own")
class OwnData(Source):
    """Your own data: CSV, TSV, JSON lines, Parquet, a folder, images with a labels file, or a hub id.

    text, image, features, labels, ids, unscored, split: names of columns; `id`, `unscored` and `split` are such where
    no other is named. `features` and `labels` may be lists of columns: numbers, and 0/1 marks (−1: not scored).
    `separator` divides labels in one string, or is "json" where it is a list. `images`: the folder that image paths
    start from. Splits that are not given, by files of their own or the column `split`, are cut with identical inputs
    in one split. `delimiter` and `quote` are those of a CSV file.
    """

    def __init__(
        self,
        path: str = "",
        hub: str = "",
        config: str = "",
        text: str = "",
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
    ) -> None:
        if path and hub:
            raise ConfigError("own data come from `path` or from `hub`, not from both")
        if sum(map(bool, (text, image, features))) > 1:
            raise ConfigError("own data have one of `text`, `image` and `features`, not several")
        self.path, self.hub, self.config = path, hub, config
        self.columns = ColumnChoice(text, image, features, labels, separator, ids, unscored, split)
        self.images, self.dialect = images, Dialect(delimiter, quote)

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
        given = [vars(self.columns), self.columns.vocabulary, self.images, vars(self.dialect)]
        return [CUT_VERSION, given, file_stamps(self.files(request))]

    def files(self, request: Request) -> list[Path]:
        place = self._place(request)
        tables = list(find_tables(place).values())
        card = place / "dataset.toml"
        pictured = self.columns.image or self.images or (place.is_dir() and not self.columns.modality)
        pictures = find_pictures(self._picture_folder(tables[0])) if pictured else []
        return [*tables, *([card] if card.is_file() else []), *pictures]

    def read(self, request: Request) -> Dataset:
        if self.hub and not hub_folder(self.hub, self.config).is_dir():
            fetch_hub(self.hub, self.config)
        place = self._place(request)
        files = find_tables(place)
        raw = {split: read_table(file, self.dialect) for split, file in files.items()}
        if set(raw) == {"train"}:
            self.columns.check_split(raw["train"])
            raw = divide_by_split(raw["train"], self.columns.split)
        parts = {split: self._with_pictures(self.columns.rename(part), place) for split, part in raw.items()}
        vocabulary: Sequence[str] | None = self.columns.vocabulary
        beside = read_folder_card(place) if place.is_dir() else None
        if beside:
            family = request.name if beside.card.family == beside.card.name else beside.card.family
            card = replace(beside.card, name=request.name, family=family)
            vocabulary = beside.vocabulary or vocabulary
        else:
            modality = find_modality(parts["train"], None) if "train" in parts else "text"
            card = Card(request.name, modality, source=self.path or self.hub)
        # A dataset known by name is cut without regard to identical inputs: published records are of that cut
        # (reuters21578 comes without a validation split and has some).
        return assemble(request.name, parts, card=card, vocabulary=vocabulary, together=True)

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
        if not names_pictures(part):
            return part
        if place.is_file() and not self.columns.image:
            raise part.place.error(
                None, f"its images are given by path; say in which column: {setting('image')}"
            )
        return load_pictures(part, self._picture_folder(Path(part.place.file)))

    def _picture_folder(self, table: Path) -> Path:
        return Path(self.images).expanduser() if self.images else table.parent


def find_tables(place: Path) -> dict[str, Path]:
    """The file of each split at `place`: the file itself, or those of a folder by their names."""
    if place.is_file():
        return {"train": place}
    files = [file for file in sorted(place.iterdir()) if file.suffix.lower() in SUFFIXES]
    by_split: dict[str, Path] = {}
    for file in files:
        split = ALIASES.get(file.stem.lower(), file.stem.lower())
        if split in SPLITS and by_split.setdefault(split, file) != file:
            raise DataError(f"{place}: both {by_split[split].name} and {file.name} are the {split} split")
    if "train" in by_split:
        return by_split
    for name in TABLE_NAMES:
        for file in files:
            if file.stem.lower() == name:
                return {"train": file}
    if len(files) == 1:
        return {"train": files[0]}
    found = ", ".join(file.name for file in files) or "no table at all"
    pictures = 0 if files else len(find_pictures(place))
    beside = f" beside {pictures} images: list them in labels.csv, columns file_name and labels" * bool(
        pictures
    )
    raise DataError(
        f"{place}: which file holds the samples? A folder needs train.csv (.tsv, .jsonl, .parquet) or labels.csv; "
        f"found {found}{beside}"
    )
