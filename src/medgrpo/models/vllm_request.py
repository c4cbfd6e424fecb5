"""What vLLM is given, in evaluation and in training, and how its library is reached: the only place that imports it.

vLLM scales and cuts pictures itself, with transformers' processor: it is given ours in their final size, told to leave them, and
told each clip's rate.
"""

# vllm is not installed where this is checked
# pyright: reportMissingImports=false, reportUnknownVariableType=false
from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, cast

import numpy as np

from medgrpo.core import MissingExtra
from medgrpo.models.chat import Encoder
from medgrpo.models.encoded import Encoded, Ids
from medgrpo.models.model import Request
from medgrpo.models.preprocess import Patches, pictures_of

LEAVE_PICTURES = {"do_resize": False, "do_sample_frames": False}
_QUIETLY = {"VLLM_LOGGING_LEVEL": "ERROR", "VLLM_LOGGING_STREAM": "ext://sys.stderr", "VLLM_NO_USAGE_STATS": "1"}
"""It logs to stdout, where our answers go, and tells its makers what it runs."""


def import_vllm(what: str, extra: str = "vllm") -> Any:
    """The module, of whichever distribution. MissingExtra says that `what` needs it, and the extra that brings it."""
    for name, value in _QUIETLY.items():
        os.environ.setdefault(name, value)
    try:
        import vllm
    except ModuleNotFoundError as error:
        raise MissingExtra(what, extra, error.name or "vllm") from error
    return vllm


def vllm_prompt(encoder: Encoder, request: Request) -> Mapping[str, Any]:
    """What `LLM.generate` takes: the templated text with one pad per clip, and each clip with what is known of its times."""
    text, clips = encoder.render(request)
    if not clips:
        return {"prompt": text}
    videos = [
        (np.stack(clip.images), _metadata(len(clip.images), float(clip.frames_per_second), *clip.images[0].shape[1::-1]))
        for clip in clips
    ]
    return {"prompt": text, "multi_modal_data": {"video": videos}, "mm_processor_kwargs": dict(LEAVE_PICTURES)}


def vllm_tokens(encoded: Encoded) -> Mapping[str, Any]:
    """The same of a prompt that is encoded already: its token ids with one pad per clip, and the pictures put together again.

    Whether vLLM makes the same tokens of it is for the caller to see: `prompt_token_ids` of its answer.
    """
    ids = encoded.token_ids[: encoded.prompt_tokens]
    for place, clip in enumerate(encoded.clips):
        ids = _with_one_pad(ids, place, clip, encoded)
    request: dict[str, Any] = {"prompt_token_ids": cast("list[int]", ids.tolist())}
    if encoded.clips:
        videos = [_video(clip) for clip in encoded.clips]
        request |= {"multi_modal_data": {"video": videos}, "mm_processor_kwargs": dict(LEAVE_PICTURES)}
    return request


def _with_one_pad(ids: Ids, place: int, clip: Patches, encoded: Encoded) -> Ids:
    """The clip with that place as the chat template leaves it, those before it being so already. Qwen3-VL writes times and marks
    between the runs of its pads, all inside the template's own marks: two ends stand after the last run."""
    vision = encoded.vision
    pads = np.flatnonzero(ids == vision.video_pad)[place : place + clip.tokens]
    first, after = int(pads[0]), int(pads[-1]) + 1
    if (ids[after : after + 2] == vision.end).sum() == 2:
        starts = np.flatnonzero(ids[:first] == vision.start)
        first, after = int(starts[-2]) + 1, after + 1
    return np.concatenate([ids[:first], [vision.video_pad], ids[after:]])


def _video(clip: Patches) -> tuple[Any, Mapping[str, Any]]:
    pictures = pictures_of(clip)
    count, height, width = pictures.shape[:3]
    return pictures, _metadata(count, clip.form.temporal_patch_size / clip.seconds_per_grid, width, height)


def _metadata(count: int, frames_per_second: float, width: int, height: int) -> Mapping[str, Any]:
    """Already sampled: picture k of `count` at the nominal rate, so that transformers' `sampled_fps` is that rate."""
    return {
        "fps": frames_per_second,
        "total_num_frames": count,
        "frames_indices": list(range(count)),
        "duration": count / frames_per_second,
        "width": width,
        "height": height,
        "do_sample_frames": False,
    }
