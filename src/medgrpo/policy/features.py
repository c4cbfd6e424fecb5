"""What a frozen vision tower says of a clip, on disk: computed once, whatever asks about the clip again, in this run or another.

A file's name is a hash of the tower's weights, the arithmetic, and the clip's pixels as they were cut. Another tower, another scale
or one changed pixel is another file; nothing has to be cleared by hand.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, cast

import torch
from torch import Tensor

from medgrpo.core import InputError, ModelError, whole_file
from medgrpo.models import Patches

Features = tuple[Tensor, ...]
"""The merged tokens (tokens, width), then, where the family has them, those of the deep-stack layers, each of the same shape."""


def tower_digest(tower: torch.nn.Module, arithmetic: str) -> str:
    """SHA-256 over every weight of the tower, by name, its configuration, and the arithmetic that it is computed in."""
    stated: Any = {name: value for name, value in cast("Any", tower).config.to_dict().items() if not name.startswith("_")}
    content = hashlib.sha256(f"{arithmetic} {json.dumps(stated, sort_keys=True, default=str)}".encode())
    for name, value in sorted(tower.state_dict().items()):
        content.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
        content.update(value.detach().cpu().reshape(-1).view(torch.uint8).numpy().data)
    return content.hexdigest()


class FeatureStore:
    """One file per clip below `folder`. `computed` and `found` count what it did."""

    def __init__(self, folder: Path, tower: str) -> None:
        self._folder = folder / tower[:16]
        self._tower = tower
        self.computed = self.found = 0

    def path(self, clip: Patches) -> Path:
        """Where this clip's features lie, whether they are there or not."""
        stated = f"{self._tower} {clip.grid_thw} {clip.form.model_dump_json()}{' still' if clip.still else ''}".encode()
        content = hashlib.sha256(stated)
        content.update(clip.rows.data if clip.rows.flags.c_contiguous else clip.rows.tobytes())
        return self._folder / f"{content.hexdigest()}.pt"

    def read(self, clip: Patches, device: torch.device) -> Features | None:
        """None when they are not there. ModelError for a file that is not whole."""
        path = self.path(clip)
        if not path.exists():
            return None
        try:
            stored: list[Tensor] = torch.load(path, map_location=device, weights_only=True)
        except (RuntimeError, EOFError, ValueError, OSError, UnpicklingError) as error:
            raise ModelError(f"{path}: cannot be read as features, delete it: {str(error).splitlines()[0]}") from error
        self.found += 1
        return tuple(stored)

    def write(self, clip: Patches, features: Features) -> None:
        """Whole or not at all."""
        path = self.path(clip)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with whole_file(path, process=True) as unfinished:  # processes may write the same clip
                torch.save([one.detach().cpu() for one in features], unfinished)
        except OSError as error:
            raise InputError(f"{path}: cannot be written: {error.strerror or error}") from error
        self.computed += 1


def seen_by(network: Any, clips: Sequence[Patches], device: torch.device, blind: bool = False) -> list[Features]:
    """The vision tower and projector over these clips in one pass; gradients where its weights are trained. `blind`: on black.

    A still is to the tower one temporal patch, as in transformers' own way with images.
    """
    values = torch.cat([torch.from_numpy(clip.values()) for clip in clips]).to(device, network.dtype)
    values = torch.zeros_like(values) if blind else values
    grid = torch.tensor([clip.grid_thw for clip in clips], device=device)
    outputs = network.model.get_video_features(values, grid, return_dict=True)
    deep = getattr(outputs, "deepstack_features", None) or []
    return [(merged, *layers) for merged, *layers in zip(outputs.pooler_output, *deep, strict=True)]


def encoder_inputs(features: Sequence[Features], stills: Sequence[bool]) -> dict[str, Any]:
    """What transformers' classes take in place of pixels. The features of clips and of stills, each in the order of their pads."""
    kinds: dict[str, list[Features]] = {"video": [], "image": []}
    for one, still in zip(features, stills, strict=True):
        kinds["image" if still else "video"].append(one)
    return {"mm_encoder_outputs": {kind: _as_outputs(own) for kind, own in kinds.items() if own}}


def pixel_inputs(pixels: Tensor, grid: Tensor, stills: Sequence[bool]) -> dict[str, Tensor]:
    """The same of pixels: the rows of clips and stills, and of each its grid, under the names of their kind."""
    inputs: dict[str, Tensor] = {}
    patches = pixels.split(grid.prod(dim=1).tolist())
    for still, rows, grids in ((False, "pixel_values_videos", "video_grid_thw"), (True, "pixel_values", "image_grid_thw")):
        own = [place for place, one in enumerate(stills) if one == still]
        if own:
            inputs |= {rows: torch.cat([patches[place] for place in own]), grids: grid[own]}
    return inputs


def _as_outputs(features: Sequence[Features]) -> Any:
    """The form in which transformers' classes take what the tower has said already (`mm_encoder_outputs`)."""
    from transformers.modeling_outputs import BaseModelOutputWithPooling

    first, *deep = (list(one) for one in zip(*features, strict=True))
    outputs: Any = BaseModelOutputWithPooling()
    outputs.pooler_output = first
    outputs.deepstack_features = deep  # Qwen3-VL's asks for the list, be it empty; Qwen2.5-VL's does not look
    return outputs
