"""One prompt, with or without its reply, as a model reads it: what SFT, rollout, log-probabilities and evaluation all pass on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medgrpo.core import InputError
from medgrpo.models.preprocess import Patches

TEXT, VIDEO = 0, 2
"""Values of `type_ids`, as transformers numbers them (1 is a still image, which nothing here sends)."""

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class VisionTokens:
    """Ids that a tokenizer gives to the words of vision. None of them may be sampled: a sampled pad would have no picture."""

    start: int
    end: int
    image_pad: int | None
    video_pad: int

    @property
    def all(self) -> tuple[int, ...]:
        known = (self.start, self.end, self.image_pad, self.video_pad)
        return tuple(one for one in known if one is not None)


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """Token ids (L,), type ids (L,), the clips that the pads stand for, in order. Never padded, never cut.

    `prompt_tokens` is where the reply begins (L when there is none). A prompt that a model would read blind or wrongly cannot be
    made: pads whose type is not video, pads without their clip, clips without their pads.
    """

    token_ids: Ids
    type_ids: Ids
    clips: tuple[Patches, ...]
    vision: VisionTokens
    prompt_tokens: int

    def __post_init__(self) -> None:
        if self.token_ids.shape != self.type_ids.shape or self.token_ids.ndim != 1:
            raise ValueError(f"token ids {self.token_ids.shape} and type ids {self.type_ids.shape} are two equal rows")
        if not 0 < self.prompt_tokens <= len(self.token_ids):
            raise ValueError(f"a prompt of {self.prompt_tokens} in {len(self.token_ids)} tokens")
        pads = self.token_ids == self.vision.video_pad
        if not np.array_equal(pads, self.type_ids == VIDEO) or (self.type_ids[~pads] != TEXT).any():
            raise ValueError(
                "every video pad, and nothing else, has the type of a video: without it positions are wrong in silence"
            )
        if self.vision.image_pad is not None and (self.token_ids == self.vision.image_pad).any():
            raise ValueError("a pad of a still image stands in the prompt, but stills are never sent")
        expected = sum(clip.tokens for clip in self.clips)
        if pads.sum() != expected:
            raise ValueError(f"{pads.sum()} video pads for clips of {expected} tokens: cut inside a clip, or a clip was lost")

    def with_reply(self, ids: Sequence[int] | Ids) -> Encoded:
        """The same prompt followed by these tokens. InputError when they hold a token of vision, which has no picture behind it."""
        reply = np.asarray(ids, dtype=np.int64)
        forbidden = np.isin(reply, self.vision.all)
        if forbidden.any():
            raise InputError(f"a reply holds the token of vision {reply[forbidden][0]}; ban these tokens while sampling")
        prompt = slice(0, self.prompt_tokens)
        return Encoded(
            token_ids=np.concatenate([self.token_ids[prompt], reply]),
            type_ids=np.concatenate([self.type_ids[prompt], np.zeros_like(reply)]),
            clips=self.clips,
            vision=self.vision,
            prompt_tokens=self.prompt_tokens,
        )

    @property
    def reply_ids(self) -> Ids:
        return self.token_ids[self.prompt_tokens :]
