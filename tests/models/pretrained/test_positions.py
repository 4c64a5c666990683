"""How long a text a model takes, by the configurations that models have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mlbench.errors import ConfigError
from mlbench.models.pretrained.hf_names import check_options
from mlbench.models.pretrained.positions import check_length, positions

BERT = {"model_type": "bert", "max_position_embeddings": 512, "pad_token_id": 0}
ROBERTA = {"model_type": "roberta", "max_position_embeddings": 514, "pad_token_id": 1}


@pytest.mark.parametrize(
    ("config", "most"),
    [
        (BERT, 512),
        (ROBERTA, 512),
        ({"model_type": "mpnet", "max_position_embeddings": 514, "pad_token_id": 1}, 512),
        ({"model_type": "gpt2", "n_positions": 1024, "pad_token_id": None}, 1024),
        ({"model_type": "deberta-v2", "max_position_embeddings": 512, "position_biased_input": False}, None),
        ({"model_type": "t5", "n_positions": 512}, None),
        ({}, None),
    ],
)
def test_positions(config: dict[str, Any], most: int | None) -> None:
    assert positions(config) == most
    if most is not None:
        check_length("x", config, most)
        with pytest.raises(
            ConfigError, match=rf"encoder 'hf:x': max_length = {most + 1}, .*set max_length to {most}"
        ):
            check_length("x", config, most + 1)


def test_a_model_that_needs_a_second_text() -> None:
    with pytest.raises(ConfigError, match="'t5' is an encoder with a decoder"):
        check_length("t5-small", {"model_type": "t5", "is_encoder_decoder": True}, 128)
    check_length(
        "bart", {"model_type": "bart", "is_encoder_decoder": True, "max_position_embeddings": 1024}, 128
    )


def test_a_local_folder_is_asked_before_training(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(BERT))
    options = {"model": str(tmp_path), "pretrained": False, "max_length": 512}
    check_options(options)
    with pytest.raises(ConfigError, match="positions for 512 tokens"):
        check_options({**options, "max_length": 600})
