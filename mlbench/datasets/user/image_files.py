"""Images that a table names by their paths: read from the folder that they lie in, and from nowhere else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from mlbench.datasets.files.arrow_types import is_text
from mlbench.datasets.files.assemble import Part
from mlbench.datasets.files.columns import Place
from mlbench.datasets.files.hints import setting
from mlbench.errors import DataError, did_you_mean

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".ppm", ".pgm", ".jp2")


def find_images(folder: Path) -> list[Path]:
    """The image files under `folder`, sorted."""
    return sorted(file for file in folder.rglob("*") if file.suffix.lower() in SUFFIXES)


def names_images(part: Part) -> bool:
    """Whether the column `image` holds paths rather than encoded images."""
    if "image" not in part.table.column_names:
        return False
    kind = part.table.column("image").type
    return is_text(kind)


def load_images(part: Part, folder: Path, *, skip: bool = False) -> Part:
    """The part with the paths in the column `image` replaced by the files' bytes; what cannot be read is left empty
    where it will be skipped. Raises DataError that names the first, and how many more there are."""
    root, place = folder.resolve(), part.place
    names = part.table.column("image").to_pylist()
    encoded: list[bytes] = []
    problems: list[DataError] = []
    for row, name in enumerate(names):
        try:
            encoded.append(_read(root, name, row, place))
        except DataError as error:
            problems.append(error)
            encoded.append(b"")
    if problems and not skip:
        more = f" ({len(problems) - 1:,} more are so)" if len(problems) > 1 else ""
        raise DataError(f"{problems[0]}{more}")
    index = part.table.column_names.index("image")
    table = part.table.set_column(index, "image", pa.array(encoded, pa.large_binary()))
    origins = [f"{place.file}, {place.row_name(row)}: image {name!r}" for row, name in enumerate(names)]
    return replace(part, table=table, origins=origins)


def _read(root: Path, name: str | None, row: int, place: Place) -> bytes:
    if not name:
        raise place.error(row, "the image's path is empty; fill it in or drop the row")
    file = (root / name).resolve()
    if "\\" in name and not file.exists():
        # As Windows writes paths.
        file = (root / name.replace("\\", "/")).resolve()
    if not file.is_relative_to(root):
        raise place.error(
            row, f"image {name!r} lies outside of {root}; name the folder by {setting('images')}"
        )
    try:
        return file.read_bytes()
    except OSError as error:
        nearby = [other.name for other in sorted(file.parent.glob("*"))[:5000]]
        hint = did_you_mean(file.name, nearby) if nearby else ""
        below = next((each for each in sorted(root.glob("*/")) if (each / name).is_file()), None)
        if below is not None:
            hint = f"; it is in the folder {below.name}: {setting('images', below.name)}"
        raise place.error(row, f"image {name!r} cannot be read in {root} ({error.strerror}){hint}") from None
