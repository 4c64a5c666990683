"""Named datasets whose public source is a repository of the Hugging Face hub."""

from __future__ import annotations

import tempfile
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

from filelock import FileLock

from mlbench.datasets.base import split_called
from mlbench.datasets.files.writing import Sample, write_samples
from mlbench.datasets.places import fetched_root
from mlbench.datasets.public.downloads import Download, Progress
from mlbench.datasets.public.hub import hub_tables
from mlbench.datasets.public.public_source import PublicSource
from mlbench.datasets.public.tree import Tree
from mlbench.datasets.source import Request
from mlbench.errors import ConfigError

ROWS_AT_ONCE = 1000


class HubSource(PublicSource):
    """Reads a hub repository's files through `datasets`; `--from` takes a local copy of the repository."""

    repository: ClassVar[str]
    config: ClassVar[str] = ""

    @abstractmethod
    def sample(self, row: dict[str, Any], number: int) -> Sample:
        """One row; class numbers are names already, images are {bytes, path}."""

    def labels(self) -> Sequence[str] | None:
        """The labels in their official order; None: the sorted union of those that occur."""
        return None

    def downloads(self) -> tuple[Download, ...]:
        url = f"https://huggingface.co/datasets/{self.repository}"
        return (Download(f"hub:{self.repository} {self.config}".strip(), url),)

    def fetch(
        self, request: Request, *, given: Sequence[Path] = (), progress: Progress | None = None
    ) -> Path:
        folder = fetched_root() / self.folder_name(request.loader)
        folder.parent.mkdir(parents=True, exist_ok=True)
        if len(given) > 1:
            raise ConfigError(f"{request.loader}: --from takes one folder, a copy of {self.repository}")
        repository = str(given[0].resolve()) if given else self.repository
        with FileLock(folder.parent / f".{folder.name}.lock"):
            if given or not (folder / "train.parquet").is_file():
                with tempfile.TemporaryDirectory(prefix=".hub-", dir=folder.parent) as work:
                    samples = self._rows(repository, Path(work))
                    said = (
                        (lambda count: progress(f"{folder.name}: samples", count, None)) if progress else None
                    )
                    write_samples(folder, samples, self.card(), self.labels(), said)
        return folder

    def samples(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        raise NotImplementedError("a hub repository is read by its rows")

    def _rows(self, repository: str, work: Path) -> Iterator[tuple[str, Sample]]:
        for split, table in hub_tables(repository, self.config, cache=work).items():
            number = 0
            for batch in table.to_batches(max_chunksize=ROWS_AT_ONCE):
                for row in batch.to_pylist():
                    yield split_called(split), self.sample(row, number)
                    number += 1
