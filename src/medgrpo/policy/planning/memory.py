"""Bytes of every part of a process that trains, from geometry and lengths alone.

What autograd keeps is counted operation by operation, as transformers' classes and our attention compute them: which inputs and
outputs a layer's backward pass needs, once each. `half` computes in bfloat16 over float32 weights (torch.autocast), which keeps
bfloat16 copies of weights and inputs beside what norms keep in float32. Checked against hooks on saved tensors for both classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from medgrpo.policy.planning.geometry import Geometry

Trained = Literal["all", "adapters", "through", "none"]
"""Of a part: its own weights; corrections beside frozen ones; none, but gradients pass through it; none, and none pass."""


@dataclass(frozen=True, slots=True)
class Sequence_:
    """One packed sequence. `prompt` tokens attend causally, `answers` tokens under a mask over everything (0: none do); `parts` are
    samples that lie side by side, each with its own causal attention.
    """

    prompt: int
    answers: int
    parts: int = 1

    @property
    def tokens(self) -> int:
        return self.prompt + self.answers


@dataclass(frozen=True, slots=True)
class Kept:
    """How a network is computed and what of it is trained."""

    half: bool
    checkpointing: bool
    tower: Trained
    projector: Trained
    language: Trained
    head: Trained
    rank: int = 0
    four_bit: bool = False

    @property
    def narrow(self) -> int:
        """Bytes of a value that a matrix product reads."""
        return 2 if self.half else 4


def attending_layer(g: Geometry, s: Sequence_, k: Kept) -> int:
    """Bytes that one attending layer keeps for its backward pass."""
    tokens, n = s.tokens, k.narrow
    whole, inputs = k.language == "all", k.language in ("all", "adapters")
    queries, keys = g.queries, g.keys
    kept = 2 * tokens * _norm(g.width, whole)
    kept += tokens * ((5 if k.half else 2) * g.width * n if inputs else 0)  # what q, k, v and gate, up read
    if g.family != "qwen2_5_vl":
        kept += tokens * 4 * (queries + keys + g.heads + g.key_heads)  # norms of queries and keys
        kept += tokens * n * (queries + keys) if whole else 0
    kept += tokens * (n * (queries + keys + queries) + n * keys + 4 * g.heads)  # queries, keys, what is seen, values, sums
    if s.answers:
        repeated = 2 * tokens * n * queries if g.heads != g.key_heads else 0
        kept += repeated + s.answers * tokens * n
    if inputs and (s.answers or s.parts > 1):
        kept += tokens * n * queries  # both parts of what was seen, side by side
    if g.family == "qwen3_5":
        kept += 2 * tokens * n * queries  # the gate
    kept += _inner(g, tokens, k)
    if k.language == "adapters":
        kept += 7 * tokens * k.rank * n
    return kept + _half_weights(k, g.attention_weights(), g.inner_weights())


def recurrent_layer(g: Geometry, s: Sequence_, k: Kept) -> int:
    """Of a layer with a running state, in torch's own form of its rule (chunks of 64 tokens, float32)."""
    tokens, n = s.tokens, k.narrow
    whole = k.language == "all"
    keys, values = g.recurrent_key_heads * g.recurrent_key_width, g.recurrent_value_heads * g.recurrent_value_width
    spread = g.recurrent_value_heads * g.recurrent_key_width  # keys repeated to the heads of the values
    kept = 2 * tokens * _norm(g.width, whole)
    kept += tokens * ((6 if whole else 4) if k.half else 2) * g.width * n
    kept += tokens * n * (2 if whole else 1) * (2 * keys + values)  # the convolution
    kept += tokens * 4 * (12 * spread + 7 * values + 64 * 6 * g.recurrent_value_heads)
    kept += tokens * 4 * (5 if whole else 4) * values
    kept += _inner(g, tokens, k)
    if k.language == "adapters":
        kept += 6 * tokens * k.rank * n
    return kept + _half_weights(k, g.recurrent_weights(), g.inner_weights())


def language(g: Geometry, s: Sequence_, k: Kept) -> tuple[int, int]:
    """All layers, embedded tokens, the last norm: what is kept, and what one layer computes again (0 without checkpointing)."""
    if k.language == "none" and k.tower == "none" and k.projector == "none":
        return (s.tokens * 4 * 2 * g.width if k.head == "all" else 0), 0
    edges = s.tokens * (_norm(g.width, k.language == "all") + 2 * g.head_width * 4 + g.width + 8)
    attending = attending_layer(g, s, k) if g.attending else 0
    recurrent = recurrent_layer(g, s, k) if g.recurrent else 0
    if k.checkpointing:
        return g.layers * s.tokens * g.width * 4 + edges, max(attending, recurrent)
    return g.attending * attending + g.recurrent * recurrent + edges, 0


def vision(g: Geometry, patches: int, k: Kept) -> tuple[int, int]:
    """Tower and projector over so many patches, in the same two parts."""
    if k.tower == "none" and k.projector == "none":
        return 0, 0
    wide, inner, n = g.vision_width, g.vision_inner, k.narrow
    merged = patches // g.merge**2
    norm = patches * 4 * wide + (patches * n * wide if g.gated_vision else 0)
    projector = (1 + g.deepstack) * (norm + patches * n * 3 * wide + merged * 4)
    if k.tower == "none":
        return projector, 0
    block = 2 * patches * (4 * wide + 8)
    if g.gated_vision:
        block += 2 * patches * n * wide + patches * n * ((3 if k.half else 2) * wide + 4 * inner)
    else:
        block += patches * n * (2 * wide + 2 * inner)
    block += patches * (n * 7 * wide + 4 * g.vision_heads)  # queries, keys, all three as they came, what is seen, side by side
    if k.half:
        block += 2 * (4 * wide * wide + (3 if g.gated_vision else 2) * wide * inner)
    edges = projector + patches * 2 * (wide // g.vision_heads) * 4
    if k.checkpointing:
        return edges + g.blocks * patches * wide * n, block
    return edges + g.blocks * block, 0


def pixels(g: Geometry, patches: int, half: bool) -> int:
    """A clip's patches as the tower reads them, and under bfloat16 their copy."""
    return patches * g.patch_values * (6 if half else 4)


def logits(g: Geometry, rows: int, k: Kept, copies: int) -> int:
    """Tables over the vocabulary that are held at once, of float32, and what the head reads."""
    return rows * (copies * 4 * g.vocabulary + g.width * (k.narrow if k.half else 4))


def cache(g: Geometry, prompt: int, group: int, answer: int, half: bool) -> int:
    """Rollout's keys and values, the prompt's once, and an answer's running states where the family has them."""
    keys, values = 4, 2 if half else 4
    state = g.recurrent_value_heads * g.recurrent_key_width * g.recurrent_value_width
    channels = 2 * g.recurrent_key_heads * g.recurrent_key_width + g.recurrent_value_heads * g.recurrent_value_width
    states = g.recurrent * group * 4 * (state + channels * g.convolution)
    return g.attending * (prompt + group * answer) * g.keys * (keys + values) + states


def working(g: Geometry, s: Sequence_, k: Kept) -> int:
    """The largest passing values: a layer's inner width on the way back (three of it), or keys repeated to all heads."""
    return s.tokens * max(3 * g.inner * k.narrow, 2 * g.queries * 4)


def _norm(width: int, trained: bool) -> int:
    """Bytes per token of a root-mean-square norm in float32: its input, the inverse, and what its own weight multiplies."""
    return 4 * width * (2 if trained else 1) + 4


def _inner(g: Geometry, tokens: int, k: Kept) -> int:
    return tokens * k.narrow * (4 if k.language in ("all", "adapters") else 3) * g.inner


def _half_weights(k: Kept, *maps: Mapping[str, tuple[int, int]]) -> int:
    """The bfloat16 copies of a layer's weights, which its backward pass needs; those of four bits are taken apart again instead."""
    if not k.half or k.four_bit:
        return 0
    return 2 * sum(into * out for some in maps for into, out in some.values())
