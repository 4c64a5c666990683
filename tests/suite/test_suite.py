"""Suites: what they stand for, what their cells are called, and what is wrong with a bad one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlbench.errors import ConfigError, UnknownNameError
from mlbench.registry import LOSSES, REGISTRIES, load_plugins
from mlbench.suite import (
    Cell,
    Protocol,
    Selection,
    SuiteCells,
    duration,
    find_suite,
    load_suite,
    parse_suite,
    shipped_suites,
)
from mlbench.suite.protocol import Before

GOOD = """
name = "small"
seeds = [0, 1]
fractions = [0.1, 1.0]
losses = ["bce", { name = "asl", id = "asl-mild", gamma_neg = 2 }]

[train]
epochs = 4

[[datasets]]
name = "digit-scenes"
encoder = "conv"

[[datasets]]
name = "synthetic-topics"
labels = 60
encoder = { name = "bag", width = 64 }
train = { epochs = 2, threads = 3 }
"""
FINGERPRINT = "0" * 32


def cells(text: str = GOOD, /, **overrides: Any) -> list[Cell]:
    return parse_suite(text, "small.toml", overrides).cells()


def test_a_grid_is_every_combination_once() -> None:
    grid = cells()
    keys = {(cell.dataset, cell.fraction, cell.seed, cell.loss.id) for cell in grid}
    assert len(grid) == len(keys) == 2 * 2 * 2 * 2


def test_losses_of_one_dataset_and_fraction_stand_together() -> None:
    assert [cell.loss.id for cell in cells()[:4]] == ["bce", "asl-mild", "bce", "asl-mild"]
    assert cells()[0].fraction == cells()[1].fraction


def test_everything_is_resolved() -> None:
    first, mild = cells()[0], cells()[1]
    assert first.train.epochs == 4
    assert first.train.encoder_lr == 0.003, "conv brings its own learning rate"
    assert mild.loss.name == "asl"
    assert mild.loss.parameters["gamma_neg"] == 2
    assert mild.loss.parameters["clip"] == 0.05, "defaults are spelled out"
    topics = next(cell for cell in cells() if cell.dataset == "synthetic-topics")
    assert topics.train.epochs == 2
    assert topics.encoder_options["width"] == 64
    assert topics.dataset_parameters["labels"] == 60


def test_all_losses() -> None:
    grid = cells(GOOD.replace('["bce", { name = "asl", id = "asl-mild", gamma_neg = 2 }]', '"all"'))
    assert {"bce", "kmcl", "msc", "two_way"} <= {cell.loss.id for cell in grid}


def test_all_losses_and_one_more() -> None:
    more = '["all", { name = "asl", id = "asl-mild", gamma_neg = 2 }]'
    suite = parse_suite(
        GOOD.replace('["bce", { name = "asl", id = "asl-mild", gamma_neg = 2 }]', more), "here"
    )
    names = [*LOSSES.names(), "asl-mild"]
    assert [cell.loss.id for cell in suite.cells()[: len(names)]] == names
    assert suite.with_losses(["bce"]) is suite
    with pytest.raises(ConfigError, match="'bce' stands there twice"):
        parse_suite(GOOD.replace('"bce",', '"bce", "all",'), "here")


def test_what_kmcl_s_kernels_add_can_be_seen_in_the_suites() -> None:
    """Each variant has a loss beside it that has its head, and searches what asl searches of its own ASL."""
    for name in ("full", "real-cpu"):
        found = {cell.loss.id: cell.loss for cell in load_suite(find_suite(name)).cells()}
        kmcl, control = found["kmcl"].parameters, found["kmcl-asl-only"].parameters
        assert kmcl["case"] == control["case"] == "anisotropic"
        assert {key: value for key, value in control.items() if value != kmcl[key]} == {
            "rec_weight": 0.0,
            "con_weight": 0.0,
        }
        assert found["kmcl-isotropic"].parameters == {**kmcl, "case": "isotropic"}
        assert "asl" in found
    own, asl = (LOSSES.describe(loss).attributes["search_space"] for loss in ("kmcl", "asl"))
    assert {name: own[name] for name in ("gamma_neg", "clip")} == {
        name: asl[name] for name in ("gamma_neg", "clip")
    }
    assert "case" not in own, "the head is no hyperparameter: its control would change with it"


def test_the_suite_of_longer_trainings_differs_in_their_length_alone() -> None:
    cells = load_suite(find_suite("longer")).cells()
    rows = {"reuters21578": 6993, "yeast": 1350, "miml_scenes": 1393}
    assert {cell.loader for cell in cells} == set(rows)
    for loader in rows:
        trains = {cell.dataset: cell.train for cell in cells if cell.loader == loader}
        epochs = [train.epochs for train in trains.values()]
        assert epochs == [epochs[0], 3 * epochs[0], 10 * epochs[0]]
        assert [train.epochs_over(rows[loader]) for train in trains.values()] == epochs, "raised"
        assert len({json.dumps({**train.identity(), "epochs": 0}) for train in trains.values()}) == 1
        rest = {(cell.encoder, str(cell.encoder_options)) for cell in cells if cell.loader == loader}
        assert len(rest) == 1


def test_an_id_names_what_can_change_the_result() -> None:
    one = cells()[0].id(FINGERPRINT)
    assert len(one) == 20
    assert int(one, 16) >= 0
    assert cells()[0].id(FINGERPRINT) == one
    assert cells()[0].id("1" * 32) != one
    assert len({cell.id(FINGERPRINT) for cell in cells()}) == len(cells())
    assert cells(**{"train.epochs": 5})[0].id(FINGERPRINT) != one


@pytest.mark.parametrize(
    "change",
    [
        ('name = "small"', 'name = "other"'),
        ("epochs = 4", "epochs = 4\nthreads = 2"),
        ("epochs = 4", 'epochs = 4\ntime_limit = "2h"'),
        ('losses = ["bce"', 'losses = [{ name = "bce", id = "baseline" }'),
        ('name = "digit-scenes"', 'name = "digit-scenes"\nid = "digits"'),
        ("fractions = [0.1, 1.0]", "fractions = [0.1, 1]"),
        ("epochs = 4", "epochs = 4\nqueue = 512"),
    ],
)
def test_an_id_leaves_out_what_cannot(change: tuple[str, str]) -> None:
    before = [cell.id(FINGERPRINT) for cell in cells()]
    assert GOOD.replace(*change) != GOOD
    assert [cell.id(FINGERPRINT) for cell in cells(GOOD.replace(*change))] == before


def test_a_queue_stands_in_the_ids_of_the_losses_that_take_one() -> None:
    text = GOOD.replace('"bce",', '"bce", "supcon", "bce_supcon", "reg",')
    alike = {
        one.loss.name: one.id(FINGERPRINT) == other.id(FINGERPRINT)
        for one, other in zip(cells(text), cells(text, **{"train.queue": 512}), strict=True)
    }
    assert alike == {"bce": True, "supcon": False, "bce_supcon": True, "reg": False, "asl": True}


FIRST_KEYS = (
    "epochs min_steps batch_size optimiser encoder_lr head_lr weight_decay layer_decay schedule warmup clip_norm "
    "precision micro_batch gradient_checkpointing compile group_by_length ema select select_metric evaluations probe "
    "probe_steps probe_loss adapter_width projection_dim augmentation views queue validation deterministic"
)
"""The keys of `[train]` that ids had when later ones began to be left out."""


class Later(Protocol):
    """The protocol of some later day."""

    friction: Annotated[float | None, Before(None)] = None
    smoothing: Annotated[Literal["none", "some"], Before("none")] = "some"


def test_a_key_that_is_added_later_changes_no_id() -> None:
    for file in (None, find_suite("quick")):
        for cell in cells() if file is None else load_suite(file).cells():
            before = cell.id(FINGERPRINT)
            values = cell.train.model_dump()
            same = replace(cell, train=Later(**values, smoothing="none"))
            assert same.id(FINGERPRINT) == before
            others = [Later(**values), Later(**values, smoothing="none", friction=0.5)]
            assert len({before, *(replace(cell, train=other).id(FINGERPRINT) for other in others)}) == 3


def test_every_key_added_since_says_what_was_done_before_it() -> None:
    """One that did not would orphan every record there is: mark it with Before."""
    was = Protocol.before()
    assert was["head_bias"] == "zero"
    assert set(Protocol(**was).identity()) == set(FIRST_KEYS.split())


LATER_PARTS = """
from mlbench.losses.bce import BinaryCrossEntropy
from mlbench.losses.base import register_loss
from mlbench.models.encoders.bag import BagOfWords
from mlbench.models.base import register_encoder

@register_loss("own-loss")
class OwnLoss(BinaryCrossEntropy):
    needs = {"logits"}
    BEFORE

    def __init__(self, first: float = 1.0, MORE) -> None: ...

@register_encoder("own-bag")
class OwnBag(BagOfWords):
    modalities = {"text"}
    BEFORE

    def __init__(self, first: float = 1.0, MORE) -> None: ...
"""


def test_a_parameter_that_is_added_later_changes_no_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def identifiers(marks: str, more: str, given: str = "") -> list[str]:
        for registry in REGISTRIES:
            monkeypatch.setattr(registry, "_plugins", {})
        file = tmp_path / "plugin.py"
        file.write_text(LATER_PARTS.replace("BEFORE", marks).replace("MORE", more))
        load_plugins([file])
        for registry in REGISTRIES:  # as if they were built in: their source is no part of the id
            monkeypatch.setattr(
                registry,
                "_plugins",
                {key: replace(found, origin="built in") for key, found in registry._plugins.items()},
            )
        text = GOOD.replace('"bce"', f'{{ name = "own-loss"{given} }}')
        text = text.replace('name = "bag", width = 64', f'name = "own-bag"{given}')
        return [cell.id(FINGERPRINT) for cell in cells(text)]

    first = identifiers("", "")
    marks, more = 'before = {"later": 0}', "later: int = 0"
    assert identifiers(marks, more) == first
    assert identifiers('before = {"later": 1}', more, ", later = 1") == first
    assert identifiers("", more) != first
    assert identifiers(marks, more, ", later = 3") != first


PLUGIN = """
from mlbench.losses.bce import BinaryCrossEntropy
from mlbench.losses.base import register_loss
from mlbench.models.encoders.bag import BagOfWords
from mlbench.models.base import register_encoder

@register_loss("own-loss")
class OwnLoss(BinaryCrossEntropy):
    needs = {"logits"}
    per_sample = True

@register_encoder("own-bag")
class OwnBag(BagOfWords):
    modalities = {"text"}
"""


@pytest.mark.parametrize("role", ["loss", "encoder", "probe loss"])
def test_code_that_is_not_built_in_stands_in_the_id(
    role: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = GOOD.replace('"bce"', '"own-loss"') if role == "loss" else GOOD
    text = text.replace('"bag"', '"own-bag"') if role == "encoder" else text
    overrides = {"train.probe_loss": "own-loss"} if role == "probe loss" else {}

    def identifiers(source: str) -> set[str]:
        for registry in REGISTRIES:
            monkeypatch.setattr(registry, "_plugins", {})
        file = tmp_path / "plugin.py"
        file.write_text(source)
        load_plugins([file])
        return {cell.id(FINGERPRINT) for cell in cells(text, **overrides)}

    assert identifiers(PLUGIN) == identifiers(PLUGIN)
    assert identifiers(PLUGIN) == identifiers(
        "# A remark.\n" + PLUGIN.replace("class OwnLoss", "class  OwnLoss")
    )
    touched = len(identifiers(PLUGIN) - identifiers(PLUGIN + "EDITED = 1\n"))
    assert touched == {"loss": 8, "encoder": 8, "probe loss": 16}[role]


def test_the_reduction_that_the_suite_leaves_open_is_the_protocol_s() -> None:
    open_, mean = cells(), cells(GOOD.replace("gamma_neg = 2", 'gamma_neg = 2, reduction = "mean"'))
    assert {cell.loss.parameters["reduction"] for cell in open_} == {"batchmean"}
    assert [cell.loss.parameters["reduction"] for cell in mean[:2]] == ["batchmean", "mean"]
    twins = GOOD.replace('"bce"', '"bce", { name = "bce", id = "again", reduction = "batchmean" }')
    with pytest.raises(ConfigError, match="'again' is 'bce' once more"):
        cells(twins)


def test_the_command_line_wins_over_every_dataset() -> None:
    assert {cell.train.epochs for cell in cells(**{"train.epochs": 9})} == {9}


def test_selection() -> None:
    chosen = Selection(losses=("bce",), fractions=(1.0,), seeds=(1,)).apply(SuiteCells(cells(), [])).cells
    assert {(cell.loss.id, cell.fraction, cell.seed) for cell in chosen} == {("bce", 1.0, 1)}
    assert len(chosen) == 2
    with pytest.raises(UnknownNameError, match="did you mean 'asl-mild'"):
        Selection(losses=("asl-mid",)).apply(SuiteCells(cells(), []))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ("epochs = 4", "epoch = 4"),
            r"small.toml, line 8: unknown key 'train.epoch'; did you mean 'epochs'",
        ),
        (("epochs = 4", 'epochs = "4"'), r"epochs.*valid integer"),
        (("epochs = 4", "epochs = 0"), r"epochs.*greater than or equal to 1"),
        (
            ("epochs = 2,", "epoks = 2,"),
            r"line 18: unknown key 'datasets\[1\].train.epoks'; did you mean 'epochs'",
        ),
        (("seeds =", "seed ="), r"line 3: unknown key 'seed'; did you mean 'seeds'"),
        (('"bce",', '"bcee",'), r"losses\[0\]: unknown loss 'bcee'; did you mean 'bce'"),
        (("gamma_neg = 2", "gama_neg = 2"), r"has no parameter 'gama_neg'; did you mean 'gamma_neg'"),
        (("gamma_neg = 2", 'gamma_neg = "2"'), r"'asl' takes gamma_neg: float, got '2'"),
        (('"digit-scenes"', '"digit-scene"'), r"unknown dataset 'digit-scene'; did you mean 'digit-scenes'"),
        (('encoder = "conv"', 'encoder = "konv"'), r"encoder: unknown encoder 'konv'; did you mean 'conv'"),
        (('encoder = "conv"', 'encoder = "timm"'), r"'timm' needs a value for 'model'"),
        (("labels = 60", "lables = 60"), r"has no parameter 'lables'; did you mean 'labels'"),
        (("width = 64", "widht = 64"), r"has no parameter 'widht'; did you mean 'width'"),
        (("[0.1, 1.0]", "[0.1, 1.5]"), r"fractions: .*1.5 is neither a share"),
        (("[0.1, 1.0]", "[0.1, 2.0]"), r"fractions: 2.0 is above 1: write 2 for that many rows, or a share"),
        (('name = "small"', ""), r"'name' is missing"),
        (("[0.1, 1.0]", "[0.1, 0.1]"), r"fractions: \[0.1, 0.1\] holds a value twice$"),
        (("seeds = [0, 1]", "seeds = [0, -1]"), r"seeds: .*-1 is no seed; seeds are whole numbers from 0"),
        (('name = "small"', 'name = "../small"'), r"names a folder"),
        (('id = "asl-mild"', 'id = "bce"'), r"'bce' stands there twice"),
        (
            ('"asl", id = "asl-mild", gamma_neg = 2', '"bce", id = "again"'),
            r"'again' is 'bce' once more, with equal",
        ),
        (('id = "asl-mild"', 'id = "<script>"'), r"may hold letters"),
        (('name = "digit-scenes"', ""), r"'datasets\[0\].name' is missing"),
        (('name = "small"', "name = small"), r"small.toml: not valid TOML: .*line 2"),
    ],
)
def test_a_bad_suite_names_file_key_and_remedy(change: tuple[str, str], message: str) -> None:
    text = GOOD.replace(*change)
    assert text != GOOD
    with pytest.raises(ConfigError, match=message) as error:
        parse_suite(text, "small.toml")
    assert "small.toml" in str(error.value)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("[train]\nepochs = 4\n", "train = 3\n", "train.epochs"),
        ("[train]\n", "store = 3\n[train]\n", "store.scores"),
        (GOOD[GOOD.index("[train]") :], "datasets = 3\n", "train.epochs"),
    ],
)
def test_an_override_of_what_is_no_table_is_a_clear_error(old: str, new: str, key: str) -> None:
    text = GOOD.replace(old, new)
    assert text != GOOD
    with pytest.raises(ConfigError, match=rf"small.toml.*{new.split()[0]}: .*got 3"):
        parse_suite(text, "small.toml", {key: 5})


def test_two_datasets_of_one_name_need_an_id() -> None:
    twice = GOOD.replace(
        'name = "digit-scenes"\nencoder = "conv"', 'name = "synthetic-topics"\nencoder = "bag"'
    )
    with pytest.raises(ConfigError, match="two datasets are called 'synthetic-topics'"):
        parse_suite(twice, "small.toml")
    with_id = twice.replace(
        'name = "synthetic-topics"\nencoder', 'name = "synthetic-topics"\nid = "few"\nencoder'
    )
    assert {cell.dataset for cell in cells(with_id)} == {"few", "synthetic-topics"}


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ("", True),
        ("train = { threads = 2 }", True),
        ("train = { epochs = 9 }", False),
        ("samples = 800", False),
    ],
)
def test_one_dataset_under_two_names_is_refused(change: str, refused: bool) -> None:
    text = f'{GOOD}\n[[datasets]]\nname = "digit-scenes"\nid = "few"\nencoder = "conv"\n{change}\n'
    if not refused:
        assert {cell.dataset for cell in cells(text)} == {"digit-scenes", "few", "synthetic-topics"}
        return
    with pytest.raises(ConfigError, match=r"small.toml, datasets: 'few' is 'digit-scenes' once more"):
        cells(text)


def test_a_suite_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "quick.toml").write_text(GOOD)
    with pytest.raises(ConfigError, match=r"no such suite.*did you mean '.*quick.toml'"):
        find_suite(str(tmp_path / "quik.toml"))
    assert find_suite("quick").stem == "quick"


@pytest.mark.parametrize("file", shipped_suites(), ids=lambda file: file.stem)
def test_every_shipped_suite_parses(file: Path, request: pytest.FixtureRequest) -> None:
    if file.stem.startswith("study"):
        request.getfixturevalue("data_root")  # it names folders of the data root
    suite = load_suite(file)
    assert suite.name == file.stem
    assert suite.description
    assert suite.cells()


@given(st.floats(min_value=0.01, max_value=1e6))
def test_durations(seconds: float) -> None:
    assert duration(seconds) == seconds
    assert duration(f"{seconds:.4f}s") == pytest.approx(seconds, abs=1e-4)


def test_durations_with_units() -> None:
    assert [duration(text) for text in ("90", "15m", "2h", "1.5d")] == [90, 900, 7200, 129600]
    for bad in ("", "2x", "-3s", 0, -1, True, None):
        with pytest.raises(ValueError, match="is not a duration"):
            duration(bad)


def test_a_record_of_a_loss_without_memory_stands_under_the_queue_of_its_suite() -> None:
    """The queue is no part of its id, so the record may be of another one; tables would take it for another dataset."""
    (early, *_), (late, *_) = cells(), cells(**{"train.queue": 512})
    assert early.loss.name == "bce"
    assert early.id(FINGERPRINT) == late.id(FINGERPRINT)
    description = early.describe()
    assert early.has_names(description)
    assert not late.has_names(description)
    late.give_names(description)
    assert late.has_names(description)
    assert description == late.describe()
