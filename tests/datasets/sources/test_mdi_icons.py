"""The icons from an imitation of their package."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest
from PIL import Image

from mlbench.errors import DataError
from tests.datasets.sources.imitation import WORDS, everywhere, get, tarred

pytestmark = pytest.mark.filterwarnings("ignore:dataset .* (where its card says|was made with other rows)")


def drawing(number: int) -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path d="M0,0H{number}V{number + 1}Z"/></svg>'


def package(folder: Path, names: list[str]) -> Path:
    """A package of these icons; the last one is drawn like the first, and one more is deprecated."""
    icons = [{"name": name, "tags": ["Places"], "deprecated": False} for name in names]
    files: dict[str, str | bytes] = {
        "package/meta.json": json.dumps([*icons, {"name": "old", "deprecated": True}])
    }
    for number, name in enumerate(names):
        files[f"package/svg/{name}.svg"] = drawing(number + 1 if number < len(names) - 1 else 1)
    return tarred(folder / "mdi-svg-7.4.47.tgz.gz", files).rename(folder / "mdi-svg.tgz")


def test_mdi_icons(tmp_path: Path) -> None:
    """Words of the names and tags, numbers and rare words aside; of icons drawn alike the first."""
    pytest.importorskip("cairosvg")
    names = [f"{word}-{turn}-outline" for turn in range(2) for word in WORDS]
    dataset = get("mdi_icons", [package(tmp_path, names)])
    assert everywhere(dataset) == {name: {"outline", "places"} for name in names[:-1]}
    picture = Image.open(io.BytesIO(dataset.train.inputs[0]))  # type: ignore[arg-type]
    assert (picture.format, picture.mode, picture.size) == ("PNG", "L", (64, 64))


def test_without_cairosvg_the_remedy_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cairosvg", None)
    with pytest.raises(DataError, match=r'need CairoSVG .*: `pip install "mlbench\[drawings\]"`'):
        get("mdi_icons", [package(tmp_path, ["one", "two"])])
