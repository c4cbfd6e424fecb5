"""Where each token stands in M-RoPE's three axes (time, height, width), for Qwen2.5-VL and Qwen3-VL, in numpy.

One function for SFT, rollout, log-probabilities and evaluation, because two rules are in use for the text after a clip and a model
reads another distribution under each (tiny random models: up to 4 nats per token apart):

    side       the text goes on after the longer side of the picture: transformers from 5.3 on, also 5.23.0
    maximum    the text goes on after the largest position of any axis: transformers to 5.2, vLLM, and how the published
               Qwen2.5-VL checkpoints are believed to have been trained

They agree where time is text (Qwen3-VL: each temporal patch is a run of its own), for a still (one temporal patch, no step of time:
the same in all families) and for clips of very few temporal patches. The
time axis is floor(patch x seconds per patch x positions per second), cut once, after the product; transformers before hf#48669
cut the seconds first, which put the frames of a clip above 2 per second on one place.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from medgrpo.models.encoded import TEXT, Encoded

PositionRule = Literal["side", "maximum"]
Positions = NDArray[np.int64]
Run = tuple[int, int, int, float]
"""Temporal patches, rows, columns after merging, and how far one temporal patch lies from the next on the time axis."""


def rope_positions(encoded: Encoded, tokens_per_second: float | None, rule: PositionRule) -> Positions:
    """(3, L): time, height, width of every token. `tokens_per_second` None: time is text, each temporal patch a run of its own."""
    merge = [clip.form.merge_size for clip in encoded.clips]
    runs: list[Run] = []
    for clip, by in zip(encoded.clips, merge, strict=True):
        frames, height, width = clip.grid_thw
        if tokens_per_second is None:
            runs += [(1, height // by, width // by, 0.0)] * frames
        else:
            runs.append((frames, height // by, width // by, clip.seconds_per_grid * tokens_per_second))
    return positions_of_runs(encoded.type_ids.tolist(), runs, rule)


def positions_of_runs(type_ids: Sequence[int], runs: Sequence[Run], rule: PositionRule) -> Positions:
    """(3, L) for tokens of these types. `runs`: what each clip (or temporal patch) is, in order."""
    waiting = iter(runs)
    blocks: list[Positions] = []
    start = 0
    for kind, members in itertools.groupby(type_ids):
        length = len(list(members))
        if kind == TEXT:
            blocks.append(np.broadcast_to(np.arange(start, start + length), (3, length)))
            start += length
            continue
        while length:  # two clips may stand next to each other
            frames, height, width, step = next(waiting)
            block = start + _grid(frames, height, width, step)
            blocks.append(block)
            length -= block.shape[1]
            start = int(block.max()) + 1 if rule == "maximum" else start + max(height, width)
    return np.concatenate(blocks, axis=1)


def _grid(frames: int, height: int, width: int, step: float) -> Positions:
    """(3, frames x height x width), time outermost; `step` is how far one temporal patch lies from the next."""
    times = np.floor(np.arange(frames) * step).astype(np.int64)
    axes = np.meshgrid(times, np.arange(height), np.arange(width), indexing="ij")
    return np.stack([axis.reshape(-1) for axis in axes])
