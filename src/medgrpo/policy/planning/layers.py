"""How long a step takes here, measured before anything is loaded: networks of one or two layers of the recipe's own widths, with
random weights, go through the real rollout and update at the recipe's lengths; a whole network costs the base and so many times
what one more layer of each kind adds.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from transformers import AutoConfig, AutoModelForImageTextToText

from medgrpo.core import InputError
from medgrpo.models import Encoded, Patches, VideoForm, VisionTokens
from medgrpo.policy.planning.geometry import Geometry
from medgrpo.policy.planning.tokens import Counted

Clock = Callable[[], float]
Prepare = Callable[[Any], None]
"""Freezes, adds adapters, sets checkpointing: what the recipe does to its network."""

_ROUNDS = 6
"""The first warms up; the least of the others counts, as a difference of two is multiplied by the number of layers."""
MOST_BYTES = 4e9
"""A network of two layers that is larger than this is not built for a measurement."""


@dataclass(frozen=True, slots=True)
class Timed:
    """Seconds. Each is of the whole network, put together from measured layers."""

    stages: Mapping[str, float]
    layers: int


def sample(g: Geometry, counted: Counted) -> Encoded:
    """A prompt of these lengths, with noise for pictures and for words."""
    frames, height, width = counted.grid
    per_run = height * width // g.merge**2
    runs = [counted.visual] if g.gated_vision else [per_run] * frames
    text = counted.prompt - counted.visual
    if text < len(runs) + 2:
        raise InputError(f"a prompt of {counted.prompt} tokens has no room for {counted.visual} of its clip and a question")
    vision = VisionTokens(1, 2, 3, 4)
    between = (text - 2) // (len(runs) + 1)
    ids: list[int] = []
    for run in runs:
        ids += [10] * between + [vision.video_pad] * run
    ids += [11] * (counted.prompt - len(ids))
    numbers = np.array(ids, dtype=np.int64)
    form = VideoForm(
        patch_size=g.patch, temporal_patch_size=g.temporal_patch, merge_size=g.merge, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)
    )
    rows = np.random.default_rng(0).integers(0, 255, (counted.patches, g.patch_values), dtype=np.uint8)
    clip = Patches(counted.clip, rows, counted.grid, 2.0, tuple(2.0 * place for place in range(frames)), form)
    return Encoded(numbers, np.where(numbers == vision.video_pad, 2, 0), (clip,), vision, len(numbers))


def timed(
    g: Geometry, config: Mapping[str, Any], prepare: Prepare, stages: Callable[[Any, Clock], Mapping[str, float]], clock: Clock
) -> Timed:
    """`stages` runs a network and says how long each stage took; InputError when even two layers are too large to try."""
    size = 4 * (g.vocabulary * g.width * (1 if g.tied else 2) + 2 * g.parameters()["language"] // max(1, g.layers))
    if size > MOST_BYTES:
        raise InputError(
            f"two layers of this network take {size / 1e9:.1f} GB: its time is not measured on this machine; give --teraflops and "
            f"--bandwidth of the device that it will run on"
        )
    base: dict[str, int] = {"attending": 1, "recurrent": 0, "whole": 1, "windowed": 0, "deepstack": 0}
    whole: dict[str, int] = {
        "attending": g.attending, "recurrent": g.recurrent, "whole": g.whole_blocks, "windowed": g.blocks - g.whole_blocks,
        "deepstack": g.deepstack,
    }  # fmt: skip
    found = _run(g, config, base, prepare, stages, clock)
    total = dict(found)
    for kind, count in whole.items():
        if count > base[kind]:
            more = _run(g, config, base | {kind: base[kind] + 1}, prepare, stages, clock)
            for stage, seconds in more.items():
                total[stage] += (count - base[kind]) * max(0.0, seconds - found[stage])
    return Timed(total, g.layers)


def _run(
    g: Geometry, config: Mapping[str, Any], counts: Mapping[str, int], prepare: Prepare,
    stages: Callable[[Any, Clock], Mapping[str, float]], clock: Clock,
) -> dict[str, float]:  # fmt: skip
    stated = copy.deepcopy({key: value for key, value in config.items() if key != "model_type"})
    text, vision = stated["text_config"], stated["vision_config"]
    kinds = ["full_attention"] * counts["attending"] + ["linear_attention"] * counts["recurrent"]
    text |= {"num_hidden_layers": len(kinds), "layer_types": kinds, "pad_token_id": None}
    vision["depth"] = counts["whole"] + counts["windowed"]
    if g.family == "qwen2_5_vl":
        vision["fullatt_block_indexes"] = list(range(counts["whole"]))
    if g.family == "qwen3_vl":
        vision["deepstack_visual_indexes"] = list(range(counts["deepstack"]))
    stated |= {"image_token_id": 3, "video_token_id": 4, "vision_start_token_id": 1, "vision_end_token_id": 2}
    made = AutoConfig.for_model(g.family, **stated)
    torch.manual_seed(0)
    network = AutoModelForImageTextToText.from_config(made, dtype=torch.float32)
    prepare(network)
    rounds = [dict(stages(network, clock)) for _ in range(_ROUNDS)]
    return {stage: min(one[stage] for one in rounds[1:]) for stage in rounds[0]}


def spent(work: Callable[[], object], clock: Clock = time.perf_counter) -> float:
    start = clock()
    work()
    return clock() - start


def answers(group: int, length: int) -> Sequence[torch.Tensor]:
    """Noise for answers."""
    random = torch.Generator().manual_seed(0)
    return [torch.randint(12, 200, (length,), generator=random) for _ in range(group)]
