"""A video-language model as the thing that is trained: its network, how it is read, what it may not say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from medgrpo.core import ModelError
from medgrpo.models import Encoded, Patches, PositionRule, rope_positions
from medgrpo.policy.attention import REGISTERED, AttentionKind
from medgrpo.policy.features import Features, encoder_inputs, pixel_inputs, seen_by, tower_digest
from medgrpo.policy.kept import Kept
from medgrpo.policy.recurrent import has_states, pack_states

FAMILIES = ("qwen2_5_vl", "qwen3_vl", "qwen3_5")
"""Whose packed sequences are exact: attention under masks, and in Qwen3.5 running states that are forked (`recurrent`)."""

Through = Callable[[Callable[[], tuple[Tensor, ...]]], tuple[Tensor, ...]]


def directly(work: Callable[[], tuple[Tensor, ...]]) -> tuple[Tensor, ...]:
    """A forward pass of a network that lies here whole."""
    return work()


@dataclass(frozen=True, slots=True)
class Prompt:
    """One encoded prompt on a device. token_ids (1, P), positions (3, 1, P), pixels (patches, values) or None, grid (clips, 3).

    `features`: what a frozen vision tower has said of the clips already; the pixels are then left out. `stills`: of each clip
    whether it is a single picture, which a network is handed as an image.
    """

    token_ids: Tensor
    positions: Tensor
    pixels: Tensor | None
    grid: Tensor | None
    features: tuple[Features, ...] = ()
    stills: tuple[bool, ...] = ()

    @property
    def tokens(self) -> int:
        return self.token_ids.shape[1]

    @property
    def next_position(self) -> int:
        """Where an answer's first token stands, on all three axes."""
        return int(self.positions[:, 0, -1].max()) + 1

    def blind(self) -> Prompt:
        """The same prompt with its pictures blacked out: zeros after scaling. ValueError where only features are there."""
        if self.features:
            raise ValueError("features cannot be blacked out; make the prompt with `looking`")
        return replace(self, pixels=None if self.pixels is None else torch.zeros_like(self.pixels))


class Policy:
    """`network` is transformers' own class for conditional generation. Its attention is set by name, nothing is patched.

    `banned` tokens are never said, `ends` end an answer; `half` computes in bfloat16 over float32 weights; `through` is how
    a forward pass with gradients is run where the network lies in shares. `clips_kept`: of so many clips, the latest, a frozen
    vision tower's features stay in memory (`kept`); 0 where it is trained.
    """

    def __init__(
        self,
        network: Any,
        banned: Sequence[int],
        ends: Sequence[int],
        rule: PositionRule,
        temperature: float = 1.0,
        attention: AttentionKind = "blocks",
        half: bool = False,
        through: Through = directly,
        clips_kept: int = 0,
        kept: Kept | None = None,
    ) -> None:
        kind = network.config.model_type
        if kind not in FAMILIES:
            raise ModelError(f"{kind}: only {', '.join(FAMILIES)} can share a prompt exactly")
        self.network = network
        self.rule: PositionRule = rule
        self.temperature = temperature
        self.attention: AttentionKind = attention
        self.ends = frozenset(ends)
        self.through = through
        self._half = half
        self._clips_kept = clips_kept
        self._kept = kept or Kept()
        self._tower = tower_digest(network.model.visual, "half" if half else "float") if clips_kept else ""
        vision = network.config.vision_config
        self.tokens_per_second: float | None = float(vision.tokens_per_second) if kind == "qwen2_5_vl" else None
        self.banned = torch.tensor(sorted(set(banned)), dtype=torch.long, device=network.device)
        network.model.language_model.set_attn_implementation(REGISTERED[attention])
        self.has_states = has_states(network)
        if self.has_states:
            pack_states(network.model.language_model)

    @property
    def device(self) -> torch.device:
        return self.network.device

    def prompt(self, encoded: Encoded, looking: bool = False) -> Prompt:
        """The prompt's tokens, positions and pictures on the model's device; an answer that `encoded` may hold is left out.

        `looking`: with pixels also where features are kept.
        """
        positions = rope_positions(encoded, self.tokens_per_second, self.rule)[:, : encoded.prompt_tokens]
        ids = torch.from_numpy(encoded.token_ids[: encoded.prompt_tokens].copy())[None]
        pixels = grid = None
        features: tuple[Features, ...] = ()
        if encoded.clips and self._clips_kept and not looking:
            features = tuple(self._seen(clip) for clip in encoded.clips)
        elif encoded.clips:
            pixels = torch.from_numpy(np.concatenate([clip.values() for clip in encoded.clips]))
            pixels = pixels.to(self.device, self.network.dtype)
            grid = torch.tensor([clip.grid_thw for clip in encoded.clips], device=self.device)
        places = torch.from_numpy(positions.copy())[:, None].to(self.device)
        stills = tuple(clip.still for clip in encoded.clips)
        return Prompt(ids.to(self.device), places, pixels, grid, features, stills)

    def _seen(self, clip: Patches) -> Features:
        """By the tower, and the clip's content and size."""

        @torch.no_grad()
        def look() -> Features:
            with self._arithmetic():
                return seen_by(self.network, [clip], self.device)[0]

        return self._kept.features.get((self._tower, clip.key, clip.grid_thw), self._clips_kept, look)

    def hidden(
        self, token_ids: Tensor, positions: Tensor, prompt: Prompt | None, mask: Any, cache: Any = None, **states: Any
    ) -> Tensor:
        """(1, L, width) of the last layer. `prompt` gives the pictures of the pads in `token_ids`; None where there are none.

        `states` tells layers with a running state what lies in the sequence (`recurrent`); the other families take none.
        """
        if self.has_states:
            mask = None if mask is None else {"full_attention": mask, "linear_attention": None}
        seen: dict[str, Any] = {}
        if prompt is not None and prompt.features:
            seen = encoder_inputs(prompt.features, prompt.stills)
        elif prompt is not None and prompt.pixels is not None:
            assert prompt.grid is not None
            seen = pixel_inputs(prompt.pixels, prompt.grid, prompt.stills)
        with self._arithmetic():
            outputs = self.network.model(
                input_ids=token_ids,
                position_ids=positions,
                attention_mask=mask,
                past_key_values=cache,
                use_cache=cache is not None,
                **seen,
                **(states if self.has_states else {}),
            )
        return outputs.last_hidden_state

    def _arithmetic(self) -> torch.autocast:
        """`half`: layers in bfloat16 over float32 weights."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self._half)

    def log_probabilities(self, hidden: Tensor) -> Tensor:
        """(N, vocabulary) of the distribution that is sampled from: at the temperature, no token of vision; float32 at least.

        The same function in rollout and update, so that the two can only differ by rounding.
        """
        with self._arithmetic():
            logits = self.network.lm_head(hidden)
        logits = logits if logits.dtype == torch.float64 else logits.float()
        return torch.log_softmax((logits / self.temperature).index_fill(1, self.banned, float("-inf")), dim=1)
