"""What the page is made of."""

from __future__ import annotations

from dataclasses import dataclass, field

from markupsafe import Markup


@dataclass
class Section:
    """A part of the page: text, then blocks of HTML."""

    id: str
    title: str
    lines: list[str] = field(default_factory=list)
    blocks: list[Markup] = field(default_factory=list)
