from __future__ import annotations

from typing import Any

from mlbench.runner.monitoring.failures import Breaker


def failed(loss: str, dataset: str, message: str = "boom", traceback: str = "") -> dict[str, Any]:
    return {
        "status": "failed",
        "error": {"class": "error", "message": message, "traceback": traceback},
        "cell": {"loss": {"id": loss}, "dataset": dataset},
    }


def trips(*records: dict[str, Any]) -> list[bool]:
    breaker = Breaker()
    return [breaker.count(record) is not None for record in records]


DONE = {"status": "done"}


def test_two_losses_and_two_datasets_are_needed() -> None:
    assert trips(failed("a", "x"), failed("b", "x"), failed("c", "x")) == [False] * 3
    assert trips(failed("a", "x"), failed("a", "y"), failed("a", "z")) == [False] * 3
    assert trips(failed("a", "x"), failed("a", "y"), failed("b", "y")) == [False, False, True]


def test_a_finished_cell_between_them_resets_it() -> None:
    assert trips(failed("a", "x"), DONE, failed("b", "y")) == [False] * 3


def test_errors_are_the_same_when_one_line_raised_them() -> None:
    def at(line: int) -> str:
        return f'Traceback (most recent call last):\n  File "fit.py", line {line}, in fit\n    boom\nE: boom'

    assert trips(failed("a", "x", "x: 1", at(3)), failed("b", "y", "y: 2", at(3))) == [False, True]
    assert trips(failed("a", "x", "same", at(3)), failed("b", "y", "same", at(4))) == [False, False]


def test_without_a_traceback_numbers_do_not_count() -> None:
    assert trips(failed("a", "x", "killed after 3 s"), failed("b", "y", "killed after 4.5 s")) == [
        False,
        True,
    ]


def test_the_reason_names_what_failed() -> None:
    breaker = Breaker()
    breaker.count(failed("a", "x"))
    reason = breaker.count(failed("b", "y"))
    assert reason is not None
    assert "losses a, b" in reason
    assert "datasets x, y" in reason
    assert "boom" in reason
