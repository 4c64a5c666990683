"""What a reader asks is read as written, or refused with the way to write it."""

from __future__ import annotations

import pytest

from mlbench.errors import ConfigError, UnknownNameError
from mlbench.report.contrasts.asked import AskedContrast, Side, check_names, read_contrast


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("asl - bce", AskedContrast(Side(("asl",)), Side(("bce",)))),
        ("asl − bce on lrap", AskedContrast(Side(("asl",)), Side(("bce",)), "lrap")),
        (
            "best(supcon, msc) - mean(bce,asl-mild) on f1_macro@label",
            AskedContrast(Side(("supcon", "msc"), "best"), Side(("bce", "asl-mild")), "f1_macro@label"),
        ),
        ("asl-mild - best(bce)", AskedContrast(Side(("asl-mild",)), Side(("bce",), "best"))),
    ],
)
def test_a_question_is_read_and_shown(text: str, question: AskedContrast) -> None:
    assert read_contrast(text) == question
    assert read_contrast(f"{question} on {question.key}").losses == question.losses


@pytest.mark.parametrize(
    "text", ["asl", "asl-bce", "asl - bce - zlpr", "best(asl - bce", "best() - bce", " - bce"]
)
def test_what_is_no_question_is_refused_with_the_way_to_write_it(text: str) -> None:
    with pytest.raises(ConfigError, match=r'write "asl - bce"'):
        read_contrast(text)


def test_names_that_no_record_has_are_refused() -> None:
    asked = [read_contrast("asl - bec on mpa")]
    with pytest.raises(UnknownNameError, match=r"'bec'; did you mean 'bce'"):
        check_names(asked, {"asl", "bce"}, {"map"})
    with pytest.raises(UnknownNameError, match=r"'mpa'; did you mean 'map'"):
        check_names(asked, {"asl", "bec"}, {"map"})
