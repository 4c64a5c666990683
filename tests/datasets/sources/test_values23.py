"""Touché 2023 from an imitation of its files."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlbench.datasets.sources.values23 import LABELS
from mlbench.errors import DataError
from tests.datasets.sources.imitation import WORDS, get, lay, sets, texts, together

pytestmark = pytest.mark.filterwarnings("ignore:dataset .* (where its card says|was made with other rows)")


def files_of(train: int = len(WORDS)) -> dict[str, str | bytes]:
    texts_head, marks_head = (
        "Argument ID\tConclusion\tStance\tPremise\n",
        "Argument ID\t" + "\t".join(LABELS) + "\n",
    )
    said = [f"A{n}\tWe should {word}. \tin favor of\t it is {word} \n" for n, word in enumerate(WORDS)]
    marks = [f"A{n}\t1\t{n % 2}" + "\t0" * 18 + "\n" for n in range(train)]
    return {
        "Data/arguments-training.tsv": texts_head + "".join(said),
        "Data/labels-training.tsv": marks_head + "".join(marks),
        "Data/arguments-validation.tsv": texts_head + 'B1\t"Bullet" policy\tagainst\tan eye for "an" eye\n',
        "Data/labels-validation.tsv": marks_head + "B1" + "\t0" * 19 + "\t1\n",
    }


def test_values23(tmp_path: Path) -> None:
    dataset = get("values23", [lay(tmp_path, files_of())])
    assert dataset.labels == LABELS
    assert sets(dataset, "test") == {"B1": {LABELS[-1]}}
    assert together(dataset) == {f"A{n}": {LABELS[0], *LABELS[1 : 1 + n % 2]} for n in range(len(WORDS))}
    assert texts(dataset)["A0"] == "We should alfa (in favor of): it is alfa"
    assert texts(dataset)["B1"] == 'Bullet policy (against): an eye for "an" eye'


def test_an_argument_without_labels(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"labels-training\.tsv: there is no argument 'A3', which arguments-training"
    ):
        get("values23", [lay(tmp_path, files_of(train=3))])
