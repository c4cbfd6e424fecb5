"""Positions under verl: the clip's own frame interval, and the rule for the text after a clip, on the training side too.

verl works out positions by `processor.get_rope_index`, transformers' function, and hands it the grids alone: the seconds between
temporal patches are lost, so that every clip is trained as one of 2 frames per second while vLLM reads its true rate; and
transformers below 5.11 goes on after a clip by the rule `side`, vLLM by `maximum` (`medgrpo.models.rope_positions`). Both are set
on the processor's class, which is what verl's hook `get_rope_index_kwargs` was made for; verl writes its own function onto each
processor that it opens, and the property below keeps ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from medgrpo.core import ModelError
from medgrpo.models import PositionRule, positions_of_runs


def interval_inputs(multi_modal_inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What verl's hook adds to the grids: `second_per_grid_ts`. ModelError where a clip has none (2 fps would be taken)."""
    if multi_modal_inputs.get("video_grid_thw") is None:
        return {}
    seconds = multi_modal_inputs.get("second_per_grid_ts")
    if seconds is None:
        raise ModelError("the processor gave a clip without `second_per_grid_ts`: positions would be those of another frame rate")
    return {"second_per_grid_ts": seconds}


def rope_index(
    config: Any,
    rule: PositionRule,
    input_ids: Tensor,
    attention_mask: Tensor | None = None,
    video_grid_thw: Tensor | None = None,
    second_per_grid_ts: Tensor | list[float] | None = None,
    image_grid_thw: Tensor | None = None,
    **_: Any,
) -> tuple[Tensor, Tensor]:
    """(3, B, L) positions and (B, 1) offsets, as transformers' `get_rope_index` gives them, for Qwen2.5-VL. Padding stands at 1."""
    if image_grid_thw is not None:
        raise ModelError("a still picture stands in the prompt, but medgrpo sends clips alone")
    grids: list[list[int]] = [] if video_grid_thw is None else video_grid_thw.tolist()
    if grids and second_per_grid_ts is None:
        raise ModelError("positions of a clip need `second_per_grid_ts`: without it another frame rate would be assumed")
    seconds = [] if second_per_grid_ts is None else [float(one) for one in second_per_grid_ts]
    vision = config.vision_config
    merge, rate = int(vision.spatial_merge_size), float(vision.tokens_per_second)
    runs = [
        (frames, height // merge, width // merge, step * rate) for (frames, height, width), step in zip(grids, seconds, strict=True)
    ]
    mask = torch.ones_like(input_ids) if attention_mask is None else attention_mask
    positions = torch.ones(3, *input_ids.shape, dtype=torch.long)
    offsets: list[int] = []
    for row, (ids, kept) in enumerate(zip(input_ids, mask.bool(), strict=True)):
        pads = np.where(ids[kept].cpu().numpy() == config.video_token_id, 2, 0)
        clips = _clips_in(pads, runs)
        own = positions_of_runs(pads.tolist(), runs[:clips], rule)
        runs = runs[clips:]
        positions[:, row, kept.cpu()] = torch.from_numpy(own.copy())
        offsets.append(int(own.max()) + 1 - int(kept.sum()))
    if runs:
        raise ModelError(f"{len(runs)} clips more than the prompt has places for")
    return positions.to(input_ids.device), torch.tensor(offsets, device=input_ids.device)[:, None]


def _clips_in(types: np.ndarray[Any, Any], runs: list[tuple[int, int, int, float]]) -> int:
    """How many of the clips this row's pads stand for. ModelError when they do not come out even."""
    left = int((types == 2).sum())
    clips = 0
    while left > 0 and clips < len(runs):
        frames, height, width, _ = runs[clips]
        left -= frames * height * width
        clips += 1
    if left:
        raise ModelError("the prompt's video pads are not those of its clips: cut inside a clip, or a clip was lost")
    return clips


class OwnRopeIndex:
    """A property that stays ours when verl writes transformers' function onto a processor."""

    def __init__(self, rule: PositionRule) -> None:
        self._rule: PositionRule = rule

    def __get__(self, processor: Any, owner: type | None = None) -> Any:
        if processor is None:
            return self
        config = processor.config

        def bound(input_ids: Tensor, **inputs: Any) -> tuple[Tensor, Tensor]:
            return rope_index(config, self._rule, input_ids, **inputs)

        return bound

    def __set__(self, processor: Any, value: object) -> None:
        """Kept as it is: verl binds transformers' function here for every processor that it opens."""


def install(processor_class: type, rule: PositionRule) -> None:
    """Give a class of processors our positions and the interval hook."""
    processor_class.get_rope_index = OwnRopeIndex(rule)  # pyright: ignore[reportAttributeAccessIssue]
    processor_class.get_rope_index_kwargs = staticmethod(interval_inputs)  # pyright: ignore[reportAttributeAccessIssue]
