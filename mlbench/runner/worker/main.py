"""The process in which cells are trained: `python -m mlbench.runner.worker`, one cell after another.

Its supervisor sends one JSON object a line to its standard input: first the handshake, then a request for
every cell (`messages`). It answers on its standard output with `{"event": …}`: ready or unusable; loaded,
waiting, progress, done, stopped, failed or unwritable. A finished cell's record it writes itself, so that the death of
everything above it loses nothing; of a failed one it tells its supervisor. On SIGTERM it stops a cell that can
be checkpointed. It ends when its input does.
"""

from __future__ import annotations

import faulthandler
import gc
import importlib
import inspect
import json
import os
import re
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Any

from mlbench.ending import hear
from mlbench.errors import CellStoppedError, DataError, MlbenchError
from mlbench.plain_text import said
from mlbench.records import RecordError, Store
from mlbench.records.schema import Environment, Record
from mlbench.registry import load_plugins
from mlbench.runner.worker.cells import cell_id, cell_of
from mlbench.runner.worker.environment import environment, now
from mlbench.runner.worker.family import die_with_parent, keep_children
from mlbench.runner.worker.lock_waits import report_lock_waits
from mlbench.runner.worker.memory import is_out_of_memory, limit_device_memory
from mlbench.runner.worker.messages import CellRequest, Channel, Handshake
from mlbench.runner.worker.state import CleanState
from mlbench.runner.worker.usable import Trouble, trouble, works_still
from mlbench.suite import Cell

PROGRESS_EVERY = 0.5
"""Seconds between two messages on how far a cell is."""


class Worker:
    """Trains the cells that are requested, and keeps the data for the next one on the same.

    Torch comes with the cell function; with one that does without, a worker starts at once.
    """

    def __init__(self, handshake: Handshake, channel: Channel) -> None:
        self.channel, self.handshake = channel, handshake
        load_plugins(Path(file) for file in handshake["plugins"])
        module, _, function = handshake["cell_function"].partition(":")
        self.run_cell = getattr(importlib.import_module(module), function)
        self._checkpoints = "checkpoint" in inspect.signature(self.run_cell).parameters
        self._stop_requested = False
        self.torch: Any = sys.modules.get("torch")
        if self.torch is not None:
            self.torch.set_num_threads(handshake["threads"])
        self.environment = self._environment()
        self.data_root = Path(handshake["data_root"]) if handshake["data_root"] else None
        self._kept: tuple[str, Any, list[str]] | None = None
        self._spoke = 0.0
        self._state: CleanState | None = None

    def stop(self, _number: int, _frame: FrameType | None) -> None:
        """The answer to SIGTERM: a cell that can be checkpointed stops at the next step."""
        self._stop_requested = True

    def handle(self, request: CellRequest) -> None:
        """Run one cell and say how it ended."""
        started, clock, process = now(), time.monotonic(), os.getpid()
        self.channel.about = {"cell": request["record"]["id"], "nonce": request["nonce"]}
        # Not before: what this process does with signals is settled only now.
        self._state = self._state or CleanState(self.torch if "torch.nn" in sys.modules else None)
        self._state.restore()
        try:
            record, result = self._run(request)
        except BaseException as error:
            if os.getpid() != process:
                # A process that the cell has forked came out of it too: it is no worker.
                os._exit(1)
            explained = self._failure(error)
            if isinstance(error, CellStoppedError):
                self.channel.send("stopped", broken=explained["broken"])
            else:
                self.channel.send("failed", **explained, started=started)
            if explained["broken"]:
                # This process is about to be replaced.
                return
        else:
            if os.getpid() != process:
                os._exit(1)
            self._write(request, {**record, "started": started, "finished": now()}, result, clock)
            if not self.on_cuda:
                return
        gc.collect()
        if self.on_cuda:
            # Whether it failed or not: what this process keeps of a device, others on the same one cannot have.
            self.torch.cuda.empty_cache()

    def _failure(self, error: BaseException) -> dict[str, Any]:
        """What the supervisor is told of an error."""
        poisoned = self.on_cuda and not works_still(self.torch, self.handshake["device"])
        told = _explain(error, poisoned=poisoned)
        return {**told, "broken": told["broken"] or raised_in_plugin(error) or self._spoilt()}

    def _spoilt(self) -> bool:
        """Whether the cell has left something behind that the next one would find."""
        if self._state is None:
            return False
        self._state.restore()
        return bool(self._state.changed())

    def trouble(self) -> Trouble | None:
        """Why no cell can be trained on the device that this process was given; None where one can."""
        return trouble(self.torch, self.handshake["device"]) if self.on_cuda else None

    @property
    def on_cuda(self) -> bool:
        return self.torch is not None and self.handshake["device"].startswith("cuda")

    def _run(self, request: CellRequest) -> tuple[Record, Any]:
        from mlbench.datasets.splits.fractions import sample_size

        record = request["record"]
        cell = cell_of(record["suite"], record["cell"])
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("default")
            dataset, of_data = self._dataset(cell)
            if cell_id(cell, dataset.fingerprint) != record["id"]:
                raise DataError(
                    f"dataset {cell.dataset!r}, or this host's copy of mlbench, is not the one that the run "
                    "was planned with; start the run again"
                )
            checkpoint = self._checkpoint(request)
            rows = sample_size(len(dataset.train), cell.fraction, cell.dataset)
            self.channel.send("loaded", stops=bool(checkpoint), rows=rows)
            limit = request["time_limit"]
            result = self.run_cell(
                cell,
                dataset,
                device=self.handshake["device"],
                deadline=None if limit is None else time.monotonic() + limit,
                micro_batch=request["micro_batch"],
                on_progress=self._progress,
                scores="float16" if request["scores"] == "float16" else "float32",
                **({"keep_model": True} if request["model"] else {}),
                **checkpoint,
            )
        warned = list(dict.fromkeys([*of_data, *(said(warning.message) for warning in caught)]))
        done: Record = {
            **record,
            "status": "done",
            "error": None,
            "environment": self.environment,
            "warnings": warned[:20],
            **result.parts,
        }
        return done, result

    def _checkpoint(self, request: CellRequest) -> dict[str, Any]:
        """What the cell function is told of checkpoints; nothing where it knows none, or none are wanted."""
        if not self._checkpoints or request["checkpoint_every"] is None:
            return {}
        from mlbench.training.checkpoint import Checkpoint

        self._stop_requested = False
        file = Store(Path(request["store"])).checkpoint_file(request["record"]["id"])
        return {"checkpoint": Checkpoint(file, request["checkpoint_every"], lambda: self._stop_requested)}

    def _dataset(self, cell: Cell) -> tuple[Any, list[str]]:
        """The cell's data and what was warned of while loading it; the last data stay loaded."""
        from mlbench import datasets

        key = json.dumps([cell.loader, dict(cell.dataset_parameters), cell.dataset], sort_keys=True)
        if self._kept is None or self._kept[0] != key:
            self._kept = None
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("default")
                dataset = datasets.load(
                    cell.loader, cell.dataset_parameters, name=cell.dataset, data_root=self.data_root
                )
            self._kept = key, dataset, [said(warning.message) for warning in caught]
        return self._kept[1], self._kept[2]

    def _write(self, request: CellRequest, record: Record, result: Any, clock: float) -> None:
        store = Store(Path(request["store"]))
        scores = None if request["scores"] == "none" else result.scores
        try:
            if scores is None:
                store.forget_scores(record["id"])
            self._write_model(store, record, result.model if request["model"] else None)
            store.write(record, scores)
        except RecordError as error:
            self.channel.send("failed", **self._failure(error), started=record["started"])
        except DataError as error:
            self.channel.send("unwritable", message=str(error))
        else:
            if request["checkpoint_every"] is not None:
                # Only now: otherwise a kill while the record was written would have cost the whole cell.
                store.checkpoint_file(record["id"]).unlink(missing_ok=True)
            self.channel.send("done", seconds=time.monotonic() - clock, broken=self._spoilt())

    def _write_model(self, store: Store, record: Mapping[str, Any], model: Any) -> None:
        """Before the record that it belongs to; `started` says which training it is of."""
        if model is None:
            store.forget_model(record["id"])
            return
        from safetensors import SafetensorError

        from mlbench.training.checkpoint import save_tree

        try:
            save_tree(
                {**model, "started": record["started"]}, store.model_file(record["id"]), store.tmp_folder
            )
        except (OSError, SafetensorError) as error:
            raise DataError(
                f"{store.folder}: the model of cell {record['id']} could not be written: {error}"
            ) from error

    def _progress(self, progress: Mapping[str, Any]) -> None:
        if time.monotonic() - self._spoke > PROGRESS_EVERY:
            self._spoke = time.monotonic()
            self.channel.send("progress", progress=dict(progress))

    def _environment(self) -> Environment:
        return environment(
            device=self.handshake["model"],
            driver=self.handshake["driver"],
            cuda=self.torch.version.cuda if self.on_cuda else None,
            slots_per_device=self.handshake["slots"] if self.on_cuda else None,
            threads=self.handshake["threads"],
        )


def _explain(error: BaseException, poisoned: bool = False) -> dict[str, Any]:
    """An exception as the `error` of a record; `broken` where the process had better be replaced. In one that is
    `poisoned` the device refuses all that follows, whatever its words."""
    text, kind = said(error), type(error).__name__
    lines = _lines(error)
    error_class = error.error_class if isinstance(error, MlbenchError) else "error"
    if is_out_of_memory(error) and not poisoned:
        error_class = "oom"
    message = text if isinstance(error, MlbenchError) and text else f"{kind}: {text}" if text else kind
    broken = poisoned or (error_class == "error" and re.search(r"CUDA|cuDNN", text) is not None)
    return {"class": error_class, "message": message, "traceback": lines, "broken": broken}


def raised_in_plugin(error: BaseException) -> bool:
    """Whether code of a loose file was at work when it was raised: nobody knows what it has left half done."""
    frames = (frame for frame, _ in traceback.walk_tb(error.__traceback__))
    return any(str(frame.f_globals.get("__name__", "")).startswith("mlbench_plugin_") for frame in frames)


def _lines(error: BaseException) -> str:
    """The traceback's end, which is where the error is."""
    try:
        return "".join(traceback.format_exception(error))[-20_000:]
    except Exception:
        return "".join(traceback.format_tb(error.__traceback__))[-20_000:]


def main() -> None:
    """Shake hands, then handle requests until the input ends. Ctrl-C is the supervisor's business."""
    hear()
    die_with_parent()
    keep_children()
    for interruption in (signal.SIGINT, signal.SIGTERM):
        signal.signal(interruption, signal.SIG_IGN)
    channel = Channel()
    faulthandler.enable()
    worker = Worker(channel.receive(), channel)
    unusable = worker.trouble()
    if unusable is not None:
        channel.send("unusable", message=unusable.message, full=unusable.full)
        os._exit(1)
    if worker.on_cuda:
        limit_device_memory(worker.torch, worker.handshake["device"], worker.handshake["slots"])
    signal.signal(signal.SIGTERM, worker.stop)
    report_lock_waits(lambda file: channel.send("waiting", what=file))
    channel.send("ready", environment=worker.environment)
    while True:
        worker.handle(channel.receive())
