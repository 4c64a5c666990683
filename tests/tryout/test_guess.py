"""From the columns of a table to how it is read."""

from typing import Any

import pyarrow as pa
import pytest

from mlbench.tryout.dividing import divisions
from mlbench.tryout.guess import Guess, guess
from mlbench.tryout.profile import profile

TEXTS = [f"the {word} arrived late and nobody at the desk knew of it" for word in "abcdefghijkl"]
TAGS = ["billing; late", "late", "billing; lost", "lost; late"] * 3


def _guess(columns: dict[str, Any], **given: Any) -> Guess:
    return guess(profile(pa.table(columns)), given)


def test_texts_and_separated_labels_are_found_by_what_they_hold_not_by_their_names() -> None:
    found = _guess({"nr": [f"t{row}" for row in range(12)], "x": TEXTS, "y": TAGS})
    assert found.parameters == {"labels": "y", "separator": ";", "text": "x"}
    assert not found.questions


def test_columns_of_marks_side_by_side_are_labels_beside_a_text() -> None:
    found = _guess({"id": range(12), "comment": TEXTS, "rude": ["0", "1"] * 6, "kind": ["1", "0"] * 6})
    assert found.parameters == {"labels": ["rude", "kind"], "text": "comment"}


def test_numbers_are_features_and_marks_labels() -> None:
    values = [row / 7 for row in range(12)]
    found = _guess({"id": range(12), "f1": values, "f2": values, "a": [0, 1] * 6, "b": [1, 0] * 6})
    assert found.parameters == {"labels": ["a", "b"], "features": ["f1", "f2"]}


def test_marks_between_other_columns_are_asked_about() -> None:
    values = [row / 7 for row in range(12)]
    found = _guess({"smokes": [0, 1] * 6, "f1": values, "a": [0, 1] * 6, "b": [1, 0] * 6})
    assert [question.key for question in found.questions] == ["labels"]
    assert found.questions[0].options[0].value == ["smokes", "a", "b"]


def test_two_columns_that_could_be_the_text_are_asked_about_unless_one_is_called_so() -> None:
    columns = {"first": TEXTS, "second": TEXTS[::-1], "tags": TAGS}
    assert [question.key for question in _guess(columns).questions] == ["text"]
    named = {"first": TEXTS, "body": TEXTS[::-1], "tags": TAGS}
    assert _guess(named).parameters["text"] == "body"
    assert _guess(columns, text="second").questions == []


def test_lists_need_no_separator_and_written_ones_are_read_as_such() -> None:
    assert _guess({"text": TEXTS, "y": [["a"], ["b"]] * 6}).parameters == {"labels": "y", "text": "text"}
    written = _guess({"text": TEXTS, "y": ["['a', 'b']", "[]"] * 6})
    assert written.parameters == {"labels": "y", "separator": "json", "text": "text"}


def test_images_by_path_and_the_split_column_are_known() -> None:
    found = _guess({"photo": [f"{row}.JPG" for row in range(12)], "split": ["train"] * 12, "tags": TAGS})
    assert found.parameters == {"labels": "tags", "separator": ";", "image": "photo"}


def test_one_label_a_row_is_read_with_a_separator_that_is_in_none() -> None:
    found = _guess({"text": TEXTS, "kind": ["bill", "late", "lost"] * 4})
    assert found.parameters["separator"] == ";"
    assert "each is one label" in found.said[1]


def test_a_class_of_several_words_is_not_divided_by_its_blanks() -> None:
    found = _guess({"text": TEXTS, "category": ["late bill", "lost bill", "late parcel"] * 4})
    assert found.parameters["separator"] == ";"
    (question,) = _guess({"text": TEXTS, "tags": ["late bill", "bill", "late", "parcel"] * 3}).questions
    assert question.key == "separator"
    assert {option.value for option in question.options} == {" ", ";"}


def test_where_all_columns_are_marks_the_labels_are_asked_for_and_the_rest_are_features() -> None:
    columns = {name: ["0", "1"] * 6 for name in "abcd"}
    assert [question.key for question in _guess(columns).questions] == ["labels"]
    assert _guess(columns, labels=["a", "b"]).parameters["features"] == ["c", "d"]


def test_nothing_that_looks_like_labels_is_said_with_what_there_is() -> None:
    (question,) = _guess({"id": range(12), "text": TEXTS}).questions
    assert question.key == "labels"
    assert "'id', 'text'" in question.text


def test_everything_in_doubt_is_asked_at_once() -> None:
    both = ["a,b;c", "a,b;d", "e,b;c"] * 4
    found = _guess({"one": TEXTS, "two": TEXTS[::-1], "tags": TAGS, "topics": both})
    assert [question.key for question in found.questions] == ["labels", "text"]


@pytest.mark.parametrize(
    ("cells", "separator"),
    [
        (["x; y", "y", "x"] * 5, ";"),
        (["TV, Film & Stage; Art", "Art", "TV, Film & Stage"] * 5, ";"),
        (["x|y", "y|z", "z"] * 5, "|"),
        (["x,y", "y", "z"] * 5, ","),
    ],
)
def test_the_separator_is_the_one_that_leaves_fewest_names(cells: list[str], separator: str) -> None:
    assert divisions(cells)[0].separator == separator


def test_sentences_with_commas_are_no_labels() -> None:
    sentences = [
        f"on day {row} it rained, and on the next {row * 7} it did not, as they said" for row in range(40)
    ]
    assert divisions(sentences) == []


HOT = [[0, 1, 0], [1, 0, 0], [1, 0, 1]] * 4


@pytest.mark.parametrize("values", [HOT, [str(row) for row in HOT], [[1, 2], [3], [2]] * 4])
def test_lists_of_numbers_that_are_called_labels_are_labels(values: list[Any]) -> None:
    found = _guess({"text": TEXTS, "labels": values})
    assert found.parameters["labels"] == "labels"
    assert found.parameters["text"] == "text"


def test_lists_of_0_and_1_are_labels_where_nothing_else_is_and_features_beside_some() -> None:
    assert _guess({"text": TEXTS, "y": HOT}).parameters == {"labels": "y", "text": "text"}
    found = _guess({"bits": HOT, "y": [["a"], ["b"]] * 6})
    assert found.parameters == {"labels": "y", "features": "bits"}
    found = _guess({"x": [[0.5, 1.5]] * 12, "y": HOT})
    assert found.parameters == {"labels": "y", "features": "x"}


def test_objects_with_a_mark_for_each_label_are_labels_and_those_with_bytes_images() -> None:
    found = _guess({"text": TEXTS, "labels": [{"a": 1, "b": 0}, {"a": 0, "b": 1}] * 6})
    assert found.parameters == {"labels": "labels", "text": "text"}
    found = _guess({"picture": [{"bytes": b"", "path": ""}] * 12, "labels": [["a"], ["b"]] * 6})
    assert found.parameters == {"labels": "labels", "image": "picture"}


@pytest.mark.parametrize("marks", [("yes", "no"), ("x", ""), ("T", "F"), ("Y", "n")])
def test_other_marks_than_0_and_1_are_marks(marks: tuple[str, str]) -> None:
    found = _guess({"text": TEXTS, "rude": marks * 6, "late": marks[::-1] * 6})
    assert found.parameters == {"labels": ["rude", "late"], "text": "text"}


def test_labels_on_lines_of_their_own_are_divided_there() -> None:
    assert _guess({"text": TEXTS, "y": ["late\nbill", "bill", "late"] * 4}).parameters["separator"] == "\n"


def test_words_that_stand_alone_elsewhere_may_be_labels_divided_by_blanks() -> None:
    (question,) = _guess({"text": TEXTS, "y": ["#late #bill", "#bill", "#late"] * 4}).questions
    assert question.key == "separator"
    assert {option.value for option in question.options} == {" ", ";"}


def test_0_1_columns_beside_numbers_are_features_where_the_labels_are_another_column() -> None:
    values = [row / 7 for row in range(12)]
    found = _guess({"id": range(12), "smokes": [0, 1] * 6, "weight": values, "tags": TAGS})
    assert found.parameters == {"labels": "tags", "separator": ";", "features": ["smokes", "weight"]}
