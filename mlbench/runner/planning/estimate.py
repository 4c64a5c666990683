"""How long what is to be done will take, and how much memory, from the records of like cells."""

from __future__ import annotations

import contextlib
import json
import statistics
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mlbench.errors import DataError
from mlbench.records import RecordError, Store, stores
from mlbench.runner.options import RunOptions
from mlbench.runner.planning.plan import Plan, PlannedCell
from mlbench.runner.scheduling.devices import chosen_devices
from mlbench.suite import untuned

_PACE = ("epochs", "batch_size", "min_steps", "precision", "views", "probe")
"""What of the protocol decides how long a cell takes."""


@dataclass(frozen=True)
class Estimate:
    """What one cell is expected to take.

    - `seconds`: with a device to itself.
    - `host_memory`: peak bytes of its process; None where no record says.
    - `device_memory`: peak bytes of the device, likewise.
    - `same_loss`: whether records of the same loss say so, or only those of other losses on the same data.
    """

    seconds: float
    host_memory: int | None
    device_memory: int | None
    same_loss: bool


@dataclass(frozen=True)
class Estimates:
    """Of everything that a plan would train; None for a cell that nothing is known of."""

    cells: tuple[tuple[PlannedCell, Estimate | None], ...]

    @property
    def known(self) -> list[Estimate]:
        return [estimate for _, estimate in self.cells if estimate is not None]

    @property
    def unknown(self) -> int:
        """The number of cells that nothing is known of."""
        return len(self.cells) - len(self.known)

    @property
    def device_hours(self) -> float:
        """Of all cells; those that nothing is known of count as the mean of the others."""
        known = self.known
        seconds = sum(estimate.seconds for estimate in known)
        return seconds / 3600 * len(self.cells) / len(known) if known else 0.0

    @property
    def host_memory(self) -> int | None:
        """Bytes that the largest cell needs."""
        return max((found.host_memory for found in self.known if found.host_memory), default=None)

    @property
    def device_memory(self) -> int | None:
        return max((found.device_memory for found in self.known if found.device_memory), default=None)

    def describe(self) -> dict[str, Any]:
        return {
            "device_hours": self.device_hours,
            "host_memory": self.host_memory,
            "device_memory": self.device_memory,
            "unknown": self.unknown,
        }


def estimate(planned: Plan, options: RunOptions, extra: Iterable[Store] = ()) -> Estimates:
    """Look at the results that the options name, and at `extra` stores, for cells like those to be done.

    Alike are cells of the same data, encoder, fraction and pace, of the same loss where there are any, trained
    on the same model of device.
    """
    ahead = [*planned.todo, *planned.waiting]
    if not ahead:
        return Estimates(())
    devices = chosen_devices(options.device)
    past = _Past(devices[0].model if devices else "cpu")
    try:
        known = [*stores(options.results), *extra]
    except DataError:
        known = list(extra)
    for store in known:
        past.read(store)
    return Estimates(tuple((cell, past.of(cell.cell.describe())) for cell in ahead))


class _Past:
    """Finished cells, grouped by likeness, with and without regard to the loss."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._groups: dict[Hashable, list[tuple[Store, dict[str, Any]]]] = {}
        self._found: dict[Hashable, Estimate | None] = {}

    def read(self, store: Store) -> None:
        for head in store.heads():
            if head["status"] == "done":
                with contextlib.suppress(KeyError):
                    # Nothing is learnt of a cell that does not say all of what it is.
                    for key in _keys(head["cell"]):
                        self._groups.setdefault(key, []).append((store, head))

    def of(self, cell: Mapping[str, Any]) -> Estimate | None:
        for key, same_loss in zip(_keys(cell), (True, False), strict=True):
            if key not in self._found:
                self._found[key] = self._summarise(self._groups.get(key, []), same_loss)
            if self._found[key] is not None:
                return self._found[key]
        return None

    def _summarise(self, group: list[tuple[Store, dict[str, Any]]], same_loss: bool) -> Estimate | None:
        """Times by the heads of all that this device trained, memory by one whole record: records are long."""
        timed = [(store, head) for store, head in group if head.get("started") and head.get("finished")]
        here = [
            (store, head) for store, head in timed if _environment(store, head).get("device") == self._device
        ]
        if not here:
            return None
        seconds = [_seconds(head, _environment(store, head)) for store, head in here]
        store, head = here[-1]
        memory = _whole(store, head).get("memory") or {}
        return Estimate(
            statistics.median(seconds), memory.get("host_peak"), memory.get("device_peak"), same_loss
        )


def _keys(cell: Mapping[str, Any]) -> tuple[Hashable, Hashable]:
    cell = untuned(cell)
    alike = json.dumps(
        [
            cell["loader"],
            cell["dataset_parameters"],
            cell["encoder"],
            cell["encoder_options"],
            float(cell["fraction"]),
            [cell["train"].get(key) for key in _PACE],
        ],
        sort_keys=True,
    )
    return (alike, cell["loss"]["name"], json.dumps(cell["loss"]["parameters"], sort_keys=True)), alike


def _environment(store: Store, head: Mapping[str, Any]) -> Mapping[str, Any]:
    """Where it was trained; of an older record, whose head does not tell, read from the whole."""
    about = head if "environment" in head else _whole(store, head)
    return about.get("environment") or {}


def _whole(store: Store, head: Mapping[str, Any]) -> dict[str, Any]:
    """The record; empty where it cannot be read beyond its head."""
    try:
        return store.read(head["id"])
    except RecordError:
        return {}


def _seconds(head: Mapping[str, Any], environment: Mapping[str, Any]) -> float:
    """From its start to its end, over the cells that shared its device meanwhile."""
    took = datetime.fromisoformat(head["finished"]) - datetime.fromisoformat(head["started"])
    return took.total_seconds() / (environment.get("slots_per_device") or 1)
