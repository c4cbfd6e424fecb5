"""What sets one checkpoint's way of reading a clip apart from another's: read from its files, and one table of families."""

# transformers leaves many of its own types open
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ValidationError

from medgrpo.core import ModelError
from medgrpo.models.preprocess import Patches, VideoForm

_VIDEO_FILE, _STILL_FILE = "video_preprocessor_config.json", "preprocessor_config.json"
"""Each says how its own kind of picture is scaled; where one is missing the other speaks for both."""
_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "
    "nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"

Written = tuple[str, list[int]]
"""A clip in a prompt: its text with one pad for each run of pads, and the lengths of the runs."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """A family's words. `place` is what its chat template puts where a clip goes; `write` what stands there in the end.

    `image_pad` is both for a still; None where none can be encoded.
    """

    start: str
    end: str
    image_pad: str | None
    pad: str
    place: str
    end_of_turn: str
    write: Callable[[Patches], Written]


def _one_run(clip: Patches) -> Written:
    return "<|video_pad|>", [clip.tokens]


def _times_and_runs(clip: Patches) -> Written:
    """Each temporal patch after its time, inside the template's own vision marks, as transformers from 5.10 on does."""
    frames = clip.grid_thw[0]
    text = "".join(f"<{seconds:.1f} seconds><|vision_start|><|video_pad|><|vision_end|>" for seconds in clip.grid_seconds)
    return text, [clip.tokens // frames] * frames


def _frames_of_a_video(clip: Patches) -> Written:
    """SmolVLM: how many frames, how long, then each frame after its minutes and seconds."""
    frames = clip.grid_thw[0]
    long = timedelta(seconds=int(clip.grid_seconds[-1]))
    text = f"You are provided the following series of {in_words(frames)} frames from a {long} [H:MM:SS] video.\n"
    for seconds in clip.grid_seconds:
        moment = f"{int(seconds // 60):02d}:{int(seconds % 60):02d}"
        text += f"\nFrame from {moment}:<fake_token_around_image><global-img><image><fake_token_around_image>"
    return text + "\n\n", [clip.tokens // frames] * frames


_QWEN = ("<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>", "<|video_pad|>", "<|im_end|>")
_QWEN2_5, _QWEN3 = Dialect(*_QWEN, _one_run), Dialect(*_QWEN, _times_and_runs)
_SMOL = Dialect("<fake_token_around_image>", "<global-img>", None, "<image>", "<video>", "<end_of_utterance>", _frames_of_a_video)
DIALECTS: Mapping[str, Dialect] = {
    "qwen2_5_vl": _QWEN2_5,
    "qwen3_vl": _QWEN3,
    "qwen3_vl_moe": _QWEN3,
    "qwen3_5": _QWEN3,
    "qwen3_5_moe": _QWEN3,
    "smolvlm": _SMOL,
}
"""Families that can be encoded, by `model_type`."""


@dataclass(frozen=True, slots=True)
class Family:
    """`tokens_per_second` counts temporal positions per second of video; None where time is text.

    `whole_frames`: frames go in whole and squared, tokens have one position (SmolVLM); else patches, and positions in three axes.
    `still`: how a single picture is cut, by the file of the still-picture processor; None where none can be encoded.
    """

    model_type: str
    form: VideoForm
    dialect: Dialect
    tokens_per_second: float | None
    most_tokens: int
    whole_frames: bool
    still: VideoForm | None


class _Patching(BaseModel):
    patch_size: int
    temporal_patch_size: int
    merge_size: int
    image_mean: tuple[float, float, float]
    image_std: tuple[float, float, float]


class _Edge(BaseModel):
    longest_edge: int


class _Squaring(BaseModel):
    max_image_size: _Edge
    image_mean: tuple[float, float, float]
    image_std: tuple[float, float, float]


_File = TypeVar("_File", bound=BaseModel)


def family_of(name: str, config: Mapping[str, Any]) -> Family:
    """The family from a checkpoint's configuration and processor file. ModelError when it is none that we can encode."""
    kind = str(config.get("model_type", ""))
    if kind not in DIALECTS:
        raise ModelError(f"{name}: model_type {kind!r} is not among {', '.join(DIALECTS)}")
    vision = cast("Mapping[str, Any]", config["vision_config"])
    whole = kind == "smolvlm"
    return Family(
        model_type=kind,
        form=_whole_frames(name, config, vision) if whole else _patches(name, vision, _VIDEO_FILE, _STILL_FILE),
        dialect=DIALECTS[kind],
        tokens_per_second=float(vision["tokens_per_second"]) if kind == "qwen2_5_vl" else None,
        most_tokens=int(cast("Mapping[str, Any]", config["text_config"])["max_position_embeddings"]),
        whole_frames=whole,
        still=None if whole else _patches(name, vision, _STILL_FILE, _VIDEO_FILE),
    )


def _patches(name: str, vision: Mapping[str, Any], *files: str) -> VideoForm:
    processor = _processor(name, _Patching, *files)
    for key, ours in (
        ("patch_size", processor.patch_size),
        ("spatial_merge_size", processor.merge_size),
        ("temporal_patch_size", processor.temporal_patch_size),
    ):
        if vision[key] != ours:
            raise ModelError(f"{name}: the processor file says {ours}, the model's {key} is {vision[key]}; copy the model again")
    return VideoForm(
        patch_size=processor.patch_size,
        temporal_patch_size=processor.temporal_patch_size,
        merge_size=processor.merge_size,
        mean=processor.image_mean,
        std=processor.image_std,
    )


def _whole_frames(name: str, config: Mapping[str, Any], vision: Mapping[str, Any]) -> VideoForm:
    processor = _processor(name, _Squaring, _VIDEO_FILE, _STILL_FILE)
    side = int(vision["image_size"])
    if processor.max_image_size.longest_edge != side:
        raise ModelError(
            f"{name}: the processor file squares frames to {processor.max_image_size.longest_edge}, the model to {side}"
        )
    return VideoForm(
        patch_size=side,
        temporal_patch_size=1,
        merge_size=1,
        mean=processor.image_mean,
        std=processor.image_std,
        tokens_per_patch=(side // int(vision["patch_size"])) ** 2 // int(config["scale_factor"]) ** 2,
    )


def _processor(name: str, kind: type[_File], *files: str) -> _File:
    """From the first of these files that is there."""
    from transformers.utils.hub import cached_file

    for file in files:
        path = cached_file(name, file, _raise_exceptions_for_missing_entries=False)
        if path is not None:
            try:
                return kind.model_validate_json(Path(path).read_text(encoding="utf-8"))
            except ValidationError as error:
                first = error.errors()[0]
                raise ModelError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    raise ModelError(f"{name}: holds none of {', '.join(files)}; without it the pictures' scale is not known")


def in_words(number: int) -> str:
    """A number below 1000 as English says it: SmolVLM's prompts count frames in words."""
    if not 0 <= number < 1000:
        raise ValueError(f"a number of frames below 1000 is said in words, got {number}")
    hundreds, rest = divmod(number, 100)
    ones, tens = _ONES.split(), _TENS.split()
    small = ones[rest] if rest < 20 else tens[rest // 10 - 2] + (f"-{ones[rest % 10]}" if rest % 10 else "")
    if not hundreds:
        return small
    return f"{ones[hundreds]} hundred" + (f" and {small}" if rest else "")
