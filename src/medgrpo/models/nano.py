"""The start of the nano model: Qwen3-VL's class, small enough for two cores, with random weights and a tokenizer of its own.

The tokenizer is learned from the questions that the model will be asked. A whole number below 200 is one token and a tenth is
another, so that a time costs two, and the time before a picture is made of the tokens that an answer about it is made of.
Numbers begin alike where they are near one another, as they cannot be learned one by one in so little time.
"""

# transformers and tokenizers leave many of their own types open
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from medgrpo.models.tiny import chat_tokenizer, processor_files, write_checkpoint

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerBase

_PATCH = 20
"""A picture of 160x120 is 8x6 patches, and 4x3 tokens after merging 2x2; two pictures share them."""
_PIECES = 1400
_WHOLE_NUMBERS = 200
_SPLIT = r"\.\d|\d{1,3}| ?\p{L}+|[^\s\p{L}\d]+(?: \[| (?=\d))?|\s+"
"""Tenths, whole numbers, words with the space before them, marks with the space before a number."""
_WIDTH, _HEAD, _TOWER_WIDTH = 256, 64, 192
_WAVE = 0.03
"""Deviation of what is added for a number's size; the vectors themselves begin with one of 0.02."""


def build_nano(texts: Iterable[str], out: Path, seed: int = 0) -> Path:
    """Write the checkpoint into the new folder `out`; equal texts and seeds give equal files. InputError when it is there."""
    return write_checkpoint(
        out, lambda: chat_tokenizer(_learned(texts), ""), _config, processor_files(_PATCH), seed, prepare=_with_a_number_line
    )


def _learned(texts: Iterable[str]) -> Tokenizer:
    from tokenizers import Regex, Tokenizer, pre_tokenizers, trainers
    from tokenizers.models import BPE

    pieces = Tokenizer(BPE())
    pieces.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_SPLIT), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(vocab_size=_PIECES, initial_alphabet=alphabet, show_progress=False)
    pieces.train_from_iterator(_with_numbers(texts), trainer)
    return pieces


def _with_numbers(texts: Iterable[str]) -> Iterator[str]:
    """The texts, and every number that is to be one token so often that it becomes one."""
    count = 0
    for text in texts:
        count += len(text)
        yield text
    numbers = "".join(f"{whole}.{whole % 10}," for whole in range(_WHOLE_NUMBERS))
    for _ in range(count // 1000 + 10):
        yield numbers


def _config(tokenizer: PreTrainedTokenizerBase) -> Any:
    from transformers import Qwen3VLConfig

    def number(word: str) -> int:
        return cast(int, tokenizer.convert_tokens_to_ids(word))

    text: dict[str, Any] = {
        "vocab_size": len(tokenizer),
        "hidden_size": _WIDTH,
        "intermediate_size": 640,
        "num_hidden_layers": 4,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": _HEAD,
        "max_position_embeddings": 8192,
        "eos_token_id": number("<|im_end|>"),
        "pad_token_id": number("<|endoftext|>"),
        "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [16, 8, 8], "mrope_interleaved": True},
        "tie_word_embeddings": True,
    }
    vision: dict[str, Any] = {
        "depth": 4,
        "hidden_size": _TOWER_WIDTH,
        "intermediate_size": 512,
        "num_heads": 6,
        "out_hidden_size": _WIDTH,
        "patch_size": _PATCH,
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
        "num_position_embeddings": 64,
        "deepstack_visual_indexes": [],
    }
    return Qwen3VLConfig(
        text_config=text,
        vision_config=vision,
        image_token_id=number("<|image_pad|>"),
        video_token_id=number("<|video_pad|>"),
        vision_start_token_id=number("<|vision_start|>"),
        vision_end_token_id=number("<|vision_end|>"),
        tie_word_embeddings=True,
    )


def _with_a_number_line(model: Any, tokenizer: PreTrainedTokenizerBase) -> None:
    """Add to the vectors of whole numbers, and of tenths, sines and cosines of their size: eight lengths of wave from 4 to 400."""
    import torch

    def waves(size: int) -> Any:
        lengths = 4.0 * 100.0 ** (torch.arange(8) / 7)
        angles = 2 * math.pi * torch.arange(size)[:, None] / lengths
        return torch.cat([angles.sin(), angles.cos()], dim=1)

    table = model.get_input_embeddings().weight
    with torch.no_grad():
        for words in ([str(one) for one in range(_WHOLE_NUMBERS)], [f".{one}" for one in range(10)]):
            turned = waves(len(words)) @ torch.randn(16, _WIDTH) * (_WAVE / math.sqrt(8))
            table[tokenizer.convert_tokens_to_ids(words)] += turned
