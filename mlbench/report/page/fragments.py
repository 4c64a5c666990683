"""The sections of the page, and the parts of it that follow the reader's choice: rendered once, packed, the chosen ones
unpacked."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup, escape


@dataclass
class Section:
    """A part of the page: text, then blocks of HTML."""

    id: str
    title: str
    lines: list[str] = field(default_factory=list)
    blocks: list[Markup] = field(default_factory=list)


class Fragments:
    """HTML by name, `slot/choice/choice`; most of it waits compressed in the page."""

    def __init__(self) -> None:
        self._html: dict[str, str] = {}

    def add(self, slot: str, choices: Sequence[object], html: str) -> None:
        self._html["/".join([slot, *map(str, choices)])] = html

    def slot(self, slot: str, by: Sequence[str], choices: Sequence[object], empty: str) -> Markup:
        """Where the fragment of the reader's choice stands in the page, the default one at first."""
        html = self._html.get("/".join([slot, *map(str, choices)]), f'<p class="empty">{escape(empty)}</p>')
        return Markup(
            f'<div data-slot="{escape(slot)}" data-by="{escape(" ".join(by))}" '
            f'data-empty="{escape(escape(empty))}">{html}</div>'
        )

    def packed(self) -> Markup:
        """All of it as JSON that is safe inside a script element."""
        text = {name: _pack(html) for name, html in self._html.items()}
        return Markup(json.dumps(text, separators=(",", ":")).replace("<", "\\u003c"))


def _pack(html: str) -> str:
    return base64.b64encode(zlib.compress(html.encode(), 6)).decode()
