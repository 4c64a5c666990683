"""The Hugging Face Trainer on the data of a case: it pads each batch and groups by length as told."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mlbench.datasets import Dataset
from tests.benchmarks.bare_loops import CPU
from tests.benchmarks.cases import Case, Rows


def trainer_rate(
    bert: Path,
    dataset: Dataset,
    rows: Rows,
    case: Case,
    folder: Path,
    *,
    device: torch.device = CPU,
    precision: str = "float32",
) -> float:
    """The samples that it trains on a second."""
    from transformers import (
        AutoModelForSequenceClassification,
        AutoTokenizer,
        DataCollatorWithPadding,
        Trainer,
        TrainingArguments,
    )
    from transformers.utils import logging

    logging.set_verbosity_error()
    tokeniser = AutoTokenizer.from_pretrained(bert)
    texts = [dataset.train.inputs[row] for row in rows]
    encoded = tokeniser(texts, truncation=True, max_length=case.encoder["max_length"])
    targets = dataset.train.targets[rows].astype(np.float32)
    examples: list[Any] = [
        {"input_ids": ids, "attention_mask": mask, "labels": wanted.tolist(), "length": len(ids)}
        for ids, mask, wanted in zip(encoded["input_ids"], encoded["attention_mask"], targets, strict=True)
    ]
    model = AutoModelForSequenceClassification.from_pretrained(
        bert, num_labels=len(dataset.labels), problem_type="multi_label_classification"
    )
    arguments = TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=case.epochs,
        per_device_train_batch_size=case.batch_size,
        learning_rate=1e-3,
        lr_scheduler_type="cosine",
        report_to=[],
        save_strategy="no",
        logging_strategy="no",
        disable_tqdm=True,
        use_cpu=device.type == "cpu",
        bf16=precision == "bf16",
        fp16=precision == "fp16",
        train_sampling_strategy="group_by_length" if case.train["group_by_length"] else "random",
    )
    trainer = Trainer(
        model=model, args=arguments, train_dataset=examples, data_collator=DataCollatorWithPadding(tokeniser)
    )
    started = time.perf_counter()
    trainer.train()
    return len(examples) * case.epochs / (time.perf_counter() - started)
