"""What a record holds, key by key. Times are in seconds, memory is in bytes."""

from __future__ import annotations

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

SCHEMA = 1
HEAD = ("schema", "id", "suite", "status", "error", "cell", "code", "environment", "started", "finished")
"""The keys of a record's first line, in order; the rest follows on the second. Older records have their environment
there."""
OWN, PROBE, FLOOR = "metrics", "probe_metrics", "floor_metrics"
READINGS = (OWN, PROBE, FLOOR)
"""The evaluations of a cell: of the loss's own logits (the probe's where it has none), of the linear probe, and of the
training frequencies as constant scores."""

Status = Literal["done", "failed"]
Evaluation = dict[str, dict[str, float]]
"""Of each split, validation and test, the metrics by their keys, `name[@policy][/bucket]`."""


class LossDescription(TypedDict):
    """The loss of a cell."""

    name: str  # as it is registered
    id: str  # what the suite and tables call it
    parameters: dict[str, Any]  # all of them, spelled out
    repeats: NotRequired[str]  # the id of the loss that this is once more, under seeds of its own


class TrialDescription(TypedDict):
    """Which trial of its loss a cell is, or whose values it was trained anew with."""

    number: int  # from 0, which has the suite's own values
    of: int  # trials that every loss gets
    fraction: float | None  # where trials are trained; None: at the cell's own
    final: bool  # whether it was trained anew with what was chosen
    seeds: list[int]  # where trials are trained
    edges: list[str]  # places in the description whose value lies at an edge of what could be drawn
    untuned: list[list[Any]]  # [place, the suite's own value] of what was drawn
    spared: list[list[Any]]  # the same of what a trial does without
    sequence: NotRequired[int]  # of random draws, where that is not 0


class CellDescription(TypedDict):
    """What was trained: `Cell.describe`."""

    dataset: str  # what the suite calls it
    loader: str  # the registered name that reads it
    dataset_parameters: dict[str, Any]  # all of the loader's
    fraction: float  # of the training rows; above 1 their number
    seed: int
    encoder: str  # `name` or `name:model`
    encoder_options: dict[str, Any]  # all of the encoder's
    loss: LossDescription
    train: dict[str, Any]  # every key of [train]
    trial: NotRequired[TrialDescription]  # where the suite is tuned


class Code(TypedDict):
    """What the numbers were made by."""

    loss_source: str  # hash of the loss's definition and of those that it reaches
    training: int  # TRAINING_VERSION


# `class` is a keyword, so that this part is written as a call.
ErrorDescription = TypedDict(
    "ErrorDescription",
    {
        "class": str,  # oom, nonfinite, timeout, crash, data, config or error
        "message": str,  # one paragraph
        "traceback": str,  # of the process that trained; empty where there is none
    },
)


class Environment(TypedDict):
    """Where a record was made."""

    git_commit: str | None  # of mlbench's own checkout; None outside git
    git_dirty: bool | None  # whether its files differed
    packages: dict[str, str]  # versions of what can alter a result
    platform: str
    cpu: str  # its name
    cpu_instructions: NotRequired[str | None]  # the widest that matrix kernels are written for
    cpu_flags: NotRequired[str | None]  # digest of all flags
    device: str  # `cpu`, or the GPU's name
    driver: str | None
    cuda: str | None
    slots_per_device: int | None  # cells that shared the device
    threads: int


class Thresholds(TypedDict):
    """The decision threshold of each reading on the logit; None where its scores have no origin."""

    metrics: float | None
    probe_metrics: float | None


class RecordedHistory(TypedDict):
    """How the training went."""

    epochs: list[dict[str, Any]]  # of each epoch loss, gradient norm, factor of the learning rates
    evaluations: list[dict[str, Any]]  # step, epoch and metrics on validation, thresholds from one half of it
    steps: int  # updates in all
    batch_size: int  # rows of one
    clipped_share: float | None  # of updates; None where nothing is clipped
    skipped_steps: int | None  # that fp16's scaler left out; None where there is none
    selected_step: int | None  # whose weights count
    resumed_at: list[int]  # updates at which training went on from a checkpoint


class DatasetFacts(TypedDict):
    """What the report needs to know of the data."""

    fingerprint: str
    modality: str  # text, image or features
    family: str  # what shares its inputs counts once
    labels: int
    cardinality: float | None  # mean labels a training row; None where that is not known
    sizes: dict[str, int]  # of each split, and `rows`, those trained on
    label_counts: NotRequired[dict[str, list[int]]]  # of each split; trials are published without
    seen_counts: NotRequired[list[int]]  # positives among the cell's own rows
    known_counts: NotRequired[list[int] | None]  # entries that are known, by label; None where all are
    ceiling: dict[str, float] | None  # the best that can be reached, of synthetic data


class UnknownEntries(TypedDict):
    """Training entries of which nobody knows whether the label holds."""

    entries: int
    share: float  # of all entries
    taken: str  # what the loss took them for: ignored, weighed, negative or positive


class RecordedMemory(TypedDict):
    """Peaks while the cell ran."""

    host_peak: int | None
    device_peak: int | None  # None on a CPU


class RecordStart(TypedDict):
    """What is known of a cell before it runs."""

    schema: int
    id: str  # Cell.id
    suite: str
    cell: CellDescription
    code: Code


class MeasuredParts(TypedDict):
    """What scores are worth."""

    metrics: Evaluation
    probe_metrics: Evaluation | None  # None where the probe was not wanted
    threshold: Thresholds


class TrainedParts(MeasuredParts):
    """What a finished cell adds."""

    floor_metrics: Evaluation
    history: RecordedHistory
    probe: dict[str, Any] | None  # the setting that validation chose
    metrics_version: int
    deterministic: bool  # whether all kernels were
    numerics: dict[str, Any]  # how a GPU multiplies; empty on a CPU
    micro_batch: int | None  # rows that the device took at once
    dataset: DatasetFacts
    unknown: UnknownEntries | None  # None where all training entries are known
    memory: RecordedMemory
    timing: dict[str, float]  # of each phase, `total`; `cost` of the processor or device; samples_per_second


class Record(RecordStart, total=False):
    """One cell's record. `metrics` and what follows are there where the status is "done"."""

    status: Status
    error: ErrorDescription | None  # None where it is done
    environment: Environment
    started: str  # UTC, ISO 8601
    finished: str
    warnings: list[str]  # what was warned of while it ran, at most 20
    progress: dict[str, Any]  # how far a failed cell came
    retries: list[dict[str, Any]]  # failures before, each with what was then tried
    taken_over_from: str  # the suite whose record this is
    metrics: Evaluation
    probe_metrics: Evaluation | None
    threshold: Thresholds
    floor_metrics: Evaluation
    history: RecordedHistory
    probe: dict[str, Any] | None
    metrics_version: int
    deterministic: bool
    numerics: dict[str, Any]
    micro_batch: int | None
    dataset: DatasetFacts
    unknown: UnknownEntries | None
    memory: RecordedMemory
    timing: dict[str, float]
