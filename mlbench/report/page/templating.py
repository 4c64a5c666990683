"""The templates and static files of the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from mlbench.plain_text import fit

_HERE = Path(__file__).parent


def environment() -> jinja2.Environment:
    """The templates, everything in them escaped."""
    loader = jinja2.FileSystemLoader(_HERE / "templates")
    return jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, finalize=_shown)


def _shown(value: Any) -> Any:
    """Text fit for a page; what is markup already was made of such."""
    return fit(value) if type(value) is str else value


def static(name: str) -> Markup:
    """A file that stands in the page as it is."""
    return Markup((_HERE / "static" / name).read_text(encoding="utf-8"))
