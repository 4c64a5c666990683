"""What joblib spreads: one supervisor a slot, which takes cell after cell and has a worker process train it.

It never loads torch, so what a cell does cannot end it: it kills and replaces a worker that crashes, passes a
limit or hangs, and then writes the failed record itself.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any, cast

from mlbench.code.installed import code_digest
from mlbench.ending import INTERRUPTIONS
from mlbench.errors import DataError, MlbenchError
from mlbench.records.schema import Environment, Record
from mlbench.runner.scheduling.cleanup import remove_traces
from mlbench.runner.scheduling.cores import share_of_cores, sharers
from mlbench.runner.scheduling.devices import Lease, chosen_devices, lease
from mlbench.runner.scheduling.job import CellTask, RunJob
from mlbench.runner.scheduling.locks import HEARTBEAT, CellLock
from mlbench.runner.scheduling.plugins import write_plugins
from mlbench.runner.scheduling.queue import Queue
from mlbench.runner.scheduling.retries import another_try
from mlbench.runner.worker.attempt import (
    POLL,
    Done,
    Failed,
    Limits,
    Outcome,
    Stopped,
    Unusable,
    Unwritable,
    attempt,
)
from mlbench.runner.worker.environment import now
from mlbench.runner.worker.process import REAP, WorkerProcess

ADVICE = (
    "its loss compares the rows of a batch, so the batch cannot be cut; train.gradient_checkpointing = true or "
    "train.precision = 'bf16' need less memory, a lower train.batch_size too; or use a device with more"
)
SHARED = "{} slots share the device's memory evenly; with --retry oom and fewer --slots-per-device the cell has more"
FULL_PATIENCE = 600.0
"""Seconds after which a slot ends that finds no memory on its device for a worker."""
FULL_PAUSE = 10.0
"""Seconds between two tries to find it."""


class SlotLostError(MlbenchError):
    """This slot can do nothing more; other devices and hosts may."""


def supervise(job: RunJob) -> str | None:
    """Work for one slot until nothing is left, or the run is stopped; returns why it ended before that, if it did:
    alone, since its device does not work, or together with the run.
    """
    with _undisturbed(job), contextlib.ExitStack() as stack:
        queue = Queue(job)
        if why := foreign(job) or job.run_lock.unseen():
            return f"a slot on {socket.gethostname()} ended without a cell: {why}"
        try:
            device = stack.enter_context(lease(job.device, job.slots_per_device, queue.wanted))
        except (MlbenchError, OSError) as error:
            # Other hosts of a cluster may have what this one lacks: their slots go on.
            return f"a slot on {socket.gethostname()} ended without a cell: {error}"
        if device is None:
            return None
        slot = Slot(job, device)
        stack.callback(slot.dismiss)
        try:
            for taken in queue:
                if taken is None:
                    slot.dismiss()
                    continue
                task, lock = taken
                try:
                    slot.do(task, lock)
                finally:
                    lock.release()
        except SlotLostError as error:
            return f"a slot on {socket.gethostname()} ended: {error}"
        except MlbenchError as error:
            job.run_lock.finish_up()
            return str(error)
    return None


def foreign(job: RunJob) -> str:
    """Why this host's copy of mlbench may not train a cell of a run that another has planned; "" where it may."""
    if job.run_lock.owner.pid in (os.getpid(), os.getppid()):
        # The driver itself, or its child, whatever has been done to the files meanwhile.
        return ""
    here = code_digest()
    if job.code == here:
        return ""
    return f"its copy of mlbench is not the driver's ({here} here, {job.code} there); install the same on all hosts"


class Slot:
    """A device, and the worker process on it while there is one."""

    def __init__(self, job: RunJob, device: Lease) -> None:
        self.job, self.device = job, device
        self._process: WorkerProcess | None = None
        self._threads, self._plugin = 0, ""
        self._environment: dict[str, Any] = {}
        self._stuck = ""
        self._sharers = sharers(job.slots_at, len(chosen_devices(job.device)) * job.slots_per_device)

    def do(self, task: CellTask, lock: CellLock) -> None:
        """Bring a cell to its record, with the retries that it may have.

        Raises DataError where it cannot be written, SlotLostError where no worker process will start, compute on the
        slot's device, or end.
        """
        started, micro_batch, full_since = now(), None, None
        retries: list[dict[str, Any]] = []
        while True:
            outcome = self._attempt(task, lock, micro_batch, retries)
            if isinstance(outcome, Unwritable):
                raise DataError(outcome.message)
            if isinstance(outcome, Unusable):
                full_since = full_since or time.monotonic()
                if not outcome.full or time.monotonic() - full_since > FULL_PATIENCE:
                    raise SlotLostError(f"{self.device} cannot be used: {outcome.message}")
                if not self._pause(lock, FULL_PAUSE):
                    return
                continue
            if isinstance(outcome, Done) or task.finished():
                return
            if isinstance(outcome, Stopped):
                if not self.job.run_lock.keeping():
                    return
                # Somebody else told the worker to stop, as a batch system does that ends a job: on from the checkpoint.
                continue
            again = None if self._stuck else another_try(task, outcome, micro_batch, retries)
            if again is None and not self._environment:
                raise SlotLostError(f"a worker process cannot start: {outcome.message}\n{outcome.traceback}")
            if again is None:
                break
            retries.append(again)
            if "micro_batch" in again:
                micro_batch = again["micro_batch"]
                task.forget_checkpoint()
        self._record_failure(task, outcome, retries, started)
        if self._stuck:
            raise SlotLostError(self._stuck)

    def _pause(self, lock: CellLock, seconds: float) -> bool:
        """Wait until others may have given back memory of the device; says whether the run still takes cells then."""
        heartbeat, end = _Heartbeat(lock), time.monotonic() + seconds
        while time.monotonic() < end and self.job.run_lock.taking():
            heartbeat({"phase": "waits", "for": "memory of the device"})
            time.sleep(POLL)
        return self.job.run_lock.taking()

    def _attempt(
        self, task: CellTask, lock: CellLock, micro_batch: int | None, retries: list[dict[str, Any]]
    ) -> Outcome:
        job, protocol = self.job, task.cell.train
        limits = Limits(job.time_limit or protocol.time_limit, job.memory_limit)
        process = self._worker(protocol.threads or share_of_cores(self._sharers), task.plugin)
        request = {
            "record": self._record(task, retries),
            "store": str(task.store.folder),
            **task.keep.describe(),
            "time_limit": limits.time,
            "micro_batch": micro_batch,
            "checkpoint_every": job.checkpoint_every,
        }
        outcome = attempt(process, request, limits, _Heartbeat(lock), job.run_lock.keeping)
        if not process.alive:
            remove_traces(task.store, task.id, process.pid)
            self._let_go(process)
        self._environment = process.environment
        return outcome

    def _worker(self, threads: int, plugin: str) -> WorkerProcess:
        """The warm worker, or a new one where there is none of that many threads, or one that ran another plugin: what
        somebody's code may have left in a process nobody can tell for sure, so built-in losses are not trained there
        either."""
        if self._process is not None and (self._threads != threads or self._plugin not in ("", plugin)):
            self.dismiss()
        if self._stuck:
            raise SlotLostError(self._stuck)
        if self._process is None:
            handshake = {
                "device": self.device.name,
                "model": self.device.model,
                "driver": self.device.driver,
                "slots": self.job.slots_per_device,
                "threads": threads,
                "plugins": [str(file) for file in write_plugins(self.job.plugins)],
                "data_root": None if self.job.data_root is None else str(self.job.data_root),
                "cell_function": self.job.cell_function,
            }
            variables = {**self.job.variables, **self.device.variables}
            self._process, self._threads = WorkerProcess(handshake, variables, self.job.folder), threads
            self._plugin = ""
        self._plugin = plugin or self._plugin
        return self._process

    def _record_failure(
        self, task: CellTask, failed: Failed, retries: list[dict[str, Any]], started: str
    ) -> None:
        if failed.error_class == "oom" and failed.how == "raised":
            shared = self.device.name != "cpu" and self.job.slots_per_device > 1
            advice = [SHARED.format(self.job.slots_per_device)] if shared else []
            advice += [] if task.per_sample else [ADVICE]
            failed = dataclasses.replace(failed, message="\n".join([failed.message, *advice]))
        if self.job.fail_fast:
            self.job.run_lock.finish_up()
        record: Record = {
            **self._record(task, retries),
            "status": "failed",
            "error": {"class": failed.error_class, "message": failed.message, "traceback": failed.traceback},
            "environment": cast(Environment, self._environment),
            "progress": dict(failed.progress),
            "retries": retries,
            "started": started,
            "finished": now(),
        }
        task.store.write(record)
        task.forget_checkpoint()

    @staticmethod
    def _record(task: CellTask, retries: list[dict[str, Any]]) -> Record:
        """What is known of the cell's record before a try, the failed ones among it."""
        record = task.record()
        if retries:
            record["retries"] = retries
        return record

    def dismiss(self) -> None:
        """Let the worker go, and with it the memory it holds."""
        if self._process is not None:
            self._process.close()
            self._let_go(self._process)

    def _let_go(self, process: WorkerProcess) -> None:
        """Of a worker that has been told to end. While one is held on the device, no other is started there."""
        self._process = None
        if process.stuck:
            self._stuck = (
                f"{self.device}: worker process {process.pid} was killed and has not ended for {REAP:g} s: it is in a "
                "call of the system, as of a driver that hangs; look at the machine's log, the device may need a reset"
            )


class _Heartbeat:
    """Renews a lock, not more often than needed."""

    def __init__(self, lock: CellLock) -> None:
        self._lock, self._last = lock, time.monotonic()

    def __call__(self, progress: Mapping[str, Any]) -> None:
        if time.monotonic() - self._last > HEARTBEAT:
            self._last = time.monotonic()
            self._lock.heartbeat(progress)


@contextlib.contextmanager
def _undisturbed(job: RunJob) -> Iterator[None]:
    """Ctrl-C and a polite kill go to all processes of a terminal or a batch job; the driver alone answers.

    In a process that the driver started, the supervisor ends the process where the driver is gone, since loky's
    would wait minutes for tasks that no driver can give them.
    """
    if os.getpid() == job.run_lock.owner.pid or threading.current_thread() is not threading.main_thread():
        yield
        return
    earlier = [signal.signal(number, signal.SIG_IGN) for number in INTERRUPTIONS]
    try:
        yield
    finally:
        if job.run_lock.owner.alive() is False:
            os._exit(1)
        for number, handler in zip(INTERRUPTIONS, earlier, strict=True):
            signal.signal(number, handler)
