"""What the page says of the protocol, against records of which it is true and others of which it is not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from mlbench.records import Store
from mlbench.report.data.grid import Grid
from mlbench.report.data.merge import merge
from mlbench.report.text.conditions import conditions
from mlbench.report.text.protocol import _shared, protocol
from tests.report.synthetic import World, records

SETS = ("go_emotions", "reuters21578", "yeast")


def said(folder: Path, by_dataset: Mapping[str, Mapping[str, Any]] | None = None, **train: Any) -> list[str]:
    """The sentences on records with these values of `[train]`; `by_dataset` changes cells, `train` among it."""
    store = Store(folder / "results")
    store.prepare()
    for record, scores in records(World(losses={"bce": 0.0}, datasets=SETS, fractions=[1.0], seeds=[0])):
        cell, change = record["cell"], dict((by_dataset or {}).get(record["cell"]["dataset"], {}))
        cell["train"] |= {"min_steps": 0, "weight_decay": 0.01, **train, **change.pop("train", {})}
        cell |= change
        store.write(record, scores)
    merged = merge([folder / "results"])
    return protocol(Grid(merged.cells), merged.trials)


def sentence(lines: list[str], start: str) -> str:
    """The one that begins so; empty where none does."""
    found = [line for line in lines if line.startswith(start)]
    assert len(found) <= 1
    return found[0] if found else ""


@pytest.mark.parametrize("optimiser", ["adam", "adamw", "sgd"])
def test_coupled_decay_is_named_where_it_was_used(optimiser: str, tmp_path: Path) -> None:
    text = " ".join(said(tmp_path, optimiser=optimiser))
    assert f"optimiser {optimiser}" in text
    assert ("Adam's weight decay is coupled" in text) == (optimiser == "adam")
    assert ("SGD's steps are as large as the loss" in text) == (optimiser == "sgd")


def test_an_optimiser_that_an_encoder_brings_is_named(tmp_path: Path) -> None:
    """The word vectors of `bag` are not moved by the protocol's optimiser; `conv` has no other."""
    bag = {"encoder": "bag", "encoder_options": {"learning_rate": 2.0}}
    conv = {"encoder": "conv", "encoder_options": {}}
    start = "The encoder bag brings an optimiser of its own"
    mixed = said(tmp_path / "mixed", {"go_emotions": bag, "reuters21578": conv, "yeast": conv})
    assert sentence(mixed, start) == (
        f"{start}, the same for all losses: SGD on its word vectors, over a running mean of the norm of the whole "
        "table's gradient, learning rate 2."
    )
    assert not any(
        "optimiser of its own" in line for line in said(tmp_path / "conv", dict.fromkeys(SETS, conv))
    )
    unknown = {"encoder": "somebodys", "encoder_options": {}}
    assert not any(
        "optimiser of its own" in line for line in said(tmp_path / "x", dict.fromkeys(SETS, unknown))
    )


def test_what_is_set_by_dataset_is_said_with_its_values(tmp_path: Path) -> None:
    lines = said(tmp_path, {"yeast": {"train": {"epochs": 30, "batch_size": 64}}}, epochs=5, batch_size=128)
    assert sentence(lines, "Set by dataset") == (
        "Set by dataset, the same for all losses there: epochs 5 on go_emotions and reuters21578, 30 on yeast; batch "
        "size 128 on go_emotions and reuters21578, 64 on yeast."
    )
    shared = sentence(lines, "Shared by all cells")
    assert "epochs" not in shared
    assert "optimiser adamw" in shared
    alike = said(tmp_path / "alike", epochs=5)
    assert not sentence(alike, "Set by dataset")
    assert "epochs 5," in sentence(alike, "Shared by all cells")


def test_the_rate_of_an_encoder_is_not_said_of_cells_whose_encoder_stays_as_it_is(tmp_path: Path) -> None:
    frozen = {"encoder": "hf:roberta-base", "encoder_options": {"frozen": True}, "train": {"encoder_lr": 0.5}}
    some = sentence(said(tmp_path / "some", {"yeast": frozen}), "Shared by all cells")
    assert "encoder lr 0.001 (where the encoder is trained)" in some, "the other value acts nowhere"
    assert "encoder lr" not in " ".join(said(tmp_path / "all", dict.fromkeys(SETS, frozen)))
    assert "encoder lr 0.001," in sentence(said(tmp_path / "none"), "Shared by all cells")


def test_encoders_that_stay_as_they_are_are_said_to(tmp_path: Path) -> None:
    frozen = {"encoder": "hf:roberta-base", "encoder_options": {"frozen": True}}
    lines = said(tmp_path, {"yeast": frozen, "reuters21578": {"encoder": "features"}})
    assert sentence(lines, "Encoders") == (
        "Encoders: bag, features (as it is; an adapter on its vectors is trained) and hf:roberta-base (as it is; an "
        "adapter on its vectors is trained)."
    )


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "The point of training that counts, thresholds and the probe's settings are chosen on validation"),
        ({name: {"train": {"select": "last"}} for name in SETS}, "The end of training counts; thresholds"),
        ({"yeast": {"train": {"select": "last"}}},
         "The point of training that counts (where select is best; else its end), thresholds"),
    ],
    ids=["best", "last", "both"],
)  # fmt: skip
def test_which_point_counts_is_said_as_it_was(changes: Any, text: str, tmp_path: Path) -> None:
    lines = said(tmp_path, changes)
    assert sentence(lines, text).endswith("no choice looks at test.")
    assert len([line for line in lines if "no choice looks at test" in line]) == 1


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "the same linear probe for every loss, on the features as they are after training."),
        ({name: {"train": {"probe": "needed"}} for name in SETS}, "it was trained for losses without logits alone."),
        ({"yeast": {"train": {"probe": "needed"}}}, "it was trained on some datasets for losses without logits alone."),
    ],
    ids=["all", "needed", "both"],
)  # fmt: skip
def test_the_probe_is_said_of_the_losses_that_it_read(changes: Any, text: str, tmp_path: Path) -> None:
    assert sentence(said(tmp_path, changes), "Two readings").endswith(text)


def test_epochs_are_said_to_be_more_where_they_can_be(tmp_path: Path) -> None:
    start = "Where the epochs make fewer updates"
    assert sentence(said(tmp_path / "some", min_steps=300), start)
    assert not sentence(said(tmp_path / "none"), start)


def test_numbers_are_written_short_and_truths_as_in_a_suite(tmp_path: Path) -> None:
    shared = sentence(said(tmp_path, head_lr=3e-5, weight_decay=0.01), "Shared by all cells")
    assert "head lr 3e-05" in shared
    assert "weight decay 0.01" in shared
    assert "epochs 20," in shared, "not 20.0"


def test_what_was_tuned_along_is_said_to_differ(tmp_path: Path) -> None:
    assert _shared(["head_lr", "weight_decay"]).endswith(
        "its heads, its own hyperparameters and what was tuned along with them (head lr, weight decay)."
    )
    assert said(tmp_path)[0].endswith("what differs is the loss, its heads and its own hyperparameters.")
    grid = Grid(merge([tmp_path / "results"]).cells)
    assert "weight decay" in " ".join(conditions(grid, []))
    assert "weight decay" not in " ".join(conditions(grid, ["weight_decay"])), (
        "what is tuned has no one value"
    )


def test_a_memory_is_said_of_the_losses_that_take_one(tmp_path: Path) -> None:
    """Nothing of one that is not known here."""

    def told(folder: Path, queue: int) -> str:
        store = Store(folder / "results")
        store.prepare()
        losses = {"bce": 0.0, "supcon": 0.0, "msc": 0.0, "somebodys": 0.0}
        for record, scores in records(World(losses=losses, datasets=SETS, fractions=[1.0], seeds=[0])):
            record["cell"]["train"]["queue"] = queue
            store.write(record, scores)
        merged = merge([folder / "results"])
        return sentence(protocol(Grid(merged.cells), merged.trials), "msc and supcon compared")

    assert told(tmp_path / "some", 512).startswith(
        "msc and supcon compared each batch with the embeddings of the last 512 rows as well"
    )
    assert not told(tmp_path / "none", 0)
    assert "compared each batch" not in " ".join(said(tmp_path / "alone", queue=512)), "bce takes none"
