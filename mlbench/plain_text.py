"""Text from outside, made fit for a record, a page, a figure and a terminal: the words of an exception, names, labels.

Control characters move a terminal's cursor or hide what stands beside them, and make an SVG ill-formed; a lone
surrogate, as Python has for bytes of a file name that are no UTF-8, cannot be written anywhere. They are shown as
`\\x1b`, `\\udce9`. TOML and JSON from outside are read here too: whatever is wrong with them is one kind of error.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tomllib
from typing import Any, TextIO

_SURROGATES = r"\ud800-\udfff"
_CONTROL = r"\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff"
_UNFIT = re.compile(f"[{_CONTROL}{_SURROGATES}]")
_UNWRITABLE = re.compile(f"[{_SURROGATES}]")


def fit(text: str) -> str:
    """The text with all escaped that is no letter and no line break or tab; its lines end as Unix has it."""
    if text.isprintable() or not _UNFIT.search(text):
        return text
    return _UNFIT.sub(_escaped, text.replace("\r\n", "\n").replace("\r", "\n"))


def no_formula(text: str) -> str:
    """Text of a CSV table that a spreadsheet does not take for a formula."""
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def writable(text: str) -> str:
    """The text with lone surrogates alone escaped: what must be read back as it was keeps the rest."""
    return text if text.isascii() else _UNWRITABLE.sub(_escaped, text)


def fit_all(value: Any) -> Any:
    """Lists and dicts with all their texts fit, keys too."""
    if isinstance(value, str):
        return fit(value)
    if isinstance(value, dict):
        return {fit_all(key): fit_all(item) for key, item in value.items()}
    if isinstance(value, list):
        return [fit_all(item) for item in value]
    return value


def said(error: object, longest: int = 20_000) -> str:
    """The text of an exception or a warning, whatever its `__str__` does; one that is very long loses its end."""
    try:
        text = str(error)
    except Exception as another:
        text = f"its text cannot be had: {type(another).__name__}"
    return text if len(text) <= longest else f"{text[:longest]} …"


def prepare_streams() -> None:
    """Have standard output and error take any text, whatever the locale, also where the process was started with some
    of them closed: what it opens first would otherwise get what libraries say there."""
    handle = os.open(os.devnull, os.O_RDWR)
    while handle <= 2:
        os.set_inheritable(handle, True)
        handle = os.dup(handle)
    os.close(handle)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.dup(number), "r" if number == 0 else "w", encoding="utf-8"))
    for stream in (sys.stdout, sys.stderr):
        _take_all(stream)


def _take_all(stream: TextIO) -> None:
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def parse_toml(text: str) -> dict[str, Any]:
    """What a TOML text says; raises tomllib.TOMLDecodeError, a ValueError, for one that is none, nests too deep, or has
    a number of thousands of digits."""
    try:
        found = tomllib.loads(text)
        # Dotted keys nest without limit, and a hexadecimal number is read at any length: neither could be said again.
        repr(found)
    except RecursionError:
        raise tomllib.TOMLDecodeError("nested too deep") from None
    except tomllib.TOMLDecodeError:
        raise
    except ValueError:
        raise tomllib.TOMLDecodeError("a number has too many digits") from None
    return found


def parse_json(text: str | bytes) -> Any:
    """What a JSON text says; raises ValueError for one that is none or nests too deep."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deep") from None
