"""From a request to token ids: the checkpoint's own chat template, its clips' pads counted out, its times written in.

Equal to what transformers' processors give for the same pictures and times (Qwen2.5-VL: one run of pads per clip; Qwen3-VL and
Qwen3.5: before each temporal patch its time as text, inside the template's own vision marks, as transformers from 5.10 on does).
"""

# transformers leaves many of its own types open
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from pydantic import BaseModel, ValidationError

from medgrpo.core import InputError, MissingExtra, ModelError
from medgrpo.models.encoded import TEXT, VIDEO, Encoded, Ids, VisionTokens
from medgrpo.models.model import Request
from medgrpo.models.preprocess import Patches, VideoForm, patchify
from medgrpo.video import SampledClip

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_START, _END, _IMAGE_PAD, _VIDEO_PAD = "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"
_WRITES_TIMES = {"qwen2_5_vl": False, "qwen3_vl": True, "qwen3_vl_moe": True, "qwen3_5": True, "qwen3_5_moe": True}
"""Families that can be encoded, by `model_type`, and whether they read a clip's times as text."""
_PROCESSOR_FILES = ("video_preprocessor_config.json", "preprocessor_config.json")


@dataclass(frozen=True, slots=True)
class Family:
    """What sets one checkpoint's way of reading a clip apart from another's; from its configuration.

    `tokens_per_second` counts temporal positions per second of video; None where time is text and each temporal patch stands alone.
    """

    model_type: str
    form: VideoForm
    writes_times: bool
    tokens_per_second: float | None
    most_tokens: int


class Encoder:
    """Requests to `Encoded` for one checkpoint. Safe to share between threads as far as its tokenizer is."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, family: Family) -> None:
        self.tokenizer = tokenizer
        self.family = family
        self.vision = VisionTokens(*(self._id(word) for word in (_START, _END, _IMAGE_PAD, _VIDEO_PAD)))
        self.end_of_turn = self._id("<|im_end|>")

    def encode(self, request: Request) -> Encoded:
        """The prompt up to where the reply begins. InputError for a prompt that is too long (with the room its reply needs), holds
        words of vision, or whose clip has the wrong size; it is never cut.
        """
        text, clips = self.render(request)
        encoded = self._encoded(request.key, text, [patchify(clip, self.family.form) for clip in clips])
        needed = len(encoded.token_ids) + request.max_new_tokens
        if needed > self.family.most_tokens:
            raise InputError(
                f"{request.key}: {len(encoded.token_ids)} tokens of prompt and {request.max_new_tokens} for the reply are more "
                f"than the model's {self.family.most_tokens}; sample fewer or smaller frames"
            )
        return encoded

    def render(self, request: Request) -> tuple[str, list[SampledClip]]:
        """The conversation in the checkpoint's own template, up to where the reply begins, with one pad for each of its clips."""
        messages, clips = self._messages(request)
        return cast(str, self.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)), clips

    def reply_ids(self, reply: str) -> Ids:
        """A reply's tokens with the end of its turn: what training teaches. InputError when it holds special words."""
        self._refuse_special("the reply", reply)
        ids = cast("list[int]", self.tokenizer(reply, add_special_tokens=False)["input_ids"])
        return np.array([*ids, self.end_of_turn], dtype=np.int64)

    def decode(self, ids: Sequence[int] | Ids) -> str:
        """The text of reply tokens, special words left out."""
        return cast(str, self.tokenizer.decode([int(one) for one in ids], skip_special_tokens=True))

    def _messages(self, request: Request) -> tuple[list[dict[str, Any]], list[SampledClip]]:
        messages: list[dict[str, Any]] = []
        clips: list[SampledClip] = []
        if request.system:
            self._refuse_special(request.key, request.system)
            messages.append({"role": "system", "content": request.system})
        for prompt, clip, reply in [(one.prompt, one.clip, one.reply) for one in request.shots] + [
            (request.prompt, request.clip, "")
        ]:
            self._refuse_special(request.key, prompt + reply)
            text = {"type": "text", "text": prompt}
            messages.append({"role": "user", "content": [text] if clip is None else [{"type": "video"}, text]})
            clips.extend([] if clip is None else [clip])
            if reply:
                messages.append({"role": "assistant", "content": reply})
        return messages, clips

    def _encoded(self, key: str, text: str, clips: list[Patches]) -> Encoded:
        pieces = text.split(_VIDEO_PAD)
        if len(pieces) != len(clips) + 1:
            raise ModelError(
                f"{key}: the chat template gave {len(pieces) - 1} places for {len(clips)} clips; it is not one for video"
            )
        written, runs = pieces[0], list[int]()
        for clip, piece in zip(clips, pieces[1:], strict=True):
            if self.family.writes_times:
                written += "".join(f"<{seconds:.1f} seconds>{_START}{_VIDEO_PAD}{_END}" for seconds in clip.grid_seconds)
                runs += [clip.tokens // clip.grid_thw[0]] * clip.grid_thw[0]
            else:
                written += _VIDEO_PAD
                runs.append(clip.tokens)
            written += piece
        ids = np.array(self.tokenizer(written, add_special_tokens=False)["input_ids"], dtype=np.int64)
        repeats = np.ones_like(ids)
        repeats[ids == self.vision.video_pad] = runs
        ids = np.repeat(ids, repeats)
        return Encoded(ids, np.where(ids == self.vision.video_pad, VIDEO, TEXT), tuple(clips), self.vision, len(ids))

    def _refuse_special(self, key: str, text: str) -> None:
        found = re.search(r"<\|[a-z_]+\|>", text)
        if found:
            raise InputError(f"{key}: the text holds {found[0]!r}, a word that steers the model; take it out")

    def _id(self, word: str) -> int:
        number = self.tokenizer.convert_tokens_to_ids(word)
        if not isinstance(number, int) or self.tokenizer.convert_ids_to_tokens(number) != word:
            raise ModelError(f"{self.tokenizer.name_or_path}: its tokenizer has no {word}; give a Qwen video-language model")
        return number


def open_encoder(name: str) -> Encoder:
    """The encoder of a folder or hub name. ModelError when it is not there or no video-language model that we can encode."""
    try:
        from transformers import AutoConfig, AutoTokenizer
    except ModuleNotFoundError as error:
        raise MissingExtra("a local video-language model", "models", error.name or "transformers") from error
    try:
        config = AutoConfig.from_pretrained(name)
        family = family_of(name, config.to_dict())
        return Encoder(AutoTokenizer.from_pretrained(name), family)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"{name}: cannot be opened as a model folder or hub name: {first_line(error)}") from error


class _Processor(BaseModel):
    patch_size: int
    temporal_patch_size: int
    merge_size: int
    image_mean: tuple[float, float, float]
    image_std: tuple[float, float, float]


def family_of(name: str, config: Mapping[str, Any]) -> Family:
    """The family from a checkpoint's configuration and processor file. ModelError when it is none that we can encode."""
    kind = str(config.get("model_type", ""))
    if kind not in _WRITES_TIMES:
        raise ModelError(f"{name}: model_type {kind!r} is not among {', '.join(_WRITES_TIMES)}")
    vision = cast("Mapping[str, Any]", config["vision_config"])
    processor = _processor(name)
    for key, ours in (("patch_size", processor.patch_size), ("spatial_merge_size", processor.merge_size)):
        if vision[key] != ours:
            raise ModelError(f"{name}: the processor file says {ours}, the model's {key} is {vision[key]}; copy the model again")
    return Family(
        model_type=kind,
        form=VideoForm(
            patch_size=processor.patch_size,
            temporal_patch_size=processor.temporal_patch_size,
            merge_size=processor.merge_size,
            mean=processor.image_mean,
            std=processor.image_std,
        ),
        writes_times=_WRITES_TIMES[kind],
        tokens_per_second=None if _WRITES_TIMES[kind] else float(vision["tokens_per_second"]),
        most_tokens=int(cast("Mapping[str, Any]", config["text_config"])["max_position_embeddings"]),
    )


def _processor(name: str) -> _Processor:
    from transformers.utils.hub import cached_file

    for file in _PROCESSOR_FILES:
        path = cached_file(name, file, _raise_exceptions_for_missing_entries=False)
        if path is not None:
            try:
                return _Processor.model_validate_json(Path(path).read_text(encoding="utf-8"))
            except ValidationError as error:
                first = error.errors()[0]
                raise ModelError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    raise ModelError(f"{name}: holds none of {', '.join(_PROCESSOR_FILES)}; without it the pictures' scale is not known")


def first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
