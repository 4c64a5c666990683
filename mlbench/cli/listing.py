"""list, show and doctor."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from mlbench.cli import options
from mlbench.cli.dataset_rows import Wanted, columns_of
from mlbench.code.modules import code_hash
from mlbench.errors import ConfigError, did_you_mean
from mlbench.plain_text import fit
from mlbench.replies import reply, reply_stream

KINDS = ("losses", "datasets", "encoders", "metrics", "claims", "suites", "presets", "published")


def add_to(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command("list")(list_kind)
    app.command()(show)
    app.command()(doctor)


def list_kind(
    kind: Annotated[str, typer.Argument(help=", ".join(KINDS))],
    modality: Annotated[
        str | None, typer.Option(help="Of datasets those of text, image or features.")
    ] = None,
    labels: Annotated[str | None, typer.Option(help="Of datasets those with so many: 10..50, 10..")] = None,
    cardinality: Annotated[str | None, typer.Option(help="Likewise, by labels a row.")] = None,
    rows: Annotated[str | None, typer.Option(help="Likewise, by rows in all.")] = None,
    licence: Annotated[
        str | None, typer.Option(help="Of datasets those whose licence has this text.")
    ] = None,
    here: Annotated[bool, typer.Option("--here", help="Of datasets those on this machine.")] = False,
    plugin: options.Plugins = None,
    data_root: options.DataRoot = None,
    as_json: options.AsJson = False,
) -> None:
    """List what there is of a kind."""
    from mlbench.registry import load_plugins

    load_plugins(plugin or ())
    if kind not in KINDS:
        raise ConfigError(f"unknown kind {kind!r}{did_you_mean(kind, KINDS)}")
    wanted = Wanted(modality, labels, cardinality, rows, licence, here)
    if wanted and kind != "datasets":
        raise ConfigError(f"{kind} are not chosen by modality, labels, rows or licence; datasets are")
    unregistered = {"suites": _suites, "presets": _presets, "published": _published}
    found = unregistered[kind]() if kind in unregistered else _registered(kind, data_root)
    if wanted:
        found = wanted.chosen(found)
    if as_json:
        reply(json.dumps(found))
        return
    from mlbench.cli.render import print_rows

    columns = list(found[0]) if found else ["name"]
    print_rows(columns, [[_short(row.get(column)) for column in columns] for row in found])


def show(
    kind: Annotated[str, typer.Argument(help="loss, dataset, encoder, metric, claim, suite or preset")],
    name: str,
    plugin: options.Plugins = None,
    data_root: options.DataRoot = None,
    as_json: options.AsJson = False,
) -> None:
    """Show one thing: its documentation, parameters with defaults, search space, file."""
    from mlbench.registry import REGISTRIES, load_plugins
    from mlbench.suite import find_suite

    load_plugins(plugin or ())
    if kind == "suite":
        out = reply_stream() if as_json else sys.stdout
        print(fit(find_suite(name).read_text(encoding="utf-8")), end="", file=out, flush=True)
        return
    if kind == "preset":
        _show_preset(name, as_json)
        return
    registry = next((each for each in REGISTRIES if each.kind == kind), None)
    if registry is None:
        known = [*(each.kind for each in REGISTRIES), "suite", "preset"]
        raise ConfigError(f"unknown kind {kind!r}{did_you_mean(kind, known)}")
    declared = registry.describe(name, data_root=data_root)
    if as_json:
        reply(json.dumps(_declared(declared), default=_plain))
    else:
        _print_declared(declared)


def doctor(
    data_root: options.DataRoot = None,
    results: options.Results = Path("results"),
    as_json: options.AsJson = False,
) -> None:
    """Say what this machine has, what would not work on it, and why. Exits with 1 where something is broken."""
    from dataclasses import asdict

    from mlbench.runner.doctor import examine

    findings = list(examine(data_root, results))
    if as_json:
        reply(json.dumps([asdict(finding) for finding in findings]))
    else:
        from mlbench.cli.render import print_rows

        print_rows(("", "state", ""), [(each.what, each.state, each.detail) for each in findings])
    sys.exit(1 if any(finding.state == "broken" for finding in findings) else 0)


def _registered(kind: str, data_root: Path | None) -> list[dict[str, Any]]:
    from mlbench.registry import CLAIMS, DATASETS, ENCODERS, LOSSES, METRICS

    registries = {
        "losses": LOSSES,
        "datasets": DATASETS,
        "encoders": ENCODERS,
        "metrics": METRICS,
        "claims": CLAIMS,
    }
    registry = registries[kind]
    attribute = {"losses": "needs", "encoders": "modalities", "metrics": "formula"}.get(kind)
    rows = []
    for name in registry.names(data_root):
        declared = registry.describe(name, data_root=data_root)
        row: dict[str, Any] = {"name": name}
        if attribute is not None:
            value = declared.attributes.get(attribute)
            row[attribute] = sorted(value) if isinstance(value, set | frozenset) else value
        if kind == "datasets":
            row |= columns_of(declared, data_root)
        if declared.origin != "built in":
            row["origin"] = declared.origin
        rows.append({**row, "about": declared.summary})
    return rows


def _suites() -> list[dict[str, Any]]:
    from mlbench.errors import UnknownNameError
    from mlbench.suite import load_suite, shipped_suites

    rows: list[dict[str, Any]] = []
    for file in shipped_suites():
        try:
            suite = load_suite(file)
        except UnknownNameError as error:
            # Of a folder under the data root, on a machine that does not hold it.
            about = f"its cells cannot be told here: unknown {error.kind} {error.name!r}"
            rows.append({"name": file.stem, "cells": None, "about": about})
            continue
        grid = suite.grid()
        cells = len(grid.cells) + len(grid.finals)
        rows.append({"name": suite.name, "cells": cells, "about": suite.description})
    return rows


def _presets() -> list[dict[str, Any]]:
    from mlbench.suite import presets

    return [{"name": preset.name, "about": preset.about} for preset in presets().values()]


def _published() -> list[dict[str, Any]]:
    """Numbers that papers print; of the comprehensive study there is none, its tables could not be had."""
    from mlbench.report.data.published import PUBLISHED

    return [each.to_dict() for each in PUBLISHED]


def _show_preset(name: str, as_json: bool) -> None:
    from mlbench.suite import find_preset

    preset = find_preset(name)
    if as_json:
        values = {"train": dict(preset.train), "by_modality": dict(preset.by_modality)}
        reply(json.dumps({"name": preset.name, "about": preset.about, **values}))
        return
    print(f"{preset.name}\n\n{preset.about}\n")
    for key, value in preset.train.items():
        print(f"{key} = {value!r}")
    for modality, own in preset.by_modality.items():
        for key, value in own.items():
            print(f"{key} = {value!r}   for encoders that read {modality}")


def _declared(declared: Any) -> dict[str, Any]:
    return {
        "name": declared.name,
        "doc": declared.doc,
        "parameters": {
            parameter.name: {
                "default": None if parameter.required else parameter.default,
                "type": parameter.annotation,
            }
            for parameter in declared.parameters
        },
        "attributes": dict(declared.attributes),
        "file": declared.file,
        "origin": declared.origin,
        "version": declared.version,
        "source_hash": declared.source_hash,
        "code_hash": code_hash(declared),
    }


def _print_declared(declared: Any) -> None:
    print(f"{declared.name}\n\n{declared.doc}\n")
    for attribute in ("needs", "accepts", "modalities", "augmentations", "train_defaults"):
        value = declared.attributes.get(attribute)
        if value:
            print(f"{attribute}: {_short(value)}")
    space = declared.attributes.get("search_space", {})
    print("parameters:" if declared.parameters else "parameters: none")
    for parameter in declared.parameters:
        default = "required" if parameter.required else f"{parameter.default!r}"
        search = f"   search {space[parameter.name]}" if parameter.name in space else ""
        print(f"  {parameter.name}: {parameter.annotation or 'any'} = {default}{search}")
    for name in space:
        if name not in {parameter.name for parameter in declared.parameters}:
            print(f"  {name}: search {space[name]}")
    print(f"file: {declared.file} ({declared.origin})")


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} = {item!r}" for key, item in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(sorted(map(str, value)))
    return "" if value is None else str(value)


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, set | frozenset) else str(value)
