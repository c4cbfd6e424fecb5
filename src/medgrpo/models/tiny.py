"""Small random checkpoints of the real classes, made from nothing but this file: for tests, smoke runs and machines without a hub.

Each is a folder that `AutoModelForImageTextToText` and `AutoTokenizer` load. The tokenizer knows the 256 bytes and Qwen's special
words, so that every text survives it, and, where texts are given, frequent pieces of them, which makes prompts several times
shorter; the network has two layers and answers with noise until it is trained.
"""

# transformers leaves many of its own types open
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from medgrpo.core import MissingExtra
from medgrpo.models.quiet import quiet_loading
from medgrpo.models.whole_folder import new_folder

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerBase

TinyKind = Literal["qwen2.5-vl", "qwen3-vl", "qwen3.5", "smolvlm"]
TINY_KINDS: tuple[TinyKind, ...] = get_args(TinyKind)

_WORDS = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|vision_pad|>",
    "<|image_pad|>",
    "<|video_pad|>",
    "<fake_token_around_image>",
    "<global-img>",
    "<image>",
    "<end_of_utterance>",
)
_TURN_END = "<|im_end|>{{ '\\n' }}"
_TEMPLATE = (
    "{% for message in messages %}"
    "{% if loop.first and message.role != 'system' and DEFAULT_SYSTEM %}"
    "<|im_start|>system{{ '\\n' + DEFAULT_SYSTEM }}" + _TURN_END + "{% endif %}"
    "<|im_start|>{{ message.role + '\\n' }}"
    "{% if message.content is string %}{{ message.content }}{% else %}{% for part in message.content %}"
    "{% if part.type == 'video' %}<|vision_start|><|video_pad|><|vision_end|>"
    "{% elif part.type == 'image' %}<|vision_start|><|image_pad|><|vision_end|>"
    "{% else %}{{ part.text }}{% endif %}{% endfor %}{% endif %}" + _TURN_END + "{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant{{ '\\n' }}{% endif %}"
)
_SYSTEM = {"qwen2.5-vl": "You are a helpful assistant."}
_SMOL_SIDE = 32
_CLIP_SCALE = {"image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711]}
_HALF_SCALE = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}


def build_tiny(kind: TinyKind, out: Path, seed: int = 0, texts: Sequence[str] = (), pieces: int = 256) -> Path:
    """Write the checkpoint into the new folder `out`; equal arguments give equal weights. InputError when the folder is there.

    Beside the bytes the tokenizer has up to `pieces` pieces that are frequent in `texts`; a digit always stands alone. The folder
    appears whole or not at all. `tokens_per_second` is 2, as the published Qwen2.5-VL has it.
    """
    turn = "<end_of_utterance>" if kind == "smolvlm" else "<|im_end|>"
    return write_checkpoint(
        out,
        lambda: _tokenizer(_SYSTEM.get(kind, ""), texts, pieces),
        lambda tokenizer: _config(kind, tokenizer),
        _processor_files(kind),
        seed,
        turn,
    )


def write_checkpoint(
    out: Path,
    tokenizer_made: Callable[[], PreTrainedTokenizerBase],
    config_of: Callable[[PreTrainedTokenizerBase], Any],
    processor_files: Mapping[str, Mapping[str, Any]],
    seed: int,
    turn: str = "<|im_end|>",
    prepare: Callable[[Any, PreTrainedTokenizerBase], None] | None = None,
) -> Path:
    """A random model of that configuration in the new folder `out`, whole or not at all. InputError when the folder is there.

    `prepare` may change its weights before they are written.
    """
    try:
        import torch
        from transformers import AutoModelForImageTextToText, GenerationConfig
    except ModuleNotFoundError as error:
        raise MissingExtra("a tiny model", "models", error.name or "transformers") from error
    with new_folder(out) as unfinished:
        tokenizer = tokenizer_made()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = AutoModelForImageTextToText.from_config(config_of(tokenizer))
            if prepare is not None:
                prepare(model, tokenizer)
        ends = [tokenizer.convert_tokens_to_ids(word) for word in (turn, "<|endoftext|>")]
        model.generation_config = GenerationConfig(eos_token_id=ends, pad_token_id=ends[1], do_sample=False)
        with quiet_loading():
            model.save_pretrained(unfinished)
        tokenizer.save_pretrained(unfinished)
        for file, content in processor_files.items():
            (unfinished / file).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return out


def _tokenizer(system: str, texts: Sequence[str], pieces: int) -> PreTrainedTokenizerBase:
    from tokenizers import Tokenizer, pre_tokenizers
    from tokenizers.models import BPE
    from tokenizers.trainers import BpeTrainer

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    made = Tokenizer(BPE(vocab={letter: place for place, letter in enumerate(letters)}, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    if texts:  # pieces may hold several words: questions are templates
        made.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), made.pre_tokenizer])
        made.train_from_iterator(texts, BpeTrainer(vocab_size=len(letters) + pieces, initial_alphabet=letters, show_progress=False))
    return chat_tokenizer(made, system)


def chat_tokenizer(pieces: Tokenizer, system: str) -> PreTrainedTokenizerBase:
    """Byte-level pieces, with Qwen's special words and a chat template put to them; `system` is said where nobody says another."""
    from tokenizers import AddedToken, decoders
    from transformers import PreTrainedTokenizerFast

    pieces.decoder = decoders.ByteLevel()
    pieces.add_special_tokens([AddedToken(word, normalized=False, special=True) for word in _WORDS])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=pieces, pad_token="<|endoftext|>", eos_token="<|im_end|>", padding_side="left"
    )
    tokenizer.chat_template = _TEMPLATE.replace("DEFAULT_SYSTEM", repr(system))
    return tokenizer


def _config(kind: TinyKind, tokenizer: PreTrainedTokenizerBase) -> Any:  # one of four classes of a library without types
    from transformers import Qwen2_5_VLConfig, Qwen3_5Config, Qwen3VLConfig, SmolVLMConfig

    def number(word: str) -> int:
        return cast(int, tokenizer.convert_tokens_to_ids(word))

    text: dict[str, Any] = {
        "vocab_size": len(tokenizer),
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 8192,
        "eos_token_id": number("<|im_end|>"),
        "pad_token_id": number("<|endoftext|>"),
    }
    vision: dict[str, Any] = {
        "depth": 2,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_heads": 2,
        "out_hidden_size": 64,
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
        "patch_size": 14 if kind == "qwen2.5-vl" else 16,
    }
    if kind == "smolvlm":
        return SmolVLMConfig(
            text_config={**text, "model_type": "llama"},
            vision_config={
                "hidden_size": 32,
                "intermediate_size": 64,
                "num_hidden_layers": 2,
                "num_attention_heads": 2,
                "image_size": _SMOL_SIDE,
                "patch_size": 8,
            },
            image_token_id=number("<image>"),
            scale_factor=2,
        )
    ids: dict[str, Any] = {
        "image_token_id": number("<|image_pad|>"),
        "video_token_id": number("<|video_pad|>"),
        "vision_start_token_id": number("<|vision_start|>"),
        "vision_end_token_id": number("<|vision_end|>"),
    }
    rope: dict[str, Any] = {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [4, 2, 2]}  # half of the head's 16
    if kind == "qwen2.5-vl":
        text |= {"rope_parameters": rope, "bos_token_id": number("<|endoftext|>")}
        vision |= {"tokens_per_second": 2, "window_size": 112, "fullatt_block_indexes": [1]}
        return Qwen2_5_VLConfig(text_config=text, vision_config=vision, **ids)
    vision["num_position_embeddings"] = 64
    if kind == "qwen3-vl":
        text |= {"head_dim": 16, "rope_parameters": {**rope, "mrope_interleaved": True}}
        vision["deepstack_visual_indexes"] = [0, 1]
        return Qwen3VLConfig(text_config=text, vision_config=vision, **ids)
    text |= {
        "head_dim": 32,
        "rope_parameters": {**rope, "mrope_section": [2, 1, 1], "mrope_interleaved": True, "partial_rotary_factor": 0.25},
        "layer_types": ["linear_attention", "full_attention"],
        "linear_key_head_dim": 16,
        "linear_value_head_dim": 16,
        "linear_num_key_heads": 2,
        "linear_num_value_heads": 4,
    }
    return Qwen3_5Config(text_config=text, vision_config=vision, **ids)


def _processor_files(kind: TinyKind) -> Mapping[str, Mapping[str, Any]]:
    if kind == "smolvlm":
        squaring = {"max_image_size": {"longest_edge": _SMOL_SIDE}, "size": {"longest_edge": 4 * _SMOL_SIDE}, **_HALF_SCALE}
        return {"video_preprocessor_config.json": {**squaring, "video_processor_type": "SmolVLMVideoProcessor"}}
    return processor_files(14 if kind == "qwen2.5-vl" else 16, first=kind == "qwen2.5-vl")


def processor_files(patch: int, *, first: bool = False) -> Mapping[str, Mapping[str, Any]]:
    """Qwen's: patches of that many pixels, two pictures deep, merged 2x2. `first`: Qwen2.5-VL's names and scale, or Qwen3-VL's."""
    unit = (patch * 2) ** 2
    common = {
        "patch_size": patch,
        "temporal_patch_size": 2,
        "merge_size": 2,
        "size": {"shortest_edge": 4 * unit, "longest_edge": 768 * unit},
        **(_CLIP_SCALE if first else _HALF_SCALE),
    }
    name = "Qwen2VL" if first else "Qwen3VL"
    processor = "Qwen2_5_VLProcessor" if first else "Qwen3VLProcessor"
    still = {"image_processor_type": "Qwen2VLImageProcessor", "processor_class": processor}
    return {
        "preprocessor_config.json": {**common, **still},
        "video_preprocessor_config.json": {**common, "video_processor_type": f"{name}VideoProcessor", "processor_class": processor},
    }
