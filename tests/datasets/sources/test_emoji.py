"""The emoji from imitations of their packages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.datasets.sources.imitation import everywhere, get, tarred

pytestmark = pytest.mark.filterwarnings("ignore:dataset .* (where its card says|was made with other rows)")


def drawing(colour: str) -> str:
    square = f'<rect width="9" height="9" fill="{colour}"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{square}</svg>'


def test_emoji(tmp_path: Path) -> None:
    """Both drawings with the keywords of both sets; no skin tones; a set may leave out -fe0f in its files' names."""
    pytest.importorskip("cairosvg")
    codes = [f"1F6{n:02X}" for n in range(30)] + ["2049-FE0F"]
    emoji = [{"hexcode": code, "group": "objects", "tags": "One thing, rare" + code} for code in codes]
    emoji.append({"hexcode": "1F600-1F3FB", "group": "people", "tags": "One thing", "skintone": 1})
    ours: dict[str, str | bytes] = {"package/data/openmoji.json": json.dumps(emoji)}
    theirs: dict[str, str | bytes] = {}
    for number, code in enumerate(codes):
        ours[f"package/color/svg/{code}.svg"] = drawing(f"#{8 * number:02x}0040")
        ours[f"package/black/svg/{code}.svg"] = drawing("black")
        theirs[f"package/{code.lower().replace('-fe0f', '')}.svg"] = drawing(f"#40{8 * number:02x}00")
    keywords = json.dumps([{"hexcode": code.replace("-FE0F", ""), "tags": ["Glad"]} for code in codes])
    files = (
        tarred(tmp_path / "openmoji.tar.gz", ours),
        tarred(tmp_path / "twemoji.tar.gz", theirs),
        tarred(
            tmp_path / "emojibase.tar.gz", {"package/en/data.json": keywords, "package/de/data.json": "[]"}
        ),
    )
    dataset = get("emoji", files)
    expected = {f"{style}/{code}" for style in ("openmoji", "twemoji") for code in codes}
    assert everywhere(dataset) == {name: {"one thing", "glad", "objects"} for name in expected}
    for split in dataset.splits.values():
        both = [name.partition("/")[2] for name in split.ids]
        assert sorted(both) == sorted([*set(both), *set(both)])
