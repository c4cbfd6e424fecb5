"""How many tokens a recipe's questions have, through the real sampling contract; one picture of each clip is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from medgrpo.benchmark import blank_clip_of
from medgrpo.core import InputError
from medgrpo.models import Encoder, Patches, Request, open_encoder
from medgrpo.policy.planning.geometry import Geometry
from medgrpo.policy.questions import Question, pictures_of, sampling_of
from medgrpo.policy.recipe import DataSettings
from medgrpo.video import SampledClip

_CHARACTERS_PER_TOKEN = 4
_TEMPLATE_TOKENS = 30
_TIME_TOKENS = 9
"""Where there is no tokenizer: English text, a chat template, and Qwen3's time before each temporal patch, by experience."""


@dataclass(frozen=True, slots=True)
class Counted:
    """One question. `prompt` tokens up to where the answer begins, `visual` of them pads; `reply` with the end of its turn.

    `grid` (temporal, height, width) counts patches before merging; questions about one clip have the same `clip`.
    """

    prompt: int
    visual: int
    reply: int
    grid: tuple[int, int, int]
    clip: str = "clip"

    @property
    def patches(self) -> int:
        frames, height, width = self.grid
        return frames * height * width


@dataclass(frozen=True, slots=True)
class Tokens:
    """`counted` by number of the question; `of` is how many there are. `how` says in words what the counts rest on.

    `exact`: counted by the checkpoint's own tokenizer over every question; `left_out` counts questions whose clip cannot be had.
    """

    counted: Mapping[int, Counted]
    of: int
    exact: bool
    how: str
    left_out: Mapping[str, int]

    def mean(self, merge: int) -> Counted:
        """A question of mean lengths, its pictures as large as the middle one's; `merge`: patches of a side that become a token."""
        rows = list(self.counted.values())
        _, height, width = sorted(rows, key=lambda one: one.patches)[len(rows) // 2].grid
        frames = max(1, round(sum(one.patches for one in rows) / len(rows) / (height * width)))
        visual = frames * height * width // merge**2
        text = round(sum(one.prompt - one.visual for one in rows) / len(rows))
        return Counted(text + visual, visual, round(sum(one.reply for one in rows) / len(rows)), (frames, height, width))

    def longest(self) -> Counted:
        return max(self.counted.values(), key=lambda one: one.prompt + one.reply)


def tokenizer_of(checkpoint: str) -> Encoder | None:
    """The checkpoint's encoder where its files are on this machine, without asking any hub; None elsewhere."""
    if Path(checkpoint).is_dir():
        return open_encoder(checkpoint)
    from transformers.utils.hub import cached_file

    found = cached_file(checkpoint, "tokenizer_config.json", local_files_only=True, _raise_exceptions_for_missing_entries=False)
    return None if found is None else open_encoder(checkpoint)


def count_tokens(
    questions: Sequence[Question], data: DataSettings, encoder: Encoder | None, geometry: Geometry, most: int
) -> Tokens:
    """Of at most `most` questions, evenly chosen. InputError when no clip can be had."""
    chosen = sorted({place * len(questions) // min(most, len(questions)) for place in range(min(most, len(questions)))})
    counted: dict[int, Counted] = {}
    left_out: Counter[str] = Counter()
    reason = ""
    for number in chosen:
        try:
            counted[number] = _counted(questions[number], data, encoder, geometry)
        except InputError as error:
            reason = reason or str(error)
            left_out["its clip cannot be had"] += 1
    if not counted:
        raise InputError(f"{data.questions}: no clip can be had, the first because {reason}")
    how = "all" if len(chosen) == len(questions) else f"{len(chosen)} of"
    by = "the checkpoint's tokenizer" if encoder is not None else "4 characters a token, as its tokenizer is not here"
    whole = encoder is not None and len(chosen) == len(questions) and not data.videos
    return Tokens(counted, len(questions), whole, f"{how} {len(questions)} questions, {by}", left_out)


def assumed_tokens(data: DataSettings, geometry: Geometry, reply: int) -> Tokens:
    """For a recipe whose questions are not here: the largest clip that it allows, of square pictures."""
    side = geometry.patch * geometry.merge
    across = max(1, int(data.most_pixels**0.5) // side) * geometry.merge
    down = max(1, data.most_pixels // side**2 // (across // geometry.merge)) * geometry.merge
    grid = (-(-data.most_frames // geometry.temporal_patch), down, across)
    visual = grid[0] * grid[1] * grid[2] // geometry.merge**2
    prompt = visual + _TEMPLATE_TOKENS + 150 + (0 if geometry.gated_vision else _TIME_TOKENS * grid[0])
    how = f"no questions here: {data.most_frames} frames of {data.most_pixels} pixels, the largest clip that the recipe allows"
    return Tokens({0: Counted(prompt, visual, reply, grid)}, 1, False, how, {})


def _counted(question: Question, data: DataSettings, encoder: Encoder | None, geometry: Geometry) -> Counted:
    record = question.record
    clip = blank_clip_of(record, pictures_of(data), sampling_of(data, geometry.patch * geometry.merge))
    height, width = (side // geometry.patch for side in clip.images[0].shape[:2])
    grid = (-(-len(clip.images) // geometry.temporal_patch), height, width)
    visual = grid[0] * height * width // geometry.merge**2
    name = f"{record.video} {record.frames} {record.clip} {record.region} {record.still}"
    if encoder is None:
        text = _TEMPLATE_TOKENS + len(record.question) // _CHARACTERS_PER_TOKEN
        text += 2 if geometry.gated_vision or clip.still else _TIME_TOKENS * grid[0]
        return Counted(text + visual, visual, len(record.answer or "") // _CHARACTERS_PER_TOKEN + 1, grid, name)
    reply = len(encoder.reply_ids(record.answer or ""))
    encoded = encoder.encode_cut(Request(question.example.key, record.question, clip, reply), [_uncut(clip, grid, encoder)])
    return Counted(encoded.prompt_tokens, visual, reply, grid, name)


def _uncut(clip: SampledClip, grid: tuple[int, int, int], encoder: Encoder) -> Patches:
    """As `patchify` would describe the clip, its rows blank and without memory."""
    form = (encoder.family.still if clip.still else None) or encoder.family.form
    depth = form.temporal_patch_size
    seconds = [*clip.seconds, *[clip.seconds[-1]] * (-len(clip.seconds) % depth)]
    times = zip(seconds[::depth], seconds[depth - 1 :: depth], strict=True)
    return Patches(
        key=clip.key,
        rows=np.broadcast_to(np.zeros((1, 1), np.uint8), (grid[0] * grid[1] * grid[2], 1)),
        grid_thw=grid,
        seconds_per_grid=0.0 if clip.still else float(depth / clip.frames_per_second),
        grid_seconds=tuple((first + last) / 2 for first, last in times),
        form=form,
        still=clip.still,
    )
