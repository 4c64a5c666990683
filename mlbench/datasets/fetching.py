"""`mlbench fetch`: get datasets before they are needed, or say what getting them would take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mlbench.datasets.cards import Card
from mlbench.datasets.loading import ask
from mlbench.datasets.public.downloads import Progress
from mlbench.datasets.public.hub import fetch_hub
from mlbench.datasets.public.public_source import Needs, PublicSource
from mlbench.datasets.source import GeneratedSource, Request, Source
from mlbench.datasets.user.loader import OwnData
from mlbench.errors import ConfigError, DatasetNotFoundError

Status = Literal["here", "built in", "fetched", "to fetch", "by hand"]


@dataclass(frozen=True)
class Fetched:
    """What became of one dataset. `bytes` to download, where it is known; `advice` where a user has to act."""

    name: str
    status: Status
    card: Card
    folder: Path | None = None
    bytes: int | None = None
    urls: tuple[str, ...] = ()
    advice: str = ""

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "name": self.name,
            "status": self.status,
            "folder": None if self.folder is None else str(self.folder),
            "bytes": self.bytes,
            "urls": list(self.urls),
            "licence": self.card.licence,
            "access": self.card.access,
            "advice": self.advice,
        }


def fetch(
    loader: str,
    parameters: Mapping[str, Any] | None = None,
    *,
    data_root: Path | None = None,
    given: Sequence[Path] = (),
    dry_run: bool = False,
    progress: Progress | None = None,
) -> Fetched:
    """Make the dataset be on this machine: in the data root, or fetched into the cache.

    `given` (`--from`) are files or folders got by hand, read instead of the network. With `dry_run` nothing is
    fetched and the answer says what it would take. Raises DatasetNotFoundError where it cannot be had.
    """
    source, request = ask(loader, parameters, None, data_root)
    if given and not isinstance(source, PublicSource):
        raise ConfigError(f"dataset {loader!r} is not made from files; --from does not apply to it")
    if not given:
        here = _present(source, request)
        if here is not None:
            return here
    if isinstance(source, PublicSource):
        return _public(source, request, given, dry_run, progress)
    if isinstance(source, OwnData) and source.hub:
        if dry_run:
            return Fetched(loader, "to fetch", source.card(), urls=(f"hub: {source.hub}",))
        return Fetched(loader, "fetched", source.card(), fetch_hub(source.hub, source.config))
    source.files(request)
    raise DatasetNotFoundError(f"dataset {loader!r} cannot be fetched")


def _present(source: Source, request: Request) -> Fetched | None:
    """What is said of a dataset that is here; None where it is not."""
    if isinstance(source, GeneratedSource):
        return Fetched(request.loader, "built in", source.card())
    try:
        files = source.files(request)
    except DatasetNotFoundError:
        return None
    return Fetched(request.loader, "here", source.card(), files[0].parent)


def _public(
    source: PublicSource, request: Request, given: Sequence[Path], dry_run: bool, progress: Progress | None
) -> Fetched:
    needs = Needs(source.downloads())
    urls = tuple(item.url for item in needs.downloads if item.url)
    advice = source.how_to_get(source.folder_name(request.loader)) if needs.by_hand else ""
    if dry_run:
        status: Status = "by hand" if needs.by_hand else "to fetch"
        return Fetched(request.loader, status, source.card(), None, needs.size, urls, advice)
    if needs.by_hand and not given:
        raise DatasetNotFoundError(f"dataset {request.loader!r}: {advice}")
    try:
        folder = source.fetch(request, given=given, progress=progress)
    except DatasetNotFoundError as error:
        raise DatasetNotFoundError(
            f"dataset {request.loader!r}: {error}\n  what to do: "
            f"{source.how_to_get(source.folder_name(request.loader))}; or get the files elsewhere and "
            f"`mlbench fetch {request.loader} --from FILE`"
        ) from None
    return Fetched(request.loader, "fetched", source.card(), folder, needs.size, urls)
