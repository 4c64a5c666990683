"""export and predict."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlbench.cli import options


def add_to(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command()(export)
    app.command()(predict)


Policy = Annotated[
    str | None,
    typer.Option(
        help="Whose thresholds decide: label, global, native or 0.5. Default: label, or as exported."
    ),
]


def export(
    cell: Annotated[
        str, typer.Argument(metavar="CELL", help="A cell's id, its start, or its record's file.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder to write.")] = Path("model"),
    results: options.Results = Path("results"),
    reading: Annotated[
        str | None,
        typer.Option(
            help="own: the loss's logits; probe: the linear probe. Default: own, where there are some."
        ),
    ] = None,
    policy: Policy = None,
    plugin: options.Plugins = None,
) -> None:
    """Write a trained cell as a folder that runs without mlbench: a torch.export program, and where there is one the
    format of timm or transformers. Its suite must keep models: [store] model = true."""
    from mlbench.export import export_cell
    from mlbench.export.kept import find_cell
    from mlbench.registry import load_plugins

    load_plugins(plugin or ())
    one_of("--reading", reading, ("own", "probe"))
    one_of("--policy", policy, ("label", "global", "native", "0.5"))
    store, identifier = find_cell(cell, results)
    done = export_cell(store, identifier, output, reading=reading, policy=policy or "label")  # type: ignore[arg-type]
    print(f"wrote {done.folder}: logits as measured in training to {done.largest_difference:.1e}")
    for name, what in done.formats.items():
        print(f"  {name}: {what}")
    for name, why in done.missing.items():
        print(f"  without {name}: {why}")


def predict(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="The folder of an exported model.")],
    data: Annotated[
        Path, typer.Argument(metavar="DATA", help="CSV, JSON lines, Parquet, or a folder of images.")
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Where to write: .parquet, .csv or .jsonl.")
    ] = Path("predictions.parquet"),
    column: options.Columns = None,
    policy: Policy = None,
    device: Annotated[str, typer.Option("--device", help="cpu, or cuda:0.")] = "cpu",
    plugin: options.Plugins = None,
) -> None:
    """Score new rows with an exported model: calibrated probabilities, and labels by the tuned thresholds."""
    from mlbench.datasets.files.hints import hints_as_options
    from mlbench.export import predict as score
    from mlbench.registry import load_plugins

    load_plugins(plugin or ())
    with hints_as_options():
        columns = options.read_columns(column, names=True)
        rows = score(model, data, output, columns=columns, policy=policy, device=device)
    print(f"wrote {output}: {rows} rows")


def one_of(flag: str, given: str | None, known: tuple[str, ...]) -> None:
    """Raise ConfigError for a value that there is not."""
    from mlbench.errors import ConfigError, did_you_mean

    if given is not None and given not in known:
        raise ConfigError(f"{flag} {given}: unknown{did_you_mean(given, known)}")
