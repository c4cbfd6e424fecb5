"""What a process holds, part by part, at the moment when it holds most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from medgrpo.policy.engines.vllm_engine import cache_tokens
from medgrpo.policy.four_bit import BLOCK
from medgrpo.policy.planning import memory
from medgrpo.policy.planning.geometry import Geometry
from medgrpo.policy.planning.memory import Kept, Sequence_
from medgrpo.policy.planning.shape import Pack, trained_parameters
from medgrpo.policy.planning.tokens import Counted, Tokens
from medgrpo.policy.recipe import GrpoRecipe
from medgrpo.policy.spreading import SpreadKind

Phase = Literal["always", "rollout", "update"]


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes of one part, and when it is held. `whole` of them stay whole where weights lie in shares."""

    name: str
    held_bytes: int
    phase: Phase
    whole: int = 0


def fixed_parts(g: Geometry, k: Kept, reference: bool) -> list[Part]:
    """Weights, gradients and optimiser: float32, whatever the layers compute in, but for frozen weights of four bits."""
    weights = 4 * (sum(g.parameters().values()) + (g.adapters(k.rank) if k.rank else 0))
    if k.four_bit:  # half a byte each, and a float32 for every block
        weights -= int(g.adapted() * (4 - 0.5 - 4 / BLOCK))
    trained = sum(trained_parameters(g, k).values())
    whole = 4 * (g.parameters()["tower"] + g.parameters()["projector"]) if k.tower == k.projector == "none" else 0
    parts = [
        Part("weights", weights, "always", whole),
        Part("gradients", 4 * trained, "always"),
        Part("optimiser (AdamW's two moments)", 8 * trained, "always"),
    ]
    return parts + ([Part("reference model (kl above 0)", weights, "always", whole)] if reference else [])


def grpo_parts(recipe: GrpoRecipe, g: Geometry, k: Kept, prompt: Counted, cut: Sequence[Sequence[int]], visual: int) -> list[Part]:
    """`prompt`: the longest; `cut`: lengths of the answers in each packed sequence of its group, at the whole budget; `visual`:
    tokens of all clips whose features stay in memory (`kept_visual`)."""
    size, budget = recipe.rollout.group_size, recipe.rollout.most_new_tokens
    reference = recipe.update.kl > 0 and not k.rank
    lengths = max(cut, key=sum)
    s = Sequence_(prompt.prompt, sum(lengths))
    parts = fixed_parts(g, k, reference)
    if visual:
        features = visual * g.width * (1 + g.deepstack) * k.narrow
        parts.append(Part("features of clips (rollout.prompts_kept)", features, "always", features))
    if recipe.rollout.engine == "vllm":
        return parts + vllm_parts(recipe, g, k) + _update_parts(g, k, s, prompt.patches, sum(lengths), 4)
    together, asked = prompts_at_once(recipe, g)
    sampled = together * memory.cache(g, prompt.prompt, size, budget, k.half)
    held_out = asked * memory.cache(g, prompt.prompt, recipe.held_out.answers, budget, k.half)
    block = min(recipe.rollout.prompts_together, recipe.rollout.prompts_per_step)
    if block > 1 and not visual:
        others = (block - 1) * memory.pixels(g, prompt.patches, False)
        parts.append(Part("rollout: pixels of the other prompts", others, "rollout"))
    parts += [
        Part("rollout: cache of keys and values", max(sampled, held_out), "rollout"),
        Part("rollout: passing values", _prefill(g, prompt, k), "rollout"),
    ]
    return parts + _update_parts(g, k, s, prompt.patches, sum(lengths), 4)


def vllm_parts(recipe: GrpoRecipe, g: Geometry, k: Kept) -> list[Part]:
    """A second copy of the weights, adapters merged, in the arithmetic of the layers, and its cache; both stay there during an
    update. Its passing values are not counted."""
    weights = (2 if k.half else 4) * sum(g.parameters().values())
    return [
        Part("vLLM: its own copy of the weights", weights, "always", weights),
        Part("vLLM: its cache of keys and values", int(recipe.rollout.engine_cache_gb * 1e9), "always"),
    ]


def vllm_room(recipe: GrpoRecipe, g: Geometry, k: Kept) -> int:
    """Tokens of a prompt with its answer that the cache holds."""
    return cache_tokens(int(recipe.rollout.engine_cache_gb * 1e9), g.attending * g.keys * 2 * (2 if k.half else 4))


def prompts_at_once(recipe: GrpoRecipe, g: Geometry) -> tuple[int, int]:
    """Prompts whose answers are sampled in the same steps: of training, and of the held-out questions (0 where there are none).
    Layers with a running state hold one at a time."""
    most = 1 if g.recurrent else recipe.rollout.prompts_together
    return min(most, recipe.rollout.prompts_per_step), most if recipe.held_out.questions else 0


def kept_visual(recipe: GrpoRecipe, tokens: Tokens, known: bool, merge: int) -> int:
    """Visual tokens of the clips whose features stay in memory, the largest first; 0 where vision is trained. `known`: questions
    are here, so that a run has no more clips than they (those held out are not counted, and thought of as many)."""
    if "vision" not in recipe.model.frozen:
        return 0
    clips = sorted({one.clip: one.visual for one in tokens.counted.values()}.values(), reverse=True)
    most = recipe.rollout.prompts_kept
    if known and not recipe.held_out.questions:
        most = min(most, tokens.of if len(tokens.counted) < tokens.of else len(clips))
    return sum(clips[:most]) + max(0, most - len(clips)) * tokens.mean(merge).visual


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
    """The same of one process among many. `shard`: its share of what is always held (a tower of which nothing is trained stays
    whole, and so do features), all weights for sampling, and for an update the layer at work and the unit of embeddings and head,
    weights and gradients.
    """
    if spread != "shard" or processes == 1:
        return list(parts)
    held = {part.name: part.held_bytes for part in parts}
    weights = next(4 * sum(g.parameters().values()) - part.whole for part in parts if part.name == "weights")
    largest = 4 * (g.vocabulary * g.width * (1 if g.tied else 2) + 2 * (g.parameters()["language"] // g.layers))
    shared = [
        replace(part, held_bytes=part.whole + (part.held_bytes - part.whole) // processes) if part.phase == "always" else part
        for part in parts
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
