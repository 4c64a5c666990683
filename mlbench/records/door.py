"""What a record must be for anyone to read it: any JSON may lie in a folder of results, from any version or program.

The parts that readers rely on, with their types; the schema says what they mean. What else a record has is its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, NotRequired

from typing_extensions import TypedDict

if TYPE_CHECKING:
    from pydantic import TypeAdapter

IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,99}")
"""An id names files, in folders of the store and of a report."""
Numbers = dict[str, float | None]


class _Loss(TypedDict):
    name: str
    id: str
    parameters: NotRequired[dict[str, Any]]


class _Trial(TypedDict):
    number: int
    of: NotRequired[int]
    fraction: NotRequired[float | None]
    final: NotRequired[bool]
    seeds: NotRequired[list[int]]
    edges: NotRequired[list[str]]
    untuned: NotRequired[list[list[Any]]]
    spared: NotRequired[list[list[Any]]]


class _Cell(TypedDict):
    dataset: str
    fraction: float
    seed: int
    encoder: str
    loss: _Loss
    loader: NotRequired[str]
    dataset_parameters: NotRequired[dict[str, Any]]
    encoder_options: NotRequired[dict[str, Any]]
    train: NotRequired[dict[str, Any]]
    trial: NotRequired[_Trial | None]


class _Code(TypedDict):
    loss_source: NotRequired[str | None]
    training: NotRequired[int]


_Error = TypedDict("_Error", {"class": str, "message": str, "traceback": NotRequired[str | None]})


class _History(TypedDict, total=False):
    epochs: list[dict[str, Any]]
    evaluations: list[dict[str, Any]]
    steps: int | None
    selected_step: int | None
    clipped_share: float | None


class _Dataset(TypedDict, total=False):
    fingerprint: str
    modality: str
    family: str
    cardinality: float | None
    sizes: dict[str, int]
    label_counts: dict[str, list[int]] | None
    seen_counts: list[int] | None
    known_counts: list[int] | None
    ceiling: Numbers | None


class _Record(TypedDict):
    id: str
    cell: _Cell
    suite: NotRequired[str]
    code: NotRequired[_Code | None]
    error: NotRequired[_Error | None]
    environment: NotRequired[dict[str, Any] | None]
    started: NotRequired[str | None]
    finished: NotRequired[str | None]
    warnings: NotRequired[list[str] | None]
    retries: NotRequired[list[dict[str, Any]] | None]
    progress: NotRequired[dict[str, Any] | None]
    metrics: NotRequired[dict[str, Numbers] | None]
    probe_metrics: NotRequired[dict[str, Numbers] | None]
    floor_metrics: NotRequired[dict[str, Numbers] | None]
    threshold: NotRequired[Numbers | None]
    history: NotRequired[_History | None]
    dataset: NotRequired[_Dataset | None]
    memory: NotRequired[Numbers | None]
    timing: NotRequired[Numbers | None]
    micro_batch: NotRequired[int | None]


def fault(record: Mapping[str, Any]) -> str:
    """The first thing that is not as it must be: "cell.seed: Input should be a valid integer"; "" where all is."""
    from pydantic import ValidationError

    try:
        _adapter().validate_python(record, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        more = f", and {error.error_count() - 1} more" if error.error_count() > 1 else ""
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}{more}"
    if not IDENTIFIER.fullmatch(record["id"]):
        return f"id: {record['id'][:50]!r} can name no file"
    return ""


@cache
def _adapter() -> TypeAdapter[_Record]:
    from pydantic import TypeAdapter

    return TypeAdapter(_Record)
