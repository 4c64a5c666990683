"""Datasets of the papers: fetched from their public source, or made from files got by hand, once."""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import ClassVar

from filelock import FileLock

from mlbench.datasets.base import Dataset
from mlbench.datasets.files.folder import read_folder
from mlbench.datasets.files.writing import Sample, write_samples
from mlbench.datasets.fingerprints import content_fingerprint
from mlbench.datasets.places import cache_root, fetched_root
from mlbench.datasets.public.downloads import Download, Progress, download, mismatch
from mlbench.datasets.public.tree import Tree
from mlbench.datasets.source import NamedSource, Request
from mlbench.errors import DataError, DatasetNotFoundError


@dataclass(frozen=True)
class Needs:
    """What fetching a dataset takes: its files, how many bytes where that is known, and by whose leave."""

    downloads: tuple[Download, ...]

    @property
    def by_hand(self) -> bool:
        """Whether a file has to be got by hand."""
        return any(item.url is None for item in self.downloads)

    @property
    def size(self) -> int | None:
        """Bytes to download; None where a file's size is not published."""
        sizes = [item.size for item in self.downloads]
        return None if None in sizes else sum(size for size in sizes if size is not None)


class PublicSource(NamedSource):
    """A dataset with public files: `downloads` says which, `samples` reads them.

    `fingerprint` is that of the published results' rows, where they can be made from the public files; `made_with`
    names the libraries whose release may make them otherwise.
    """

    fingerprint: ClassVar[str] = ""
    made_with: ClassVar[str] = ""

    @abstractmethod
    def downloads(self) -> tuple[Download, ...]:
        """The public files."""

    @abstractmethod
    def samples(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        """(split, sample) pairs, in an order that does not depend on how the files were packed."""

    def vocabulary(self, tree: Tree) -> Sequence[str] | None:
        """The labels in their official order; None: the sorted union of those that occur."""
        return None

    def how_to_get(self, folder_name: str) -> str:
        needs = Needs(self.downloads())
        name = folder_name.split(",")[0]
        if needs.by_hand:
            notes = "; ".join(dict.fromkeys(item.note for item in needs.downloads if item.url is None))
            return f"{notes}; then `mlbench fetch {name} --from FILE` (or a folder that holds all its files)"
        variant = "" if name == folder_name else " of a suite that asks for it so"
        command = "`mlbench fetch SUITE`" if variant else f"`mlbench fetch {name}`"
        return (
            f"{command}{variant} where there is a network; or copy its folder to "
            f"{fetched_root() / folder_name}, or name the folder that holds it by --data-root"
        )

    def read(self, request: Request) -> Dataset:
        try:
            self.folder(request)
        except DatasetNotFoundError as absent:
            if Needs(self.downloads()).by_hand or offline():
                raise
            try:
                self.fetch(request)
            except DatasetNotFoundError as error:
                raise DatasetNotFoundError(f"{absent}\n  its public source: {error}") from None
        return super().read(request)

    def fetch(
        self, request: Request, *, given: Sequence[Path] = (), progress: Progress | None = None
    ) -> Path:
        """Its folder in the cache, made unless it is there; `given` are files or folders got by hand."""
        folder = fetched_root() / self.folder_name(request.loader)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.parent / f".{folder.name}.lock"):
            if given or not (folder / "train.parquet").is_file():
                self._convert(folder, given or self._download(request.loader, progress), progress)
                self._compare(folder, request)
        return folder

    def _download(self, name: str, progress: Progress | None) -> list[Path]:
        """The files; of those whose names have folders, the folders."""
        place = cache_root() / "downloads" / name
        for item in self.downloads():
            download(item, place, progress)
        return list(dict.fromkeys(place / PurePosixPath(item.name).parts[0] for item in self.downloads()))

    def _compare(self, folder: Path, request: Request) -> None:
        """Warn where the rows that were made are not those of the published results."""
        if not self.fingerprint:
            return
        made = content_fingerprint(read_folder(folder, request.name, self.card()))
        if made != self.fingerprint:
            why = f"; {self.made_with} of another release may make them otherwise" if self.made_with else ""
            warnings.warn(
                f"dataset {request.name!r} was made with other rows than those of the published results "
                f"(fingerprint {made}, theirs {self.fingerprint}){why}: compare no score with theirs",
                stacklevel=3,
            )

    def _convert(self, folder: Path, files: Sequence[Path], progress: Progress | None) -> None:
        pinned = {item.name: item for item in self.downloads()}
        for file in files:
            if not file.exists():
                raise DataError(f"{file}: no such file or folder")
            problem = mismatch(pinned[file.name], file) if file.name in pinned and file.is_file() else ""
            if problem:
                raise DataError(f"{file} {problem}: it is damaged or was changed; get it again")
        work = Path(tempfile.mkdtemp(prefix=".unpacked-", dir=folder.parent))
        try:
            with Tree(files, work) as tree:
                said = (lambda count: progress(f"{folder.name}: samples", count, None)) if progress else None
                write_samples(folder, self.samples(tree), self.card(), self.vocabulary(tree), said)
        finally:
            shutil.rmtree(work, ignore_errors=True)


def offline() -> bool:
    """Whether the user said that there is no network."""
    return any(os.environ.get(name, "0") not in ("", "0") for name in ("MLBENCH_OFFLINE", "HF_HUB_OFFLINE"))
