"""One prompt, with or without its reply, as a model reads it: what SFT, rollout, log-probabilities and evaluation all pass on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medgrpo.core import InputError
from medgrpo.models.preprocess import Patches

TEXT, IMAGE, VIDEO = 0, 1, 2
"""Values of `type_ids`, as transformers numbers them."""

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

    def types_of(self, token_ids: Ids) -> Ids:
        """The type of each token."""
        types = np.where(token_ids == self.video_pad, VIDEO, TEXT)
        return types if self.image_pad is None else np.where(token_ids == self.image_pad, IMAGE, types)


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """Token ids (L,), type ids (L,), the clips and stills that the pads stand for, in order. Never padded, never cut.

    `prompt_tokens` is where the reply begins (L when there is none). A prompt that a model would read blind or wrongly cannot be
    made: pads of another type than theirs, pads without their clip, clips without their pads, a still's in place of a clip's.
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
        types = self.vision.types_of(self.token_ids)
        if not np.array_equal(types, self.type_ids):
            raise ValueError(
                "every video pad, and nothing else, has the type of a video, and a still's that of an image: without it positions "
                "are wrong in silence"
            )
        pads = types[types != TEXT]
        kinds = np.array([IMAGE if clip.still else VIDEO for clip in self.clips], dtype=np.int64)
        expected = np.repeat(kinds, np.array([clip.tokens for clip in self.clips], dtype=np.int64))
        if len(pads) != len(expected):
            raise ValueError(f"{len(pads)} video pads for clips of {len(expected)} tokens: cut inside a clip, or a clip was lost")
        if not np.array_equal(pads, expected):
            raise ValueError("a still stands where the prompt has a clip's pads, or a clip where it has a still's")

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
