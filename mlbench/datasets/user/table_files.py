"""Which files of a folder hold the samples, and of which split."""

from __future__ import annotations

import glob
import re
from pathlib import Path

from mlbench.datasets.base import ALIASES, SPLITS, split_called
from mlbench.datasets.user.arrow_files import is_saved, saved_splits
from mlbench.datasets.user.image_files import find_images
from mlbench.datasets.user.tabular import COMPRESSED, SUFFIXES, kind_of
from mlbench.errors import DataError

TABLE_NAMES = ("labels", "metadata", "data", "train")
WORDS = "|".join((*SPLITS, *ALIASES))
ENDS = re.compile(rf"(?P<name>.+)[-_. ](?P<split>{WORDS})", re.IGNORECASE)


def find_tables(place: Path) -> dict[str, Path]:
    """The file of each split at `place`: the file itself, or those of a folder by their names; of what `save_to_disk`
    wrote the folders of the splits."""
    if place.is_file() or is_saved(place):
        return {"train": place}
    if saved := saved_splits(place):
        return {split_called(split): folder for split, folder in saved.items()}
    files = [file for file in sorted(place.iterdir()) if file.is_file() and kind_of(file) in SUFFIXES]
    by_split: dict[str, Path] = {}
    for file in files:
        split = split_called(stem_of(file))
        if split in SPLITS and by_split.setdefault(split, file) != file:
            raise DataError(f"{place}: both {by_split[split].name} and {file.name} are the {split} split")
    if "train" in by_split:
        return by_split
    for name in TABLE_NAMES:
        for file in files:
            if stem_of(file).lower() == name:
                return {"train": file}
    if named := _by_ends(place, files):
        return named
    if len(files) == 1:
        return {"train": files[0]}
    found = ", ".join(file.name for file in files[:8]) + ", …" * (len(files) > 8) or "no table at all"
    raise DataError(
        f"{place}: which file holds the samples? A folder needs train.csv (.tsv, .jsonl, .parquet) or labels.csv; "
        f"found {found}{_what_else(place, files)}"
    )


def _what_else(place: Path, files: list[Path]) -> str:
    if files:
        return "; or name one of them"
    if count := len(find_images(place)):
        return f" beside {count} images: list them in labels.csv, columns file_name and labels"
    tables = [file for file in sorted(place.rglob("*")) if file.is_file() and kind_of(file) in SUFFIXES]
    if tables:
        return f", but {tables[0].relative_to(place)}: a folder laid out like a repository of the hub is named by `hub`"
    return ""


def _by_ends(place: Path, files: list[Path]) -> dict[str, Path]:
    """movies_train.csv and movies_test.csv: the splits that names end in, where they begin alike."""
    found: dict[str, dict[str, Path]] = {}
    for file in files:
        if match := ENDS.fullmatch(stem_of(file)):
            split = split_called(match["split"])
            of_name = found.setdefault(match["name"].lower(), {})
            if of_name.setdefault(split, file) != file:
                raise DataError(f"{place}: both {of_name[split].name} and {file.name} are the {split} split")
    trained = [splits for splits in found.values() if "train" in splits]
    if len(trained) > 1:
        names = " and ".join(splits["train"].name for splits in trained)
        raise DataError(
            f"{place}: {names} are training splits of two datasets; give each a folder, or name one file"
        )
    return trained[0] if trained else {}


def files_beside(file: Path) -> list[Path]:
    """The other splits' files where `file` is called like one of several: movies_test.csv beside movies_train.csv."""
    match = ENDS.fullmatch(stem_of(file)) or re.fullmatch(
        f"(?P<name>)(?P<split>{WORDS})", stem_of(file), re.I
    )
    if match is None:
        return []
    start = file.name[: match.start("split")]
    return [
        other
        for other in sorted(file.parent.glob(f"{glob.escape(start)}*"))
        if other != file
        and kind_of(other) in SUFFIXES
        and re.fullmatch(WORDS, stem_of(other)[len(start) :], re.I)
    ]


def stem_of(file: Path) -> str:
    """The name without its ending; of `a.csv.gz` it is `a`."""
    return Path(file.stem).stem if file.suffix.lower() in COMPRESSED else file.stem
