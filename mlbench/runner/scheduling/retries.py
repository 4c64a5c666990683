"""Which failures are worth another try."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from mlbench.runner.scheduling.job import CellTask
from mlbench.runner.worker.attempt import Failed

_NEED = re.compile(r"Tried to allocate ([\d.]+ \w+).*?([\d.]+ \w+) is allocated by PyTorch", re.DOTALL)


def another_try(
    task: CellTask, failed: Failed, micro_batch: int | None, retries: Sequence[Mapping[str, Any]]
) -> dict[str, Any] | None:
    """What to note of a failure that is worth another try; None where it is final.

    A worker's death is, once; so is memory that ran out, as long as a smaller micro-batch than the last try's,
    `micro_batch` or else the protocol's, may make a difference.
    """
    note = {"class": failed.error_class, "message": failed.message}
    if failed.how == "died":
        return note if not any(retry["class"] == "crash" for retry in retries) else None
    if failed.error_class != "oom" or failed.how != "raised" or not task.per_sample:
        return None
    protocol = task.cell.train
    given = micro_batch or protocol.micro_batch or protocol.batch_size
    taken = min(given, protocol.batch_size, failed.rows or sys.maxsize)
    if taken == 1 or any(same_need(failed.message, retry["message"]) for retry in retries):
        return None
    return {**note, "micro_batch": taken // 2}


def same_need(message: str, earlier: str) -> bool:
    """Whether two CUDA errors asked for as much memory while as much was held: then the micro-batch, which differed,
    has nothing to do with it, as in an evaluation. False where a message does not say so much."""
    now, then = _NEED.search(message), _NEED.search(earlier)
    return now is not None and then is not None and now.groups() == then.groups()
