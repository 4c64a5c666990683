"""Drawings in SVG made pictures, as CairoSVG, an optional library, draws them."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from mlbench.errors import DataError


def drawer(size: int) -> Callable[[bytes], Any]:
    """A function from an SVG file to a Pillow image of `size` × `size` pixels on white; None where it cannot be drawn.

    Raises DataError where CairoSVG is not installed.
    """
    try:
        import cairosvg
        from PIL import Image
    except (ImportError, OSError):
        raise DataError(
            'pictures of SVG drawings need CairoSVG and the cairo library: `pip install "mlbench[drawings]"`, then '
            "fetch it again"
        ) from None

    def draw(content: bytes) -> Any:
        try:
            png = cairosvg.svg2png(bytestring=content, output_width=size, output_height=size)
        except Exception:  # whatever a strange drawing makes it raise, the others are drawn
            return None
        drawn = Image.open(io.BytesIO(png)).convert("RGBA")
        paper = Image.new("RGBA", drawn.size, "white")
        paper.alpha_composite(drawn)
        return paper

    return draw


def encoded(image: Any, mode: str, kind: str, **options: Any) -> bytes:
    """The bytes of a picture file."""
    stream = io.BytesIO()
    image.convert(mode).save(stream, kind, **options)
    return stream.getvalue()
