"""What there is to know of one loss, read from its source: `mlbench show loss NAME`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mlbench.declarations import REQUIRED, Declaration
from mlbench.registry import LOSSES, PACKAGE_FOLDER


def facts(name: str) -> dict[str, Any]:
    """Name, docstring, needs, parameters with their defaults and ranges, and where it stands; fit for JSON.

    Raises UnknownNameError for a name that is not registered.
    """
    loss = LOSSES.describe(name)
    space = loss.attributes.get("search_space", {})
    return {
        "name": loss.name,
        "doc": loss.doc,
        "needs": sorted(loss.attributes.get("needs", ())),
        "accepts": sorted(loss.attributes.get("accepts", ())),
        "training": _training(loss),
        "parameters": [
            {
                "name": parameter.name,
                "default": None if parameter.default is REQUIRED else parameter.default,
                "required": parameter.default is REQUIRED,
                "type": parameter.annotation,
                "search": repr(space[parameter.name]) if parameter.name in space else None,
            }
            for parameter in loss.parameters
        ],
        "version": loss.version,
        "origin": loss.origin,
        "file": str(loss.file),
    }


def render(name: str) -> str:
    """The same as text: the docstring with formula and source, then needs, parameters and file."""
    loss = facts(name)
    needs = ", ".join(loss["needs"]) + (f" (can use {', '.join(loss['accepts'])})" if loss["accepts"] else "")
    lines = [loss["name"], "", loss["doc"], "", f"needs       {needs}: {loss['training']}", "parameters"]
    rows = [
        (p["name"], "required" if p["required"] else repr(p["default"]), p["search"] or "", p["type"])
        for p in loss["parameters"]
    ]
    header = ("", "default", "searched in", "type")
    widths = [max(len(row[column]) for row in [*rows, header]) for column in range(4)]
    if rows:
        for row in [header, *rows]:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            lines.append(("  " + "  ".join(cells)).rstrip())
    else:
        lines[-1] += "  none"
    lines += [
        f"version     {loss['version']}",
        f"file        {_short(Path(loss['file']))} ({loss['origin']})",
    ]
    return "\n".join(lines)


def _training(loss: Declaration) -> str:
    if "logits" in loss.attributes.get("needs", ()):
        return "trained end to end"
    return "trains the representation; a linear probe follows"


def _short(file: Path) -> Path:
    root = PACKAGE_FOLDER.parent
    return file.relative_to(root) if file.is_relative_to(root) else file
