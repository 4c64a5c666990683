"""How long a text a transformer takes, as its configuration tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlbench.errors import ConfigError

_AFTER_PADDING = {
    "roberta",
    "roberta-prelayernorm",
    "xlm-roberta",
    "xlm-roberta-xl",
    "xmod",
    "camembert",
    "mpnet",
    "ibert",
    "data2vec-text",
    "luke",
    "mluke",
    "longformer",
}
"""Kinds whose first token has the position after that of the padding: two of their positions are no token's."""
_DECODER_OPTIONAL = {"bart", "mbart", "mvp", "plbart"}
"""Kinds of an encoder and a decoder that run when they are given one text alone."""


def check_length(name: str, config: Mapping[str, Any], max_length: int) -> None:
    """Raise ConfigError where a text of `max_length` tokens has more positions than the model, or where it is no model
    that takes one text."""
    kind = str(config.get("model_type", ""))
    if config.get("is_encoder_decoder") and kind not in _DECODER_OPTIONAL:
        raise ConfigError(
            f"encoder 'hf:{name}': {kind!r} is an encoder with a decoder, which needs a second text; name a model that "
            "is an encoder alone, such as 'hf:roberta-base'"
        )
    most = positions(config)
    if most is not None and max_length > most:
        raise ConfigError(
            f"encoder 'hf:{name}': max_length = {max_length}, and it has positions for {most} tokens; set max_length "
            f"to {most} or less"
        )


def positions(config: Mapping[str, Any]) -> int | None:
    """The most tokens that the model has positions for; None where they are relative, or nobody says."""
    if config.get("position_biased_input") is False:
        return None
    given = config.get("max_position_embeddings", config.get("n_positions"))
    if not isinstance(given, int) or given <= 0 or config.get("model_type") in ("t5", "mt5", "umt5"):
        return None
    padding = config.get("pad_token_id", 1)
    after = (
        (padding if isinstance(padding, int) else 1) + 1 if config.get("model_type") in _AFTER_PADDING else 0
    )
    return given - after
