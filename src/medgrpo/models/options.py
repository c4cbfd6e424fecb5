"""What a person may say about how a model is run; the same words for every backend that understands them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from medgrpo.core import Config
from medgrpo.models.family import Family
from medgrpo.models.positions import PositionRule
from medgrpo.video import Sampling


class ModelOptions(Config):
    """Each backend's docstring says which of these it uses."""

    frames_per_second: float | None = Field(default=None, gt=0)
    """Rate at which video files are sampled; None: the rate that the question's record states."""
    most_frames: int = Field(default=768, ge=1)
    least_patches: int = Field(default=8, ge=1)
    """Merged patches that a frame has at least, and at most: the limits of MedVidBench's official script."""
    most_patches: int = Field(default=48, ge=1)
    side_patches: int = Field(default=1, ge=1)
    """Sides of a frame are multiples of so many merged patches; MedVidBench's official script has 2, by mistake or not."""
    position_rule: PositionRule = "maximum"
    """How positions go on after a clip; it is believed that the published Qwen2.5-VL know `maximum`. See docs/models.md."""
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
    """How an endpoint is shown a clip: its frames as pictures with their times, or one MP4. A still goes as a picture."""
    price_in: float | None = Field(default=None, ge=0)
    """Per million tokens of prompt, in the endpoint's currency."""
    price_out: float | None = Field(default=None, ge=0)
    """Per million tokens of reply."""

    def sampling(self, family: Family | None = None) -> Sampling:
        """The sampling contract for a family; without one (an endpoint's model is not known), in patches as Qwen2.5-VL's."""
        side = 28 if family is None else family.form.side_multiple
        square = family is not None and family.whole_frames
        return Sampling(
            frames_per_second=self.frames_per_second,
            most_frames=self.most_frames,
            side_multiple=side if square else side * self.side_patches,
            least_pixels=(1 if square else self.least_patches) * side**2,
            most_pixels=(1 if square else self.most_patches) * side**2,
            square=square,
        )
