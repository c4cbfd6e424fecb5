"""Encoded prompts side by side, as a network takes them: padded on the left, every position given, every clip's rows once."""

# torch types many of its own functions only in part
# pyright: reportUnknownMemberType=false
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from medgrpo.models.encoded import Encoded
from medgrpo.models.family import Family
from medgrpo.models.positions import PositionRule, rope_positions

if TYPE_CHECKING:
    from torch import Tensor, device, dtype


def collate(
    encoded: Sequence[Encoded],
    pad_id: int,
    family: Family,
    rule: PositionRule,
    on: device,
    pixels_as: dtype,
) -> dict[str, Tensor]:
    """The keyword arguments of `forward` and `generate` for B prompts, L tokens the longest.

    input_ids, attention_mask, mm_token_type_ids (B, L); position_ids (3, B, L); with clips also pixel_values_videos (patches,
    values) and video_grid_thw (clips, 3), with stills pixel_values and image_grid_thw, in the order of the pads. SmolVLM: no type
    ids, position_ids (B, L), and pixel_values (1, frames, 3, side, side). Positions are given because the library's own follow one
    of two rules, by its version (see `rope_positions`), and take a shortcut in cached steps that is wrong after clips of slow
    rates.
    """
    import torch

    longest = max(len(one.token_ids) for one in encoded)
    ids = np.full((len(encoded), longest), pad_id, dtype=np.int64)
    mask, types = np.zeros_like(ids), np.zeros_like(ids)
    positions = np.zeros((3, *ids.shape), dtype=np.int64)
    for row, one in enumerate(encoded):
        place = slice(longest - len(one.token_ids), longest)
        ids[row, place], types[row, place], mask[row, place] = one.token_ids, one.type_ids, 1
        positions[:, row, place] = (
            np.arange(len(one.token_ids)) if family.whole_frames else rope_positions(one, family.tokens_per_second, rule)
        )
    clips = [clip for one in encoded for clip in one.clips]
    arrays: dict[str, Any] = {"input_ids": ids, "attention_mask": mask}
    if family.whole_frames:
        arrays["position_ids"] = positions[0]
    else:
        arrays |= {"mm_token_type_ids": types, "position_ids": positions}
    batch: dict[str, Tensor] = {name: torch.from_numpy(array).to(on) for name, array in arrays.items()}
    for still, pixels, grid in ((False, "pixel_values_videos", "video_grid_thw"), (True, "pixel_values", "image_grid_thw")):
        own = [clip for clip in clips if clip.still == still]
        if own:
            values = torch.from_numpy(np.concatenate([clip.values() for clip in own])).to(on, pixels_as)
            side = family.form.patch_size
            if family.whole_frames:
                batch["pixel_values"] = values.view(1, -1, 3, side, side)
            else:
                batch |= {pixels: values, grid: torch.tensor([clip.grid_thw for clip in own], device=on)}
    return batch
