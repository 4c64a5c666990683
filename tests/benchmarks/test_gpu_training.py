"""Training real encoders on a GPU, against a loop by hand, timm's own loop and the Hugging Face Trainer.

    pytest tests/benchmarks -s -m gpu

The networks have random weights, and the data come with mlbench: nothing is downloaded. The two loops start from the
same weights, and before they are raced the mean loss of their first epoch must be the same to 5 % (the order of the
rows and the draws of dropout differ). All run without deterministic kernels but for the row that says otherwise.
"""

from __future__ import annotations

import statistics
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import BertConfig, BertModel

from mlbench.training import run_cell
from tests.benchmarks import bare_loops
from tests.benchmarks.cases import Case, collate_of, prepared, start
from tests.benchmarks.device import DEVICE, ON_GPU, peak_bytes, sized
from tests.benchmarks.figures import Figures
from tests.benchmarks.timm_loop import timm_rate
from tests.benchmarks.trainer_loop import trainer_rate
from tests.benchmarks.waits import waits_of
from tests.benchmarks.window import Busy, Waits, second_epoch
from tests.models.tiny_bert import save_tiny_bert

pytestmark = [pytest.mark.gpu, pytest.mark.slow]

TURNS = sized(3, 1)
GIB = 2**30
SAMPLES = sized(2400, 60)
"""Two thirds of them train."""
IMAGES = sized("resnet50, 224 px", "resnet10t, 64 px")
BERT = sized("12-layer BERT, 128 tokens", "2-layer BERT, 16 tokens")
RACED = {"deterministic": False, "warmup": 0.0, "group_by_length": False, "encoder_lr": 1e-4}
CASES = {
    IMAGES: Case(
        "digit-scenes",
        {"name": sized("timm:resnet50", "timm:resnet10t"), "pretrained": False, "size": sized(224, 64)},
        3,
        batch_size=sized(64, 8),
        train=RACED,
        parameters={"samples": SAMPLES},
    ),
    BERT: Case(
        "synthetic-topics",
        {"name": "hf:", "max_length": sized(128, 16)},
        3,
        batch_size=sized(32, 8),
        train={**RACED, "encoder_lr": 3e-5},
        parameters={"samples": SAMPLES, "labels": 100, "cardinality": 20.0},
    ),
}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """BERT's base size, with a tokeniser of the data's own words."""
    texts = CASES[BERT].load().train.inputs
    folder = save_tiny_bert(tmp_path_factory.mktemp("bert"), [str(text) for text in texts])
    config = BertConfig.from_pretrained(folder)
    base = {"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072}
    config.update(sized(base, {}))
    BertModel(config).save_pretrained(folder)
    return folder


class Race:
    """A case in one precision, ready to be run by mlbench and by hand."""

    def __init__(self, case: Case, precision: str, bert: Path, cache: Path) -> None:
        self.case = replace(case.with_model(bert), train={**case.train, "precision": precision})
        self.cell, self.dataset, self.fitted, self.rows = prepared(case=self.case, bert=bert, cache=cache)
        self.precision, self.bert, self.cache = precision, bert, cache
        self.targets = torch.from_numpy(self.dataset.train.targets[self.rows])
        self.collate = collate_of(case, self.dataset, self.fitted, self.rows, cache)

    def ours(self, **changes: Any) -> dict[str, Any]:
        look = changes.pop("on_progress", None)
        cell = replace(self.case, train={**self.case.train, **changes}).cell()
        found = run_cell(cell, self.dataset, device=str(DEVICE), cache_dir=self.cache, on_progress=look)
        return found.parts

    def by_hand(self, epochs: int | None = None) -> bare_loops.Trained:
        train = self.cell.train
        return bare_loops.train(
            *start(self.cell, self.fitted, len(self.dataset.labels)),
            self.targets,
            self.collate,
            batch_size=self.case.batch_size,
            epochs=epochs or self.case.epochs,
            rates=(train.encoder_lr, train.head_lr),
            device=DEVICE,
            precision=self.precision,
        )

    def by_others(self, folder: Path) -> float:
        """timm's loop for images, the Trainer for texts: samples a second."""
        if self.dataset.modality == "text":
            return trainer_rate(
                self.bert,
                self.dataset,
                self.rows,
                self.case,
                folder,
                device=DEVICE,
                precision=self.precision,
            )
        (images,) = self.fitted.train.batch(torch.arange(len(self.rows)))
        return timm_rate(
            self.case.encoder["name"].removeprefix("timm:"),
            images,
            self.targets,
            batch_size=self.case.batch_size,
            epochs=self.case.epochs,
            rate=self.cell.train.encoder_lr,
            device=DEVICE,
            precision=self.precision,
        )


@pytest.mark.parametrize("precision", ["float32", "bf16"])
@pytest.mark.parametrize("name", CASES)
def test_throughput(
    name: str, precision: str, bert: Path, cache: Path, tmp_path: Path, figures: Figures
) -> None:
    race = Race(CASES[name], precision, bert, cache)
    busy, hand = Busy(), list[bare_loops.Trained]()
    first = race.ours(on_progress=second_epoch(busy))
    peak = peak_bytes(lambda: hand.append(race.by_hand()))
    assert first["history"]["epochs"][0]["loss"] == pytest.approx(hand[0].losses[0], rel=0.05)
    race.by_others(tmp_path)
    turns = [(race.ours(), race.by_hand().samples_per_second, race.by_others(tmp_path)) for _ in range(TURNS)]
    ours = [parts["timing"]["samples_per_second"] for parts, _, _ in turns]
    by_hand, by_others = [rate for _, rate, _ in turns], [rate for _, _, rate in turns]
    fixed = race.ours(deterministic=True)["timing"]["samples_per_second"]
    used = first["memory"]["device_peak"]
    assert not ON_GPU or used > 0
    figures.add(
        "training",
        network=name,
        precision=precision,
        batch=race.case.batch_size,
        **{
            "samples a second": statistics.median(ours),
            "by hand": statistics.median(by_hand),
            "share of it": statistics.median(a / b for a, b in zip(ours, by_hand, strict=True)),
            "timm's loop or the Trainer": statistics.median(by_others),
            "times that": statistics.median(a / b for a, b in zip(ours, by_others, strict=True)),
            "deterministic, samples a second": fixed,
            "device busy": busy.share,
            "GiB": None if used is None else used / GIB,
            "by hand, GiB": None if peak is None else peak / GIB,
        },
    )


PAGEABLE = pytest.mark.xfail(
    ON_GPU, reason="what is drawn is copied from pageable memory, and each copy waits"
)
UPDATES: list[Any] = [
    *((name, {"precision": precision}) for name in CASES for precision in ("float32", "bf16")),
    *sized([(name, {"precision": "fp16"}) for name in CASES], []),
    (IMAGES, {"ema": 0.999, "clip_norm": 1.0}),
    pytest.param((IMAGES, {"augmentation": "crop"}), marks=PAGEABLE),
    pytest.param((IMAGES, {"augmentation": "cutout+randaugment"}), marks=PAGEABLE),
]
"""What an update may be made of: a case, and what its protocol says beside."""


@pytest.mark.parametrize("update", UPDATES, ids=str)
def test_waits_of_an_update(
    update: tuple[str, dict[str, Any]], bert: Path, cache: Path, figures: Figures
) -> None:
    """From epochs of two lengths, so that what is looked at once an epoch does not count."""
    name, changes = update
    case, precision = CASES[name], changes.get("precision", "float32")
    few, many = 4 * case.batch_size, 12 * case.batch_size
    counts: dict[int, int | None] = {}
    by_hand: dict[int, int | None] = {}
    for rows in (few, many):
        parameters = {**case.parameters, "samples": 2 * many}
        race = Race(replace(case, fraction=rows, parameters=parameters), precision, bert, cache)
        waits = Waits()
        parts = race.ours(on_progress=second_epoch(waits), **changes)
        assert parts["history"]["steps"] == 3 * rows // case.batch_size
        counts[rows] = waits.count
        by_hand[rows] = waits_of(lambda: race.by_hand(epochs=1))  # noqa: B023
    ours, theirs = slope(counts, case.batch_size), slope(by_hand, case.batch_size)
    what = ", ".join(f"{key} {value}" for key, value in changes.items())
    part = {"network": name, "with": what, "ours": ours, "by hand": theirs}
    figures.add("waits of the host in each update", **part)
    assert ours is None or theirs is None or ours <= theirs


def slope(counts: dict[int, int | None], batch: int) -> float | None:
    (few, less), (many, more) = sorted(counts.items())
    return None if less is None or more is None else (more - less) * batch / (many - few)
