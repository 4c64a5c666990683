"""report, compare, recommend, rescore, pack, submit."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from mlbench.cli import options


def add_to(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command()(report)
    app.command()(compare)
    app.command()(recommend)
    app.command()(rescore)
    app.command()(pack)
    app.command()(submit)


Paths = Annotated[list[Path] | None, typer.Option("--results", help="Results to look in; repeatable.")]
Metric = Annotated[str, typer.Option(help="As in `mlbench list metrics`, with its policy: f1_macro@label.")]
Reading = Annotated[str, typer.Option(help="own: the loss's own logits; probe: the linear probe.")]
Rope = Annotated[
    float | None,
    typer.Option(
        help="The share of a family's span, from floor to best loss, that counts as no difference. Default: 0.02."
    ),
]
Fraction = Annotated[float | None, typer.Option(help="Default: the largest that there is.")]


def report(
    results: Annotated[
        list[Path], typer.Argument(metavar="RESULTS...", help="Folders of results, or files.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder to write.")] = Path(
        "reports/latest"
    ),
    cells: Annotated[bool, typer.Option("--cells", help="A page for every cell as well.")] = False,
    against: Annotated[
        list[Path] | None,
        typer.Option("--against", help="Published results to set these beside; repeatable."),
    ] = None,
    rope: Rope = None,
    contrast: Annotated[
        list[str] | None,
        typer.Option(
            help='A question to answer, such as "asl - bce" or "best(supcon, msc) - bce on f1_macro@label".'
        ),
    ] = None,
    plugin: options.Plugins = None,
) -> None:
    """Write tables, statistics, figures and one page from the records."""
    from mlbench.registry import load_plugins
    from mlbench.report import report as write_report

    load_plugins(plugin or ())
    page = write_report(
        results, output, cells=cells, against=against or (), rope=rope, contrasts=contrast or ()
    )
    print(f"wrote {page}")


def compare(
    first: Annotated[str, typer.Argument(metavar="A", help="A loss, or a folder of results.")],
    second: Annotated[str, typer.Argument(metavar="B", help="Another of the same kind.")],
    results: Paths = None,
    dataset: options.Datasets = None,
    metric: Metric = "map",
    reading: Reading = "own",
    fraction: Fraction = None,
    rope: Rope = None,
    plugin: options.Plugins = None,
) -> None:
    """Set two losses, or two folders of results, head to head."""
    from mlbench.registry import load_plugins
    from mlbench.report import compare as set_beside

    load_plugins(plugin or ())
    print(
        set_beside(
            first,
            second,
            results=results or [Path("results")],
            datasets=dataset or (),
            metric=metric,
            reading=reading,
            fraction=fraction,
            rope=rope,
        )
    )


def recommend(
    like: Annotated[str, typer.Option(help="A dataset's name, or the path of your own data.")],
    results: Paths = None,
    metric: Metric = "map",
    reading: Reading = "own",
    fraction: Fraction = None,
    column: options.Columns = None,
    data_root: options.DataRoot = None,
    plugin: options.Plugins = None,
) -> None:
    """Say which losses did best on the datasets most like yours, and how sure that is."""
    from mlbench.datasets.files.hints import hints_as_options
    from mlbench.registry import load_plugins
    from mlbench.report import recommend as advise

    load_plugins(plugin or ())
    with hints_as_options():
        advice = advise(
            like,
            results=results or None,
            metric=metric,
            reading=reading,
            fraction=fraction,
            parameters=options.read_columns(column),
            data_root=data_root,
        )
    print(advice)


def rescore(
    results: Annotated[Path, typer.Argument(help="A results root, or one suite's folder.")],
    metrics: Annotated[
        list[str] | None, typer.Option(help="Only this metric, by its name; repeatable.")
    ] = None,
    jobs: Annotated[int | None, typer.Option(help="Processes. Default: one a core.")] = None,
    plugin: options.Plugins = None,
) -> None:
    """Compute all metrics anew from the stored scores. Trains nothing."""
    from collections import Counter

    from mlbench.registry import load_plugins
    from mlbench.report.wording import count as plural
    from mlbench.runner.rescore import rescore as rescore_records

    load_plugins(plugin or ())
    done = rescore_records(results, metrics=tuple(metrics or ()), jobs=jobs, plugins=tuple(plugin or ()))
    counts = Counter(record.outcome for record in done)
    print(
        f"{plural(len(done), 'cell')}: "
        + ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
    )
    for record in done:
        if record.reason:
            print(f"{record.id}: {record.reason}")
    sys.exit(1 if counts["left"] else 0)


def pack(results: Annotated[Path, typer.Argument(help="A results root, or one suite's folder.")]) -> None:
    """Write each suite's records into one records.parquet, as published results are kept, with what it takes to say
    how far test rows alone move the main metrics."""
    from mlbench.metrics.catalog import MAIN
    from mlbench.records import RecordError, stores
    from mlbench.records.packed import packed_ids, packed_replicates, without_replicates
    from mlbench.report.wording import count

    for store in stores(results):
        for problem in store.records():
            if isinstance(problem, RecordError):
                print(f"not a record, left out: {problem}", file=sys.stderr)
        file = store.pack(MAIN)
        replicates = packed_replicates(file)
        print(
            f"wrote {file}: {count(len(packed_ids(file)), 'record')}, {len(replicates)} of them with bootstrap "
            "replicates"
        )
        if lacking := without_replicates(file, replicates):
            print(
                f"without replicates: {count(len(lacking), 'finished cell')}, such as {lacking[0]}, whose scores are "
                f"not in {store.scores_folder}; pack before scores are removed",
                file=sys.stderr,
            )


def submit(
    results: Annotated[Path, typer.Argument(help="A results root, or one suite's folder.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Where to write the folder.")] = Path(
        "submission"
    ),
    plugin: options.Plugins = None,
) -> None:
    """Check records that are to be published with those of others, and write the folder that a pull request holds.
    Exits with 1, and writes nothing, where something does not hold."""
    from mlbench.metrics.catalog import MAIN
    from mlbench.registry import load_plugins
    from mlbench.runner.submission import submit as submit_records

    load_plugins(plugin or ())
    folders, faults = submit_records(results, output, MAIN)
    for fault in faults:
        print(f"{fault.where}: {fault.what}")
    for folder in folders:
        print(f"wrote {folder}: copy it to results/ and open a pull request")
    sys.exit(1 if faults else 0)
