"""`list datasets`: figures, licences, what is here, and the filters by them; `fetch` says licences first."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mlbench.cli.dataset_rows import Wanted
from mlbench.datasets.cards import Card
from mlbench.errors import ConfigError
from tests.cli.test_commands import mlbench


def row(name: str, **said: Any) -> dict[str, Any]:
    unknown = dict.fromkeys(("modality", "labels", "cardinality", "rows", "licence", "state"))
    return {"name": name, **unknown, **said}


ROWS = [
    row("a", modality="text", labels=10, cardinality=1.5, rows=100, licence="CC BY-NC 4.0", state="here"),
    row("b", modality="image", labels=50, cardinality=3.0, rows=2000, licence="MIT", state="to fetch"),
    row("c", modality="text", labels=969, cardinality=19.0, licence="MIT", state="built in"),
    row("own"),
]


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ({"modality": "text"}, "ac"),
        ({"labels": "10..50"}, "ab"),
        ({"labels": "51.."}, "c"),
        ({"labels": "10"}, "a"),
        ({"rows": "..100"}, "a"),
        ({"cardinality": "2..", "modality": "image"}, "b"),
        ({"licence": "mit"}, "bc"),
        ({"here": True}, "ac"),
    ],
)
def test_filters(said: dict[str, Any], names: str) -> None:
    assert "".join(each["name"] for each in Wanted(**said).chosen(ROWS)) == names


def test_what_is_no_filter() -> None:
    assert not Wanted()
    with pytest.raises(ConfigError, match=r"--rows 'many': a number, or a range"):
        Wanted(rows="many").chosen(ROWS)
    with pytest.raises(ConfigError, match=r"unknown modality 'txt'.*did you mean 'text'"):
        Wanted(modality="txt").chosen(ROWS)


def test_list_datasets() -> None:
    listed = {row["name"]: row for row in json.loads(mlbench("list", "datasets", "--json").stdout)}
    icons = listed["mdi_icons"]
    assert (icons["modality"], icons["labels"], icons["rows"], icons["cardinality"]) == (
        "image",
        116,
        6442,
        2.34,
    )
    assert icons["licence"] == "Apache-2.0"
    assert listed["digit-scenes"]["state"] == "built in"
    assert "datasets are" in mlbench("list", "losses", "--here", code=2).stderr


@pytest.mark.parametrize(
    ("licence", "restricted"),
    [
        ("CC BY-NC-SA 4.0", True),
        ("research only, by agreement", True),
        ("academic use, with the citation", True),
        ("CC BY-SA 4.0", False),
        ("Apache-2.0 (source repository)", False),
    ],
)
def test_licences_that_restrict(licence: str, restricted: bool) -> None:
    assert Card("x", "text", licence=licence).restricted == restricted


def test_a_licence_is_said_before_the_download() -> None:
    said = mlbench("fetch", "nus_wide", "--data-root", "nowhere", code=1).stderr
    assert said.index("nus_wide: licence research only") < said.index("--from")
    assert "it restricts what the data may be used for" in said
