from pathlib import Path

import pytest

from mlbench.errors import ConfigError
from mlbench.suite import parse_suite

SHORT = """
name = "short"

[[datasets]]
name = "digit-scenes"
"""

LONG = """
name = "short"
seeds = [0, 1, 2]
fractions = [1.0]
losses = ["bce", "asl", "zlpr", "db_focal", "two_way", "supcon"]

[[datasets]]
name = "digit-scenes"
encoder = "conv"
"""


def _ids(text: str) -> list[str]:
    return [cell.id("data") for cell in parse_suite(text, "short.toml").cells()]


def test_a_suite_may_name_its_data_alone_and_its_cells_are_those_of_one_that_spells_all_out() -> None:
    assert _ids(SHORT) == _ids(LONG)
    assert len(_ids(SHORT)) == 18


@pytest.mark.parametrize(
    ("column", "encoder"), [("text", "bag"), ("image", "conv"), ("features", "features")]
)
def test_the_encoder_follows_from_what_own_data_hold(column: str, encoder: str) -> None:
    text = f'name = "mine"\n[[datasets]]\nname = "mine"\npath = "mine.csv"\n{column} = "x"\n'
    assert {cell.encoder for cell in parse_suite(text, "mine.toml").cells()} == {encoder}


def test_a_folder_of_the_data_root_says_it_in_its_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "herbs"
    folder.mkdir()
    (folder / "train.parquet").touch()
    (folder / "dataset.toml").write_text('name = "herbs"\nmodality = "image"\n')
    monkeypatch.setenv("MLBENCH_DATA", str(tmp_path))
    cells = parse_suite('name = "mine"\n[[datasets]]\nname = "herbs"\n', "mine.toml").cells()
    assert {cell.encoder for cell in cells} == {"conv"}


def test_where_only_the_files_tell_an_encoder_is_asked_for() -> None:
    text = 'name = "mine"\n[[datasets]]\nname = "mine"\npath = "mine.csv"\n'
    with pytest.raises(
        ConfigError, match=r"mine.toml, datasets\[0\] \(mine\): 'encoder' is missing, .*`text`"
    ):
        parse_suite(text, "mine.toml")
