"""What a step computes: operations of matrix products and attention, bytes that simple operations move, calls of the library."""

from __future__ import annotations

from dataclasses import dataclass

from medgrpo.policy.planning.geometry import Geometry
from medgrpo.policy.planning.memory import Kept, Sequence_

_CALLS_LAYER, _CALLS_BLOCK = 75, 45
"""Calls of the library in one layer's forward, counted with torch's profiler; backward makes about twice as many."""


@dataclass(frozen=True, slots=True)
class Work:
    """`products` and `attention` in floating-point operations (a multiplication and an addition are two), `narrow` those of
    products with a few rows only, which read every weight for them; `moved` in bytes; `calls` of the library.
    """

    products: float = 0.0
    narrow: float = 0.0
    attention: float = 0.0
    moved: float = 0.0
    calls: float = 0.0

    def __add__(self, other: Work) -> Work:
        return Work(
            self.products + other.products, self.narrow + other.narrow, self.attention + other.attention,
            self.moved + other.moved, self.calls + other.calls,
        )  # fmt: skip

    def times(self, factor: float) -> Work:
        return Work(*(factor * part for part in (self.products, self.narrow, self.attention, self.moved, self.calls)))

    @property
    def operations(self) -> float:
        return self.products + self.narrow + self.attention


def _maps(g: Geometry) -> float:
    """Weights of all linear maps in the language model's layers."""
    inner = sum(into * out for into, out in g.inner_weights().values())
    attention = sum(into * out for into, out in g.attention_weights().values())
    recurrent = sum(into * out for into, out in g.recurrent_weights().values()) if g.recurrent else 0
    return g.layers * inner + g.attending * attention + g.recurrent * recurrent


def _state_operations(g: Geometry, tokens: float) -> float:
    """The rule of layers with a running state, in chunks of 64: products inside a chunk and with the state."""
    wide, deep = g.recurrent_value_width, g.recurrent_key_width
    return g.recurrent * tokens * g.recurrent_value_heads * 2 * (64 * (3 * deep + 2 * wide) + 3 * deep * wide)


def language_forward(g: Geometry, s: Sequence_, rank: int = 0) -> Work:
    """All layers over one packed sequence."""
    tokens, each = s.tokens, s.prompt / s.parts
    seen = s.parts * each * each / 2 + s.answers * (s.prompt + s.answers)
    adapters = 2 * tokens * g.adapters(rank) if rank else 0
    moved = 4 * tokens * (g.layers * (20 * g.width + 5 * g.inner) + g.attending * (13 * g.queries + 11 * g.keys))
    moved += 4 * tokens * g.recurrent * 60 * g.recurrent_value_heads * g.recurrent_value_width
    calls = g.layers * (_CALLS_LAYER + (42 if rank else 0)) + g.attending * 6 * (s.parts - 1) + g.recurrent * 8 * tokens / 64
    return Work(
        products=2 * tokens * _maps(g) + adapters + _state_operations(g, tokens),
        attention=g.attending * 4 * seen * g.queries,
        moved=moved,
        calls=calls,
    )


def vision_forward(g: Geometry, grid: tuple[int, int, int]) -> Work:
    """Tower and projector over one clip."""
    frames, height, width = grid
    patches, wide = frames * height * width, g.vision_width
    mats = 4 * wide * wide + (3 if g.gated_vision else 2) * wide * g.vision_inner
    projector = (1 + g.deepstack) * g.merged_width * (g.merged_width + g.width) * patches / g.merge**2
    whole = patches * height * width
    chunks = g.whole_blocks * frames
    seen = g.whole_blocks * whole
    if g.window is not None:
        down, across = min(g.window, height), min(g.window, width)
        seen += (g.blocks - g.whole_blocks) * patches * down * across
        chunks += (g.blocks - g.whole_blocks) * frames * -(-height // g.window) * -(-width // g.window)
    return Work(
        products=2 * patches * (g.blocks * mats + g.patch_values * wide) + 2 * projector,
        attention=4 * seen * wide,
        moved=4 * patches * g.blocks * (40 * wide + (5 if g.gated_vision else 4) * g.vision_inner),
        calls=g.blocks * _CALLS_BLOCK + 6 * chunks,
    )


def head_forward(g: Geometry, rows: float) -> Work:
    """Tables over the vocabulary and their logarithms."""
    return Work(products=2 * rows * g.width * g.vocabulary, moved=rows * g.vocabulary * 4 * 9, calls=12)


def decoding(g: Geometry, prompt: float, group: int, answer: float, half: bool, rank: int = 0) -> Work:
    """All answers of a group, token by token: every weight is read for `group` rows, the cache is read and grows by copying."""
    steps = max(0.0, answer - 1)
    held = prompt + group * answer / 2
    weights = _maps(g) + g.width * g.vocabulary
    per_step = 2 * group * (weights + (g.adapters(rank) if rank else 0)) + _state_operations(g, group) / 64
    moved = g.attending * held * 4 * (2 * 2 * g.keys + (2 * g.keys + 2 * g.queries if g.heads != g.key_heads else 0))
    moved += group * g.vocabulary * 4 * 9 + (6 * weights if half else 0)
    moved += g.recurrent * group * g.recurrent_value_heads * g.recurrent_key_width * g.recurrent_value_width * 4 * 8
    return Work(
        narrow=steps * per_step,
        attention=steps * g.attending * 4 * held * group * g.queries,
        moved=steps * moved,
        calls=steps * (g.layers * (_CALLS_LAYER + (42 if rank else 0)) + 60),
    )


def with_backward(forward: Work, trained: str, checkpointing: bool) -> Work:
    """Forward and backward: gradients of weights and of inputs cost a forward each, attention's backward two and a half."""
    if trained == "none":
        return forward
    way = 2.0 if trained == "all" else 1.0
    again = 1.0 if checkpointing else 0.0
    return Work(
        forward.products * (1 + again + way), forward.narrow * (1 + again + way), forward.attention * (3.5 + again),
        forward.moved * (3 + again), forward.calls * (3 + again),
    )  # fmt: skip


def optimiser(trained: int, tensors: int) -> Work:
    """AdamW and the clipping of the gradient's norm: fourteen passes over what is trained."""
    return Work(moved=trained * 4 * 20, calls=tensors * 16)


def trained_kinds(k: Kept) -> tuple[str, str]:
    """How gradients go through vision and through the language model."""
    vision = "all" if k.tower == "all" else "none" if k.projector == "none" else "through"
    return vision, k.language
