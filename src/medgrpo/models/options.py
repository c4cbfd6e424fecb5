"""What a person may say about how a model is run; the same words for every backend that understands them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from medgrpo.core import Config, InputError
from medgrpo.models.chat import Family
from medgrpo.models.positions import PositionRule
from medgrpo.video import Sampling


class ModelOptions(Config):
    """Each backend's docstring says which of these it uses."""

    sampling: Sampling | None = None
    """None: the official frame limits (8 to 48 merged patches a frame) in this model's patch size."""
    position_rule: PositionRule = "maximum"
    """How positions go on after a clip; the published Qwen2.5-VL were trained with `maximum`. See docs/models.md."""
    device: str = "auto"
    """`auto`: the first GPU where there is one, else the processor."""
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """`auto`: bfloat16 on a GPU, float32 on the processor."""
    batch_tokens: int = Field(default=32_768, ge=1)
    """Tokens of prompts and replies, padding counted, that one batch may hold."""
    endpoint_model: str = ""
    """The model's name at an endpoint."""
    concurrency: int = Field(default=8, ge=1)
    """Requests that may be under way at an endpoint at once."""
    timeout_seconds: float = Field(default=300.0, gt=0)
    send_video_as: Literal["images", "video"] = "images"
    """How an endpoint is shown a clip: its frames as pictures with their times, or one MP4."""
    price_in: float | None = Field(default=None, ge=0)
    """Per million tokens of prompt, in the endpoint's currency."""
    price_out: float | None = Field(default=None, ge=0)
    """Per million tokens of reply."""


def fitting_sampling(name: str, family: Family, sampling: Sampling | None) -> Sampling:
    """The sampling for a checkpoint; InputError when the given one's pictures would not cut into its patches."""
    multiple = family.form.side_multiple
    if sampling is None:
        return Sampling(side_multiple=multiple, least_pixels=8 * multiple**2, most_pixels=48 * multiple**2)
    if sampling.side_multiple % multiple:
        raise InputError(f"{name}: side_multiple {sampling.side_multiple} does not fit its patches; give a multiple of {multiple}")
    return sampling
