"""`medgrpo`, with EfficientNet-Lite0 and its ImageNet weights in place of the nano model's vision tower (../composition.md).

    python compose.py frozen  COMMAND ...    the network stays as it came; COMPOSE_PICTURES names a file for what it says
    python compose.py trained COMMAND ...    the network is trained with the rest
    python compose.py own     COMMAND ...    the nano model as it is, for its time

Where it is trained (`train tower`, `train sft`) and where it answers (`evaluate run`), the same replacement is made. It is an
experiment's script: the model it makes is no transformers class, so no other command of medgrpo can open its checkpoints.
"""

from __future__ import annotations

import hashlib
import os
import resource
import sys
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoModelForImageTextToText, Qwen3VLForConditionalGeneration
from transformers.modeling_outputs import BaseModelOutputWithPooling

from medgrpo.cli import main
from medgrpo.training.backbone import load_imagenet

_SIZE = (144, 192)
"""Rows and columns that a picture of 120 x 160 is scaled to: 9 x 12 cells of stride 16, three by three to each of 3 x 4 tokens."""
_FINE, _COARSE = 112, 1280
_HIDDEN = 512
_KEPT: dict[bytes, Tensor] = {}
"""What the frozen network said of a picture, by the picture's hash."""


class Tower(nn.Module):
    """Pictures as the processor of Qwen3-VL cuts them, in; one merged token for each of 3 x 4 parts of a pair of pictures, out.

    A token is what EfficientNet says at stride 16 in its part (nine cells) and at stride 32 of the whole picture (the mean), of
    both pictures, through a projector of two layers.
    """

    def __init__(self, config: Any, trained: bool) -> None:
        super().__init__()
        self.config, self.spatial_merge_size, self.dtype = config, config.spatial_merge_size, torch.float32
        self.network = load_imagenet("efficientnet-lite0", 0.0, 0)
        self.network.requires_grad_(trained)
        self._trained = trained
        wide = 2 * (9 * _FINE + _COARSE)
        self.merger = nn.Sequential(
            nn.LayerNorm(wide), nn.Linear(wide, _HIDDEN), nn.GELU(), nn.Linear(_HIDDEN, config.out_hidden_size)
        )

    def train(self, mode: bool = True) -> Tower:
        """Its normalisation keeps the statistics of ImageNet in either variant."""
        super().train(mode)
        self.network.eval()
        return self

    def forward(self, values: Tensor, *_: Any, **__: Any) -> BaseModelOutputWithPooling:
        """`values` (patches, 3 x 2 x 20 x 20), from -1 to 1."""
        pictures = _pictures(values.float())
        said = self._said(pictures) if self._trained else self._remembered(pictures)
        pairs = said.reshape(-1, 2, *said.shape[1:]).transpose(1, 2).flatten(2)
        outputs: Any = BaseModelOutputWithPooling()
        outputs.pooler_output = self.merger(pairs.flatten(0, 1))
        outputs.deepstack_features = []
        return outputs

    def _said(self, pictures: Tensor) -> Tensor:
        """(pictures, 3, 120, 160) in, (pictures, 12, features) out."""
        scaled = functional.interpolate(pictures, _SIZE, mode="bilinear", align_corners=False, antialias=True)
        fine, coarse = self.network((scaled * 127.5 + 0.5) / 128)
        cells = fine.float().reshape(-1, _FINE, 3, 3, 4, 3).permute(0, 2, 4, 1, 3, 5).flatten(1, 2).flatten(2)
        return torch.cat([cells, coarse.float().mean((2, 3))[:, None].expand(-1, 12, -1)], dim=2)

    @torch.no_grad()
    def _remembered(self, pictures: Tensor) -> Tensor:
        """The same of a network that does not change: each picture is looked at once in the life of the process."""
        keys = [_digest(one) for one in pictures]
        new = {key: place for place, key in enumerate(keys) if key not in _KEPT}
        if new:
            _KEPT.update(zip(new, self._said(pictures[list(new.values())]).to(torch.bfloat16), strict=True))
        return torch.stack([_KEPT[key] for key in keys]).float()


def _pictures(values: Tensor) -> Tensor:
    """Rows of patches, in groups of 2 x 2 that become one token, back to pictures (N, 3, 120, 160), pair after pair."""
    cut = values.reshape(-1, 3, 4, 2, 2, 3, 2, 20, 20)
    return cut.permute(0, 6, 5, 1, 3, 7, 2, 4, 8).reshape(-1, 3, 120, 160)


def _digest(picture: Tensor) -> bytes:
    return hashlib.blake2b((picture * 127.5).round().to(torch.int16).numpy().tobytes(), digest_size=16).digest()


def see_through_the_tower(kind: type[Any], trained: bool) -> None:
    """Whatever checkpoint of this class transformers opens from here on has the tower in place of its own."""
    whole = AutoModelForImageTextToText.from_pretrained

    def opened(checkpoint: str, *arguments: Any, output_loading_info: bool = False, **options: Any) -> Any:
        network: Any = whole(checkpoint, *arguments, **options)
        if not isinstance(network, kind):
            raise SystemExit(f"{checkpoint}: not a {kind.__name__}")
        torch.manual_seed(0)
        network.model.visual = Tower(network.config.vision_config, trained)
        stored = load_file(Path(checkpoint) / "model.safetensors")
        own = {name.removeprefix("model."): value for name, value in stored.items() if "visual." in name}
        if "visual.merger.1.weight" in own:  # not so in a checkpoint that a chain begins with
            _, strange = network.model.load_state_dict(own, strict=False)
            if strange:
                raise SystemExit(f"{checkpoint}: {strange[0]} is no weight of the composition")
        return (network, {"missing_keys": set(), "mismatched_keys": set()}) if output_loading_info else network

    AutoModelForImageTextToText.from_pretrained = opened


if __name__ == "__main__":
    variant, sys.argv[1:] = sys.argv[1], sys.argv[2:]
    if variant not in ("own", "frozen", "trained"):
        raise SystemExit("compose.py own|frozen|trained COMMAND ...")
    if variant != "own":
        see_through_the_tower(Qwen3VLForConditionalGeneration, variant == "trained")
    store = Path(os.environ["COMPOSE_PICTURES"])
    if variant == "frozen" and store.exists():
        _KEPT.update(torch.load(store))
    before = len(_KEPT)
    try:
        main()
    finally:
        if len(_KEPT) > before:
            torch.save(_KEPT, store)
        used = resource.getrusage(resource.RUSAGE_SELF)
        sys.stderr.write(f"{variant}: {used.ru_utime + used.ru_stime:.0f} s of processor time, {len(_KEPT)} pictures kept\n")
