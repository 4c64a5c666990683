"""Options that several commands share, and what turns their text into values."""

from __future__ import annotations

import functools
import inspect
import os
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlbench.errors import ConfigError
from mlbench.plain_text import parse_toml
from mlbench.replies import reply_stream

if TYPE_CHECKING:
    from mlbench.suite import Selection, Suite

Suites = Annotated[
    list[str],
    typer.Argument(metavar="SUITE...", help="A suite's file, or the name of one that mlbench brings."),
]
Results = Annotated[Path, typer.Option("--results", file_okay=False, help="The folder of results.")]
Losses = Annotated[
    list[str] | None,
    typer.Option("--loss", help="Only this loss; one that the suite lacks is added; repeatable."),
]
Datasets = Annotated[list[str] | None, typer.Option("--dataset", help="Only this dataset; repeatable.")]
Fractions = Annotated[list[float] | None, typer.Option("--fraction", help="Only this fraction; repeatable.")]
Seeds = Annotated[list[int] | None, typer.Option("--seed", help="Only this seed; repeatable.")]
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a key, as in train.epochs=3.")
]
Plugins = Annotated[
    list[Path] | None,
    typer.Option("--plugin", help="A Python file that registers losses or the like; repeatable."),
]


def _say_data_root(context: typer.Context, given: Path | None) -> Path | None:
    """Put the folder into the environment while the command runs: names in suites are looked up there, and the
    processes that a run starts inherit it."""
    if given is not None:
        before = os.environ.get("MLBENCH_DATA")
        os.environ["MLBENCH_DATA"] = str(given.expanduser().absolute())
        context.call_on_close(lambda: _restore("MLBENCH_DATA", before))
    return given


def _restore(variable: str, before: str | None) -> None:
    if before is None:
        os.environ.pop(variable, None)
    else:
        os.environ[variable] = before


DataRoot = Annotated[
    Path | None,
    typer.Option(
        "--data-root",
        help="The folder that holds datasets. Default: $MLBENCH_DATA.",
        callback=_say_data_root,
    ),
]
Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        metavar="KEY=VALUE",
        help='How to read your own data: text=body, labels=tags, \'labels=["a", "b"]\', …',
    ),
]
Jobs = Annotated[int | None, typer.Option("--jobs", help="Cells at once. Default: what the machine bears.")]
Device = Annotated[str, typer.Option("--device", help="auto, cpu, cuda, or cuda:0,1.")]
SlotsPerDevice = Annotated[
    int, typer.Option("--slots-per-device", help="Cells that share one device and its memory.")
]
Engine = Annotated[str, typer.Option("--engine", help="sequential, loky or dask.")]
Scheduler = Annotated[
    str | None, typer.Option("--scheduler", help="The address of a running Dask scheduler.")
]
Retry = Annotated[
    list[str] | None,
    typer.Option("--retry", help="Redo cells that failed so: failed, oom, timeout, …; repeatable."),
]
Rerun = Annotated[str | None, typer.Option("--rerun", help="Redo finished cells: all, or stale.")]
FailFast = Annotated[bool, typer.Option("--fail-fast", help="Stop at the first failed cell.")]
TimeLimit = Annotated[str | None, typer.Option("--time-limit", help="Of one cell: 90s, 15m, 2h.")]
MemoryLimit = Annotated[str | None, typer.Option("--memory-limit", help="Of one cell's process: 800M, 8G.")]
CheckpointEvery = Annotated[
    str, typer.Option("--checkpoint-every", help="How often a cell in training is checkpointed: 10m, none.")
]


def _for_programs(wanted: bool) -> bool:
    """With JSON on standard output stands nothing else: what a plugin prints is not to be read with it."""
    if wanted:
        reply_stream()
    return wanted


AsJson = Annotated[bool, typer.Option("--json", callback=_for_programs, help="JSON, for programs.")]


def shares(request: Callable[..., tuple[Any, ...]]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A command that has the options of `request` beside its own, which are its keyword-only parameters; what `request`
    makes of them is passed to it first."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        shared = inspect.signature(request).parameters
        own = {
            name: parameter
            for name, parameter in inspect.signature(command).parameters.items()
            if parameter.kind is parameter.KEYWORD_ONLY
        }

        @functools.wraps(command)
        def called(**given: Any) -> None:
            made = request(**{name: given[name] for name in shared})
            command(*made, **{name: given[name] for name in own})

        # The types that only a type checker loads stand in what is returned and passed on: typer reads the others.
        hints = {
            name: eval(str(parameter.annotation), function.__globals__)
            for function, parameters in ((request, shared), (command, own))
            for name, parameter in parameters.items()
        }
        parameters = [
            parameter.replace(annotation=hints[name], kind=parameter.KEYWORD_ONLY)
            for name, parameter in {**shared, **own}.items()
        ]
        called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        called.__annotations__ = hints
        return called

    return decorate


def selection(
    losses: Sequence[str] | None,
    datasets: Sequence[str] | None,
    fractions: Sequence[float] | None,
    seeds: Sequence[int] | None,
) -> Selection:
    """The cells that the filters name."""
    from mlbench.suite import Selection

    return Selection(tuple(losses or ()), tuple(datasets or ()), tuple(fractions or ()), tuple(seeds or ()))


def read_suites(
    names: Sequence[str],
    settings: Sequence[str] | None,
    plugins: Sequence[Path] | None,
    losses: Sequence[str] | None = None,
) -> list[Suite]:
    """The suites of files or shipped names, plugins loaded first, `--set` applied, `--loss` added where it is
    a registered loss that a suite does not list."""
    from mlbench.registry import load_plugins
    from mlbench.suite import find_suite, load_suite

    load_plugins(plugins or ())
    overrides = dict(parse_setting(text) for text in settings or ())
    suites = [load_suite(find_suite(name), overrides).with_losses(losses or ()) for name in names]
    seen = [suite.name for suite in suites]
    for name in seen:
        if seen.count(name) > 1:
            raise ConfigError(f"two of the suites are called {name!r}; their results would share a folder")
    return suites


def read_columns(columns: Sequence[str] | None, *, names: bool = False) -> dict[str, Any]:
    """What `--column text=body` says of one's own data; with `names` all values are text: a column may be called 0.
    Blanks count, as in `separator= ` and in a column called ` tags`, but for those about ` = `."""
    given = [_read_column(text) for text in columns or ()]
    if not names:
        return {key: value for key, value, _ in given}
    return {
        key: [str(name) for name in value]
        if isinstance(value, list)
        else value
        if isinstance(value, str)
        else raw
        for key, value, raw in given
    }


def _read_column(text: str) -> tuple[str, Any, str]:
    """Key, value and the value as it was typed."""
    key, value = parse_setting(text, "--column")
    before, _, raw = text.partition("=")
    if before != before.rstrip():
        raw = raw.strip()
    return key, raw if value == raw.strip() else value, raw


def parse_setting(text: str, flag: str = "--set") -> tuple[str, Any]:
    """`key=value` with the value read as TOML, or as text where it is none."""
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise ConfigError(f"{flag} {text}: write KEY=VALUE")
    try:
        return key.strip(), parse_toml(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return key.strip(), value.strip()
