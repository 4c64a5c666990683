"""The log of a training and when it is read: losses, the norm of all gradients, and clipping by it."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from mlbench.errors import CellTimeoutError, NonFiniteError
from mlbench.suite import Protocol
from mlbench.training.log import READ_EVERY, Log
from mlbench.training.optimisers import _norm_at_once, _norm_one_by_one, clip_gradients, gradient_norm
from mlbench.training.schedule import Schedule
from tests.training.cells import run

SHAPES = [(16, 3, 3, 3), (64,), (64, 32), (), (7, 1), (0, 5)]


class Calls(TorchDispatchMode):
    """Counts the operations, each of which is one kernel or more."""

    count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.count += 1
        return func(*args, **(kwargs or {}))


def parameters(copies: int = 1, sparse: bool = False, device: str = "cpu") -> list[nn.Parameter]:
    torch.manual_seed(0)
    made = [nn.Parameter(torch.zeros(shape, device=device)) for shape in SHAPES * copies]
    for number, parameter in enumerate(made):
        parameter.grad = torch.randn(parameter.shape, device=device) * 10.0**number
    made.append(nn.Parameter(torch.zeros(3, device=device)))  # which has no gradient
    if sparse:
        made.append(nn.Parameter(torch.zeros(6, 2)))
        rows, values = torch.tensor([[4, 1, 4]]), torch.randn(3, 2) * 1e3
        made[-1].grad = torch.sparse_coo_tensor(rows, values, (6, 2), check_invariants=True)
    return made


def new_log(device: str = "cpu") -> Log:
    return Log(torch.device(device), Schedule.of(Protocol(), 100), None)


def log_and_clip(log: Log, made: list[nn.Parameter], factor: float, clip_norm: float | None) -> None:
    """As an update of a training does."""
    norm = gradient_norm(made) / factor
    log.add_gradient_norm(norm, clip_norm)
    if clip_norm is not None:
        clip_gradients(made, norm, clip_norm)


def squares(gradient: Tensor) -> Tensor:
    dense = gradient.coalesce().values() if gradient.is_sparse else gradient
    return dense.float().square().sum()


@pytest.mark.parametrize("sparse", [False, True])
def test_the_norm_is_that_of_all_gradients_in_one(sparse: bool) -> None:
    made = parameters(sparse=sparse)
    gradients = [each.grad for each in made if each.grad is not None]
    every = torch.cat([each.to_dense().double().flatten() for each in gradients])
    norm = gradient_norm(made)
    torch.testing.assert_close(norm.double(), every.norm(), rtol=1e-6, atol=0)
    # On a CPU to the last bit by these operations: what clips a training there stays what it was.
    assert torch.equal(norm, torch.stack([squares(each) for each in gradients]).sum().sqrt())


def test_without_gradients_the_norm_is_zero_and_nothing_is_clipped() -> None:
    made = [nn.Parameter(torch.zeros(3))]
    assert gradient_norm(made) == 0
    log_and_clip(new_log(), made, 1.0, 0.5)
    assert made[0].grad is None


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("clip_norm", [1e-3, 1e12])
def test_gradients_are_brought_down_to_the_norm_and_never_up(sparse: bool, clip_norm: float) -> None:
    made, before = parameters(sparse=sparse), parameters(sparse=sparse)
    log, norm = new_log(), gradient_norm(made)
    log_and_clip(log, made, 1.0, clip_norm)
    scale = (clip_norm / norm).clamp(max=1.0)
    for parameter, was in zip(made, before, strict=True):
        if parameter.grad is not None and was.grad is not None:
            assert torch.equal(parameter.grad.to_dense(), (was.grad * scale).to_dense())
    assert log.clipped_share(1) == float(clip_norm < norm)


def test_on_a_device_clipping_takes_as_many_calls_for_many_parameters_as_for_few() -> None:
    counts = []
    for copies in (1, 20):
        made, log = parameters(copies, device="meta"), new_log("meta")
        with Calls() as calls:
            log_and_clip(log, made, 2.0, 1.0)
        counts.append(calls.count)
    assert counts[0] == counts[1] < 20


def test_the_norm_that_a_device_computes_is_the_same_number() -> None:
    gradients = [each.grad for each in parameters() if each.grad is not None]
    torch.testing.assert_close(_norm_at_once(gradients), _norm_one_by_one(gradients))


def rows_of(losses: list[list[float]], *, reads_at_ends: bool) -> list[dict[str, Any]]:
    """The rows of the history after epochs of these losses, each with its tenfold as norm."""
    log, rows, step = new_log(), [], 0
    for number, epoch in enumerate(losses):
        for loss in epoch:
            step += 1
            made = [nn.Parameter(torch.zeros(()))]
            made[0].grad = torch.tensor(10 * loss)
            log.add_loss(torch.tensor(loss))
            log_and_clip(log, made, 1.0, None)
        log.add_diagnostics({"loss": epoch[0]})
        log.end_epoch(number, 1 / (1 + number))
        if reads_at_ends:
            rows += log.read(step, lambda update: [update])
    return rows + log.read(step, lambda update: [update])


@pytest.mark.parametrize("last", [[], [1.5, -2.25]])
def test_epochs_read_together_have_the_rows_that_they_have_one_by_one(last: list[float]) -> None:
    losses = [[0.1, 0.7, 0.3], [1e-9], [0.2, 1e9], *([last] if last else [])]
    together = rows_of(losses, reads_at_ends=False)
    assert together == rows_of(losses, reads_at_ends=True)
    assert [row["epoch"] for row in together] == list(range(len(losses)))
    for row, epoch in zip(together, losses, strict=True):
        expected = torch.tensor(epoch)
        assert row["loss"] == float(expected.double().mean())
        assert row["gradient_norm"] == pytest.approx(float((10 * expected).abs().mean()))
        assert row["diagnostics"] == {"loss": epoch[0]}


@pytest.mark.parametrize("bad", [(0, 0), (1, 0), (1, 2), (3, 1)])
def test_a_loss_that_was_not_finite_is_told_alike_whenever_it_is_found(bad: tuple[int, int]) -> None:
    losses = [[0.5, 0.25], [1.0, 2.0, 3.0], [4.0], [5.0, 6.0]]
    losses[bad[0]][bad[1]] = math.nan
    said = []
    for reads_at_ends in (True, False):
        with pytest.raises(NonFiniteError) as caught:
            rows_of(losses, reads_at_ends=reads_at_ends)
        said.append(str(caught.value))
    assert said[0] == said[1]
    assert f"in update {sum(map(len, losses[: bad[0]])) + bad[1]}, on 1 rows" in said[0]


def test_nothing_is_read_from_the_device_before_the_log_is_read() -> None:
    """Numbers of "meta" cannot be read."""
    log, made = new_log("meta"), parameters(device="meta")
    for number in range(4):
        log.add_loss(torch.zeros((), device="meta"))
        log_and_clip(log, made, 1.0, 1.0)
        log.end_epoch(number, 1.0)
        log.check_time(number)
    with pytest.raises(NotImplementedError, match="meta"):
        log.read(4, lambda _: [])


def test_the_log_of_short_epochs_is_read_by_updates_and_the_history_is_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reads: list[int] = []
    read = Log.read

    def counted(self: Log, step: int, of_update: Any) -> list[dict[str, Any]]:
        reads.append(step)
        return read(self, step, of_update)

    monkeypatch.setattr(Log, "read", counted)
    parts = []
    for seconds in (math.inf, -1.0):  # never by the clock, and at every epoch's end
        monkeypatch.setattr("mlbench.training.log.READ_SECONDS", seconds)
        reads.clear()
        result = run("bce", fraction=40, batch_size=20, min_steps=120, evaluations=2)
        parts.append({key: result.parts[key] for key in ("history", "metrics", "probe_metrics")})
        assert reads == [READ_EVERY, 60, 2 * READ_EVERY, 120] if seconds > 0 else len(reads) == 60
    assert parts[0] == parts[1]
    assert [row["epoch"] for row in parts[0]["history"]["epochs"]] == list(range(60))


def test_the_deadline_is_seen_without_reading() -> None:
    late = Log(torch.device("meta"), Schedule.of(Protocol(), 100), deadline=0.0)
    late.add_loss(torch.zeros((), device="meta"))
    with pytest.raises(CellTimeoutError, match="during update 7"):
        late.check_time(7)
