"""What a supervisor tells its worker, as JSON."""

from __future__ import annotations

from typing import Any, TypedDict


class Greeting(TypedDict):
    """device: as torch names it. model, driver: of that device. slots: that hold it. plugins: files to load."""

    device: str
    model: str
    driver: str | None
    slots: int
    threads: int
    plugins: list[str]
    data_root: str | None
    cell_function: str


class Order(TypedDict):
    """record: what the finished record starts with. scores: "float32", "float16" or "none". checkpoint_every:
    seconds between two checkpoints; None for none at all."""

    record: dict[str, Any]
    store: str
    scores: str
    time_limit: float | None
    micro_batch: int | None
    checkpoint_every: float | None
