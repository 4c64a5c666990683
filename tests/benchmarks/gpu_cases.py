"""The trainings that the benchmarks of a GPU measure: networks with random weights on data that come with mlbench."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from transformers import BertConfig, BertModel

from mlbench.training import run_cell
from tests.benchmarks import bare_loops
from tests.benchmarks.cases import Case, collate_of, prepared, start
from tests.benchmarks.device import DEVICE, sized
from tests.benchmarks.timm_loop import timm_rate
from tests.benchmarks.trainer_loop import trainer_rate
from tests.models.encoders.tiny_bert import save_tiny_bert

IMAGE_ROWS, TEXT_ROWS = sized(2400, 60), sized(960, 60)
"""Two thirds of them train: so many that an epoch takes a second or two."""
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
        parameters={"samples": IMAGE_ROWS},
    ),
    BERT: Case(
        "synthetic-topics",
        {"name": "hf:", "max_length": sized(128, 16)},
        3,
        batch_size=sized(32, 8),
        train={**RACED, "encoder_lr": 3e-5},
        parameters={"samples": TEXT_ROWS, "labels": 100, "cardinality": 20.0},
    ),
}


def save_bert(folder: Path) -> Path:
    """BERT's base size, with a tokeniser of the data's own words, as transformers loads it; returns the folder."""
    texts = CASES[BERT].load().train.inputs
    save_tiny_bert(folder, [str(text) for text in texts])
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
