"""What a process holds, part by part, at the moment when it holds most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from medgrpo.policy.four_bit import BLOCK
from medgrpo.policy.planning import memory
from medgrpo.policy.planning.geometry import Geometry
from medgrpo.policy.planning.memory import Kept, Sequence_
from medgrpo.policy.planning.shape import Pack, trained_parameters
from medgrpo.policy.planning.tokens import Counted
from medgrpo.policy.recipe import GrpoRecipe
from medgrpo.policy.spreading import SpreadKind

Phase = Literal["always", "rollout", "update"]


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes of one part, and when it is held."""

    name: str
    held_bytes: int
    phase: Phase


def fixed_parts(g: Geometry, k: Kept, reference: bool) -> list[Part]:
    """Weights, gradients and optimiser: float32, whatever the layers compute in, but for frozen weights of four bits."""
    weights = 4 * (sum(g.parameters().values()) + (g.adapters(k.rank) if k.rank else 0))
    if k.four_bit:  # half a byte each, and a float32 for every block
        weights -= int(g.adapted() * (4 - 0.5 - 4 / BLOCK))
    trained = sum(trained_parameters(g, k).values())
    parts = [
        Part("weights", weights, "always"),
        Part("gradients", 4 * trained, "always"),
        Part("optimiser (AdamW's two moments)", 8 * trained, "always"),
    ]
    return parts + ([Part("reference model (kl above 0)", weights, "always")] if reference else [])


def grpo_parts(recipe: GrpoRecipe, g: Geometry, k: Kept, prompt: Counted, cut: Sequence[Sequence[int]]) -> list[Part]:
    """`prompt`: the longest; `cut`: lengths of the answers in each packed sequence of its group, at the whole budget."""
    size, budget = recipe.rollout.group_size, recipe.rollout.most_new_tokens
    reference = recipe.update.kl > 0 and not k.rank
    lengths = max(cut, key=sum)
    s = Sequence_(prompt.prompt, sum(lengths))
    parts = fixed_parts(g, k, reference)
    parts += [
        Part("rollout: cache of keys and values", memory.cache(g, prompt.prompt, size, budget, k.half), "rollout"),
        Part("rollout: passing values", _prefill(g, prompt, k), "rollout"),
    ]
    return parts + _update_parts(g, k, s, prompt.patches, sum(lengths), 4)


def sft_parts(g: Geometry, k: Kept, pack: Pack, stored: bool) -> list[Part]:
    """`pack`: the longest sequence; `stored`: features come from disk."""
    clips = {one.clip: one for one in pack.samples}
    patches = sum(one.patches for one in clips.values())
    parts = fixed_parts(g, k, reference=False)
    features = 4 * sum(one.visual for one in clips.values()) * g.width * (1 + g.deepstack)
    parts.append(Part("update: features of the clips", features, "update"))
    s = Sequence_(pack.tokens, 0, len(pack.samples))
    return parts + _update_parts(g, k, s, 0 if stored else patches, pack.replies, 3)


def in_shares(spread: SpreadKind, parts: Sequence[Part], g: Geometry, processes: int) -> list[Part]:
    """The same of one process among many. `shard`: its share of what is always held, all weights for sampling, and for an update
    the layer at work and the unit of embeddings and head, weights and gradients.
    """
    if spread != "shard" or processes == 1:
        return list(parts)
    held = {part.name: part.held_bytes for part in parts}
    weights = 4 * sum(g.parameters().values())
    largest = 4 * (g.vocabulary * g.width * (1 if g.tied else 2) + 2 * (g.parameters()["language"] // g.layers))
    shared = [
        Part(part.name, part.held_bytes // processes if part.phase == "always" else part.held_bytes, part.phase) for part in parts
    ]
    if any(part.phase == "rollout" for part in parts):
        shared.append(Part("rollout: all weights, gathered", weights - weights // processes, "rollout"))
    gathered = largest * (2 if held["gradients"] else 1)
    return [*shared, Part("update: weights and gradients at work, gathered", gathered, "update")]


def peak_bytes(parts: Sequence[Part]) -> int:
    """What is always held, and the larger of the two phases."""
    held = {phase: sum(part.held_bytes for part in parts if part.phase == phase) for phase in ("always", "rollout", "update")}
    return held["always"] + max(held["rollout"], held["update"])


def _update_parts(g: Geometry, k: Kept, s: Sequence_, patches: int, rows: int, tables: int) -> list[Part]:
    language, layer = memory.language(g, s, k)
    vision, block = memory.vision(g, patches, k)
    parts = [
        Part("update: kept for backward, vision", vision, "update"),
        Part("update: kept for backward, language", language, "update"),
    ]
    if k.checkpointing:
        parts.append(Part("update: one layer computed again", max(layer, block), "update"))
    return [
        *parts,
        Part("update: tables over the vocabulary", memory.logits(g, rows, k, tables), "update"),
        Part("update: pixels", memory.pixels(g, patches, k.half), "update"),
        Part("update: passing values", memory.working(g, s, k), "update"),
    ]


def _prefill(g: Geometry, prompt: Counted, k: Kept) -> int:
    """The larger of a vision block's and a layer's passing values, and under bfloat16 the copies of all weights."""
    wide = prompt.patches * 4 * (6 * g.vision_width + 3 * g.vision_inner) + memory.pixels(g, prompt.patches, k.half)
    layer = prompt.prompt * 4 * (3 * g.width + 3 * g.inner)
    copies = 2 * sum(trained_parameters(g, k).values()) if k.half else 0
    return max(wide, layer) + copies
