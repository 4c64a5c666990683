"""A try from a file to an answer: read, measure, cut, run, report."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from mlbench.errors import ConfigError
from mlbench.registry import LOSSES
from mlbench.report import report
from mlbench.report.one_dataset.answer import verdicts
from mlbench.report.wording import count
from mlbench.runner import RunOptions, RunSummary, run_suites
from mlbench.suite import Selection, duration, load_suite
from mlbench.suite.defaults import LOSSES as CHOSEN
from mlbench.tryout.answer import Answer
from mlbench.tryout.data import Data, find_data
from mlbench.tryout.earlier import go_on, set_aside
from mlbench.tryout.encoder import choose_encoder, plain_encoder
from mlbench.tryout.questions import Asker, typed
from mlbench.tryout.setup import Setup
from mlbench.tryout.timing import LEAST_SEEDS, UPDATES, fit, measure
from mlbench.tryout.winner import FOLDER, NO_MODEL, export_winner

BUDGET, SUITE = "10m", "suite.toml"

Say = Callable[[str], None]

REPORT = 20.0
"""Seconds kept for the page."""
EXPORT = 25.0
"""Seconds kept for the model, beside those of training it: a process that starts, a program that is traced."""
MEASURING = 0.4
"""The share of the budget after which a measurement, and the encoding before it, is given up."""


def try_data(
    data: Path | str,
    columns: Mapping[str, Any] | None = None,
    *,
    budget: str | float | None = None,
    losses: Sequence[str] = CHOSEN,
    output: Path | str | None = None,
    model: bool = True,
    ask: Asker | None = None,
    say: Say = print,
    options: RunOptions | None = None,
) -> Answer:
    """Which loss to train on `data`, a file, a folder or a dataset's name: runs `losses` within the time of `budget`,
    ten minutes where not given.

    `columns` says how the file is read, as `--column` does; what it leaves open is put to `ask`, and without one is a
    ConfigError that names all of it. The suite, results and page go to the folder `output` (`try/<name>` where not
    given); where an earlier try of the same data and losses is there and no budget is given, its suite is gone on with.
    With `model` the model of the loss to take is exported there too. A budget in which not even two seeds of three
    losses can be trained for as long as tells them apart is exceeded, which is said before and after.
    `say` is told what is done and why; `options` are those of a run. Raises ConfigError, DataError.
    """
    started, seconds = time.monotonic(), _seconds(BUDGET if budget is None else budget)
    for loss in losses:
        LOSSES.describe(loss, "--losses")
    data_root = options.data_root if options else None
    found = find_data(str(data), columns or {}, ask=ask, data_root=data_root)
    _describe(found, say)
    folder = Path(output) if output is not None else Path("try") / found.name
    options = replace(options or RunOptions(), results=folder / "results", time_limit=seconds)
    setup = Setup(
        found,
        choose_encoder(found.dataset),
        tuple(dict.fromkeys(losses)),
        train={"min_steps": UPDATES},
    )
    say(f"encoder: {setup.encoder.name}, {setup.encoder.why}")
    reserve = REPORT + EXPORT * model

    def left() -> float:
        """Seconds for training."""
        return seconds - reserve - (time.monotonic() - started)

    before = go_on(folder / SUITE, setup) if budget is None else None
    with _offline(setup.encoder.cached):
        if before is None:
            setup, takes = _within(setup, options, left, say, model=model)
        else:
            setup, takes = before, None
            say(f"going on with {folder / SUITE}; --budget measures anew")
        if aside := set_aside(options.results, folder / SUITE, setup):
            say(f"results of an earlier suite are set aside: {aside}")
        suite = folder / SUITE if before is not None else _write(setup, folder, str(data))
        say(
            f"{count(len(setup.losses), 'loss', 'losses')}, {count(len(setup.seeds), 'seed')}{_about(takes)}: {suite}"
        )
        for sentence in setup.cut:
            say(f"cut to the budget: {sentence}")
        if takes is not None and takes > left():
            beyond = f"{takes - left():.0f} s more than the budget of {seconds:.0f} s"
            say(f"this takes about {beyond}: fewer seeds, losses or updates would tell nothing")
            options = replace(options, time_limit=max(seconds, 2 * takes))

        def rewrite(smaller: Setup) -> None:
            if before is None:  # one that was there may have been edited since
                _write(smaller, folder, str(data))

        setup = _run(setup, options, suite, left, say, rewrite)
        results = options.results / found.name
        page = report([results], folder / "report")
        verdict = verdicts([results])[0]
        kept = NO_MODEL
        if model:
            say(f"exporting the model of {verdict.take}")
            kept = export_winner(load_suite(suite), verdict.take, results, folder / FOLDER, options)
    over = max(0.0, time.monotonic() - started - seconds)
    return Answer(verdict, suite, results, page, setup.cut, over, kept)


def _seconds(budget: str | float) -> float:
    try:
        return duration(budget)
    except ValueError as error:
        raise ConfigError(f"--budget: {error}") from None


def _describe(found: Data, say: Say) -> None:
    for line in found.said:
        say(line)
    dataset = found.dataset
    sizes = ", ".join(f"{name} {size:,}" for name, size in dataset.sizes.items())
    cardinality = dataset.train.targets.sum() / len(dataset.train)
    say(f"{found.name}: {count(sum(dataset.sizes.values()), 'row')} of {dataset.modality} ({sizes}), "
        f"{count(len(dataset.labels), 'label')}, {cardinality:.1f} a row")  # fmt: skip


def _within(
    setup: Setup, options: RunOptions, left: Callable[[], float], say: Say, *, model: bool
) -> tuple[Setup, float | None]:
    """The setup that fits into the time that is left, by a measurement, with the seconds that it takes; one cell more
    where a `model` is to be kept."""
    say("measuring a few steps")
    pace = measure(setup, options, MEASURING * left())
    if not pace.records and setup.encoder.frozen:
        plain = plain_encoder(setup.data.dataset, f"{setup.encoder.name} takes too long for the budget")
        setup = replace(setup, encoder=plain)
        say(f"encoder: {plain.name}, {plain.why}")
        pace = measure(setup, options, MEASURING * left())
    return fit(setup, replace(pace, again=int(model)), len(setup.data.dataset.train), left())


def _write(setup: Setup, folder: Path, data: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / SUITE
    again = f"mlbench run {file} --results {folder / 'results'}"
    made_by = typed("mlbench try", data, {})
    file.write_text(setup.text(made_by, again), encoding="utf-8")
    return file


def _run(
    setup: Setup,
    options: RunOptions,
    suite: Path,
    left: Callable[[], float],
    say: Say,
    rewrite: Callable[[Setup], None],
) -> Setup:
    """Train the first seed of every loss, which tells what a seed takes; then as many others as there is time for, and
    a second one in any case."""
    began = left()
    first = replace(options, selection=Selection(seeds=setup.seeds[:1]))
    summary = _run_or_stop(suite, first)
    took, others = began - left(), setup.seeds[1:]
    if not others or not summary.done or summary.signal:
        return setup
    fits = others[: max(LEAST_SEEDS - 1, int(left() / max(took, 1e-3)))]
    if len(fits) < len(others):
        sentence = f"seeds: {1 + len(fits)} of {len(setup.seeds)}, of which one took {took:.0f} s"
        say(f"cut to the budget: {sentence}")
        setup = replace(setup, seeds=(*setup.seeds[:1], *fits), cut=(*setup.cut, sentence))
        rewrite(setup)
    if fits:
        _run_or_stop(suite, replace(options, selection=Selection(seeds=fits)))
    return setup


def _run_or_stop(suite: Path, options: RunOptions) -> RunSummary:
    """Raises SystemExit where a signal stopped the run before its end, the same command goes on there, and where one
    other than Ctrl-C came at its end: that asks for no page any more."""
    summary = run_suites([load_suite(suite)], options)
    if summary.missing or summary.signal != signal.SIGINT:
        summary.end_if_signalled()
    return summary


def _about(takes: float | None) -> str:
    return "" if takes is None else f", about {takes:.0f} s"


@contextmanager
def _offline(cached: bool) -> Iterator[None]:
    """Weights in the hub's cache are taken as they are, without asking the hub whether there are newer ones."""
    before = os.environ.get("HF_HUB_OFFLINE")
    if cached:
        os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        yield
    finally:
        if cached and before is None:
            del os.environ["HF_HUB_OFFLINE"]
        elif cached and before is not None:
            os.environ["HF_HUB_OFFLINE"] = before
