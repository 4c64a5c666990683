"""Descriptions, against plain counting; the page is self-contained and escapes what comes from the data."""

from __future__ import annotations

import base64
import io
import json
import re
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mlbench.datasets import Dataset, Split, load
from mlbench.datasets.cards import Card
from mlbench.datasets.description.describing import co_occurrence, describe, names_alike
from mlbench.datasets.description.html_page import render_html
from mlbench.datasets.description.plain_text import render_text

HOSTILE = '<script>alert("x")</script>{{ 7 * 7 }}'


def split(texts: list[str], rows: list[list[int]]) -> Split:
    return Split(texts, np.array(rows, np.uint8), [f"id{row}" for row in range(len(rows))])


@pytest.fixture
def small() -> Dataset:
    train = split(
        ["one two", HOSTILE, "one two", "a b c d", "x" * 500],
        [[1, 1, 0, 0], [1, 0, 0, 0], [1, 1, 1, 0], [0, 0, 0, 0], [1, 0, 1, 0]],
    )
    validation = split(["one two", "fresh"], [[1, 0, 0, 0], [0, 1, 0, 0]])
    unscored = np.array([[True, False, False, False], [False] * 4])
    plain = split(["a b c d", "fresh"], [[1, 0, 0, 1], [1, 0, 1, 0]])
    test = Split(plain.inputs, plain.targets, plain.ids, unscored)
    labels = ("often", "$some$", HOSTILE, "new")
    return Dataset("small", "text", labels, train, validation, test, Card("small", "text", task=HOSTILE))


def test_numbers(small: Dataset) -> None:
    about = describe(small)
    assert about.sizes == {"train": 5, "validation": 2, "test": 2}
    assert about.label_counts["train"] == (4, 2, 2, 0)
    assert about.cardinality["train"] == pytest.approx(8 / 5)
    assert about.density == pytest.approx(8 / 20)
    assert about.mean_ir == pytest.approx((4 / 4 + 4 / 2 + 4 / 2) / 3)
    assert about.unlabelled == {"train": 1, "validation": 0, "test": 0}
    assert about.unscored == {"train": 0, "validation": 0, "test": 1}
    assert about.label_sets == 5
    assert about.shared == {"train and validation": 1, "train and test": 1, "validation and test": 1}
    assert about.repeated == 1
    assert about.absent["train"] == ("new",)
    best = about.pairs[0]
    assert (best.first, best.second, best.count, best.lift) == (
        "often",
        "$some$",
        2,
        pytest.approx(2 * 5 / (4 * 2)),
    )
    assert about.measures["words"][2] == 2
    assert about.measures["characters"][4] == 500
    assert len(about.samples) == 5
    assert json.loads(json.dumps(about.to_dict()))["name"] == "small"


def test_co_occurrence_by_counting() -> None:
    targets = (np.random.default_rng(0).random((200, 7)) < 0.3).astype(np.uint8)
    together = co_occurrence(targets)
    for one, other in combinations(range(7), 2):
        assert together[one, other] == sum(row[one] and row[other] for row in targets.tolist())


def test_text_says_what_deserves_attention(small: Dataset) -> None:
    text = render_text(describe(small))
    for said in (
        "inputs shared by train and test: 1",
        "rows of train that repeat an earlier one: 1",
        "labels without a positive in train: 1 (new)",
        "of these, 1 are in test and never in train",
        "mean imbalance ratio 1.7",
    ):
        assert said in text


def test_the_page_is_self_contained_and_escapes(small: Dataset) -> None:
    page = render_html(describe(small), small)
    assert "<script" not in page
    assert "49" not in re.sub(r"base64,[^\"]*", "", page).replace("{{ 7 * 7 }}", "")
    assert page.count("data:image/svg+xml;base64,") == 3
    assert not re.findall(r"(?:src|href)=\"(?!data:)", page)


def test_names_of_any_characters_are_shown_fit(small: Dataset) -> None:
    hostile = replace(small, name="\x1b[2J", labels=("\x1b[2J", "\u202eb", HOSTILE, "new"))
    about = describe(hostile)
    page = render_html(about, hostile)
    pictures = [base64.b64decode(found).decode() for found in re.findall(r"svg\+xml;base64,([^\"]*)", page)]
    for shown in (render_text(about), page, *pictures):
        assert "\x1b" not in shown
        assert "\u202e" not in shown


def test_images_are_shown() -> None:
    stream = io.BytesIO()
    Image.new("RGB", (40, 20), "red").save(stream, "PNG")
    inputs = [stream.getvalue(), b"broken", stream.getvalue()]
    part = Split(inputs, np.ones((3, 1), np.uint8), ["a", "b", "c"])
    whole = part.take(np.array([0, 2]))
    dataset = Dataset("pictures", "image", ("l",), part, whole, whole, Card("pictures", "image"))
    about = describe(dataset)
    assert about.measures["width"] == (40, 40, 40, 40, 40)
    assert about.unreadable == ("b",)
    assert "images that cannot be read: 1 (id b)" in render_text(about)
    assert render_html(about, dataset).count("data:image/png;base64,") == 2


def test_built_in_ones() -> None:
    scenes = load("digit-scenes", {"samples": 60})
    assert render_html(describe(scenes), scenes).count("data:image/png;base64,") == 5
    features = load("synthetic-features", {"samples": 60, "labels": 5, "cardinality": 1.0})
    text = render_text(describe(features))
    assert "ceiling" in text
    assert "deviation of a feature" in text


@pytest.mark.parametrize(
    ("labels", "alike"),
    [
        (
            ["Bug", "bug", "ui", "u i", "mime-types", "mime_types"],
            [["Bug", "bug"], ["ui", "u i"], ["mime-types", "mime_types"]],
        ),
        (["c", "c++", "C#", "a::b", "ab"], []),
        ([], []),
    ],
)
def test_labels_that_may_be_meant_to_be_one(labels: list[str], alike: list[list[str]]) -> None:
    assert names_alike(labels) == alike


def test_texts_of_spaces_are_counted_and_a_label_stays_on_its_line(small: Dataset) -> None:
    train = split(["", " \n", "word"], [[1, 0], [1, 1], [0, 1]])
    dataset = Dataset(
        "d", "text", ("two\nlines", "Two Lines"), train, train.take(np.array([2])), train, small.card
    )
    about = describe(dataset)
    assert about.blank == {"train": 2, "validation": 0, "test": 2}
    text = render_text(about)
    assert "texts of nothing but spaces: 2 in train, 2 in test" in text
    assert "two lines + Two Lines" in text
    assert r"labels that may be meant to be one: 'two\nlines' and 'Two Lines'" in text
    assert "two\nlines" not in text


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ([str(row) for row in range(30)], "30 of 30 texts are numbers, such as '0'"),
        ([f"ticket-{row}" for row in range(30)], "30 of 30 texts are one word, none of them twice"),
        (["a text", "a\0b text", *["a text"] * 28], "texts with NUL characters: 1"),
        (np.ones((30, 2), np.float32), "same in every row of train: 2 of them (number 0, number 1)"),
        (np.full((30, 1), 2e9, np.float32), "features beyond ±1,000,000: 1 of them (number 0)"),
        (["a text"] * 30, "labels on in every row of train: 'always'"),
        (["a text"] * 30, "labels with characters that do not print: 'n\\x00'"),
    ],
)
def test_what_is_rarely_meant_to_be_so(inputs: Any, said: str) -> None:
    targets = np.array([[1, row % 2, 0] for row in range(30)], np.uint8)
    part = Split(inputs, targets, [str(row) for row in range(30)])
    kind = "features" if isinstance(inputs, np.ndarray) else "text"
    dataset = Dataset(
        "d", kind, ("always", "half", "n\0"), part, part, part, Card("d", kind), remarks=("as read",)
    )
    text = render_text(describe(dataset))
    assert said in text
    assert "as read" in text


def test_nothing_is_odd_where_nothing_is(small: Dataset) -> None:
    assert not describe(small).oddities
