"""Scores new samples with the model in this folder. Needs torch and numpy; for texts of an `hf:` encoder transformers
too, for images Pillow. Nothing of mlbench.

    model = Predictor()                       # of the folder that this file lies in
    model.probabilities(["a text", "another"])          # calibrated, float32 [N, L]
    model.labels(["a text", "another"])                 # lists of names, by the tuned thresholds

    python predict.py samples.txt             # a text a line; or image files; or a .npy file of vectors: JSON lines

program.pt2 is read by torch.export.load, which unpickles: open a folder that you trust.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

WORD = re.compile(r"(?u)\w+|[^\w\s]")
"""Words and punctuation marks, as scikit-learn's vectoriser was told to find them."""


class Vocabulary:
    """Words with their numbers and inverse document frequencies: texts → tf-idf vectors of length 1."""

    def __init__(self, words: Sequence[str], inverse: Sequence[float]) -> None:
        self.numbers = {word: number for number, word in enumerate(words)}
        self.inverse = np.asarray(inverse, dtype=np.float32)

    def prepare(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Numbers int64 [B, T] of the words that are known, and weights float32 [B, T], 0 where a text has fewer."""
        rows = [self._weigh(text) for text in texts]
        longest = max(1, *(len(numbers) for numbers, _ in rows))
        words = np.zeros((len(rows), longest), np.int64)
        weights = np.zeros((len(rows), longest), np.float32)
        for row, (numbers, values) in enumerate(rows):
            words[row, : len(numbers)], weights[row, : len(numbers)] = numbers, values
        return torch.from_numpy(words), torch.from_numpy(weights)

    def _weigh(self, text: str) -> tuple[Any, Any]:
        """(1 + log tf) · idf of each word, divided by the length of all."""
        found = [self.numbers[word] for word in WORD.findall(text.lower()) if word in self.numbers]
        numbers, counts = np.unique(np.array(found, dtype=np.int64), return_counts=True)
        values = (1 + np.log(counts.astype(np.float32))) * self.inverse[numbers]
        length = np.sqrt(np.square(values).sum())
        return numbers, values / length if length > 0 else values


class Tokeniser:
    """The tokeniser that the encoder was trained with: texts → token numbers, cut to `max_length`."""

    def __init__(self, folder: Path, max_length: int) -> None:
        from transformers import AutoTokenizer

        self.tokeniser: Any = AutoTokenizer.from_pretrained(
            str(folder), use_fast=True, trust_remote_code=False, local_files_only=True
        )
        self.max_length = max_length

    def prepare(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Numbers int64 [B, T] and a mask bool [B, T], False where a text has fewer tokens."""
        rows = self.tokeniser(list(texts), truncation=True, max_length=self.max_length)["input_ids"]
        longest = max(1, *(len(row) for row in rows))
        tokens = np.full((len(rows), longest), int(self.tokeniser.pad_token_id or 0), np.int64)
        mask = np.zeros((len(rows), longest), bool)
        for place, row in enumerate(rows):
            tokens[place, : len(row)], mask[place, : len(row)] = row, True
        return torch.from_numpy(tokens), torch.from_numpy(mask)


class Pixels:
    """Images as squares of one size."""

    def __init__(self, size: int) -> None:
        self.size = size

    def prepare(self, images: Sequence[Any]) -> tuple[Tensor]:
        """uint8 [B, S, S, 3] of paths, encoded bytes, or arrays uint8 [S, S, 3 or 1]."""
        return (torch.from_numpy(np.stack([self._pixels(image) for image in images])),)

    def _pixels(self, image: Any) -> Any:
        if isinstance(image, np.ndarray):
            if image.shape[:2] != (self.size, self.size):
                raise ValueError(f"an array of an image must be {self.size} × {self.size}, got {image.shape}")
            return np.broadcast_to(image, (self.size, self.size, 3)).astype(np.uint8)
        # The file beside this one.
        from decoding import open_image, squash  # type: ignore[import-not-found]

        encoded = image if isinstance(image, bytes) else Path(image).read_bytes()
        return np.asarray(squash(open_image(encoded, self.size), self.size))


class Numbers:
    """Numbers in the order of the columns that the model was trained from."""

    def __init__(self, dim: int) -> None:
        self.dim = dim

    def prepare(self, rows: Any) -> tuple[Tensor]:
        """float32 [B, D]."""
        values = np.asarray(rows, dtype=np.float32)
        if values.ndim != 2 or values.shape[1] != self.dim:
            raise ValueError(f"the model takes rows of {self.dim} numbers, got an array of {values.shape}")
        return (torch.from_numpy(np.require(values, requirements=["C", "W"])),)


class Preparer(Protocol):
    """What makes the network's inputs of samples as they come."""

    def prepare(self, samples: Any, /) -> tuple[Tensor, ...]: ...


def preparer(inputs: Mapping[str, Any], folder: Path) -> Preparer:
    """What prepares samples for the network, as `inputs` of model.json says."""
    settings = inputs["settings"]
    match inputs["kind"]:
        case "words":
            known = json.loads((folder / "words.json").read_text(encoding="utf-8"))
            return Vocabulary(known["words"], known["inverse"])
        case "tokens":
            return Tokeniser(folder / "encoder", settings["max_length"])
        case "pixels":
            return Pixels(settings["size"])
        case _:
            return Numbers(settings["dim"])


class Predictor:
    """The model of a folder."""

    def __init__(self, folder: Path | str | None = None, device: str = "cpu") -> None:
        self.folder = Path(folder) if folder else Path(__file__).parent
        self.about: dict[str, Any] = json.loads((self.folder / "model.json").read_text(encoding="utf-8"))
        self.names: list[str] = self.about["labels"]
        self.device = torch.device(device)
        self.network = torch.export.load(self.folder / "program.pt2").module().to(self.device)
        self.preparer = preparer(self.about["inputs"], self.folder)

    def logits(self, samples: Any, batch_size: int = 64) -> Tensor:
        """float32 [N, L], on the CPU."""
        parts = []
        with torch.no_grad():
            for some in _parts(samples, batch_size):
                inputs = (part.to(self.device) for part in self.preparer.prepare(some))
                parts.append(self.network(*inputs).float().cpu())
        return torch.cat(parts)

    def probabilities(self, samples: Any) -> Tensor:
        """The sigmoid of the logits over the temperature, float32 [N, L]."""
        return torch.sigmoid(self.logits(samples) / self.about["calibration"]["temperature"])

    def labels(self, samples: Any, policy: str | None = None) -> list[list[str]]:
        """The labels of each sample whose logit is above the threshold; `policy` is one of model.json's."""
        decision = self.about["decision"]
        threshold = torch.tensor(decision["thresholds"][policy or decision["policy"]])
        chosen = self.logits(samples) > threshold
        return [[name for name, yes in zip(self.names, row, strict=True) if yes] for row in chosen.tolist()]


def _parts(samples: Any, size: int) -> Iterator[Any]:
    for start in range(0, len(samples), size):
        yield samples[start : start + size]


def main(files: Sequence[str]) -> None:
    """Print probabilities and labels of each sample as a JSON line."""
    model = Predictor()
    kind = model.about["inputs"]["kind"]
    samples: Any = files
    if kind in ("words", "tokens"):
        samples = [line for file in files for line in Path(file).read_text(encoding="utf-8").splitlines()]
    elif kind == "features":
        samples = np.concatenate([np.load(file, allow_pickle=False) for file in files])
    for probabilities, labels in zip(
        model.probabilities(samples).tolist(), model.labels(samples), strict=True
    ):
        print(
            json.dumps(
                {"labels": labels, "probabilities": dict(zip(model.names, probabilities, strict=True))}
            )
        )


if __name__ == "__main__":
    main(sys.argv[1:])
