"""A small real text encoder, made on the spot: a word tokeniser of given texts and a BERT with random weights."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def save_tiny_bert(
    folder: Path, texts: Iterable[str], *, width: int = 32, layers: int = 2, dropout: float = 0.1
) -> Path:
    """Write the model and its tokeniser into `folder` as transformers loads them; returns the folder."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    tokeniser = Tokenizer(models.WordLevel(unk_token="[UNK]"))
    tokeniser.pre_tokenizer = pre_tokenizers.Whitespace()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    tokeniser.train_from_iterator(texts, trainers.WordLevelTrainer(vocab_size=5000, special_tokens=special))
    tokeniser.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokeniser, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]"
    )
    fast.save_pretrained(folder)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        config = BertConfig(
            vocab_size=len(fast),
            hidden_size=width,
            num_hidden_layers=layers,
            num_attention_heads=4,
            intermediate_size=2 * width,
            max_position_embeddings=130,
            hidden_dropout_prob=dropout,
            attention_probs_dropout_prob=dropout,
        )
        BertModel(config).save_pretrained(folder, safe_serialization=True)
    return folder
