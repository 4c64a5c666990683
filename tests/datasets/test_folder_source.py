"""A folder of the data root is a dataset by its name; registering it later changes no cell's id."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlbench import datasets
from mlbench.datasets.fetching import fetch
from mlbench.errors import ConfigError, DataError, UnknownNameError
from mlbench.registry import DATASETS, load_plugins
from mlbench.suite.load import parse_suite

CARD = 'name = "Shapes"\nmodality = "features"\nlicence = "CC0"\nfamily = "figures"\nlabels = ["b", "a"]\n'
SUITE = """
name = "by-name"
seeds = [0]
fractions = [1.0]
losses = ["bce"]
[[datasets]]
name = "folder_shapes"
encoder = "features"
"""
PLUGIN = """
from mlbench.datasets.cards import Card
from mlbench.datasets.source import NamedSource, register_dataset

@register_dataset("folder_shapes")
class Shapes(NamedSource):
    \"\"\"Registered later.\"\"\"

    def card(self):
        return Card(name="folder_shapes", modality="features", family="figures", task="shapes")
"""


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MLBENCH_DATA", str(tmp_path / "data"))
    write(tmp_path / "data" / "folder_shapes")
    return tmp_path / "data"


def write(folder: Path, splits: tuple[str, ...] = ("train",), card: str = CARD) -> Path:
    """Rows of which some have equal inputs, so that cutting them together would cut otherwise."""
    folder.mkdir(parents=True)
    rows = range(60)
    labels = [["a", "b"] if row % 3 == 0 else ["a"] if row % 3 == 1 else ["b"] for row in rows]
    table = pa.table({"features": [[row % 20 + 0.5, row % 7 + 0.5] for row in rows], "labels": labels})
    for split in splits:
        pq.write_table(table, folder / f"{split}.parquet")
    (folder / "dataset.toml").write_text(card)
    return folder


@pytest.fixture
def register(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    def load() -> None:
        file = tmp_path / "shapes.py"
        file.write_text(PLUGIN)
        for table in ("_plugins", "_objects", "_declared"):
            monkeypatch.setattr(DATASETS, table, dict(getattr(DATASETS, table)))
        load_plugins([file])

    return load


def test_a_folder_has_the_card_of_its_file() -> None:
    card = datasets.card("folder_shapes")
    assert (card.name, card.modality, card.family, card.licence) == (
        "folder_shapes", "features", "figures", "CC0"
    )  # fmt: skip
    assert (card.labels, card.sizes) == (2, {}), (
        "validation and test are cut: nobody says yet how large they are"
    )
    assert datasets.modality("folder_shapes") == "features"
    dataset = datasets.load("folder_shapes", name="mine")
    assert (dataset.name, dataset.labels, dataset.card.family) == ("mine", ("b", "a"), "figures")
    assert dataset.fingerprint == datasets.fingerprint("folder_shapes")


def test_its_family_is_its_name_where_the_card_says_none_and_its_sizes_are_those_of_its_files(
    root: Path,
) -> None:
    plain = CARD.replace('family = "figures"\n', "")
    write(root / "whole", ("train", "validation", "test"), plain)
    card = datasets.card("whole")
    assert (card.family, card.sizes) == ("whole", {"train": 60, "validation": 60, "test": 60})


def test_registering_it_later_changes_no_id_and_nothing_that_a_record_says(
    register: Callable[[], None],
) -> None:
    def cells() -> list[tuple[object, str]]:
        found = parse_suite(SUITE, "by-name.toml").cells()
        return [
            (cell.describe(), cell.id(datasets.fingerprint(cell.loader, cell.dataset_parameters)))
            for cell in found
        ]

    before = cells()
    assert DATASETS.describe("folder_shapes").origin == "folder"
    register()
    assert DATASETS.describe("folder_shapes").origin == "plugin"
    assert cells() == before
    assert datasets.card("folder_shapes").task == "shapes", "a registered name goes first"


def test_another_data_root_has_other_folders(tmp_path: Path) -> None:
    other = tmp_path / "other"
    write(other / "elsewhere")
    assert "elsewhere" in DATASETS.names(other)
    assert datasets.load("elsewhere", data_root=other).sizes["train"] == 42
    assert fetch("elsewhere", data_root=other).folder == other / "elsewhere"
    with pytest.raises(UnknownNameError, match="unknown dataset 'folder_shapes'"):
        datasets.load("folder_shapes", data_root=other)


def test_an_unknown_name_is_compared_with_folders_too() -> None:
    with pytest.raises(
        UnknownNameError, match=r"did you mean 'folder_shapes'.*--data-root or \$MLBENCH_DATA"
    ):
        parse_suite(SUITE.replace("folder_shapes", "folder_shape"), "by-name.toml")
    with pytest.raises(ConfigError, match=r"no parameter 'text'; it has no parameters"):
        parse_suite(SUITE + 'text = "body"\n', "by-name.toml")


def test_only_folders_with_a_card_and_a_train_split_have_names(root: Path) -> None:
    (root / "reports").mkdir()
    (write(root / "without_card") / "dataset.toml").unlink()
    write(root / "without_train", ("test",))
    write(root / ".hidden")
    assert {"without_card", "without_train", ".hidden", "reports"}.isdisjoint(DATASETS.names())


def test_a_broken_card_is_an_error_of_that_dataset_alone(root: Path) -> None:
    write(root / "broken", card="modality =")
    assert "broken" in DATASETS.names()
    with pytest.raises(DataError, match=r"broken.dataset\.toml: not valid TOML"):
        datasets.load("broken")
