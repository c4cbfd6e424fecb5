"""From a recipe to what decides its memory and time: what is trained, how a step's sequences look, how many steps there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from medgrpo.models import Encoder
from medgrpo.policy.planning.geometry import Geometry
from medgrpo.policy.planning.memory import Kept
from medgrpo.policy.planning.tokens import Counted, Tokens
from medgrpo.policy.questions import Question
from medgrpo.policy.recipe import GrpoRecipe
from medgrpo.policy.sft import planned_steps
from medgrpo.policy.sft_order import packs
from medgrpo.policy.sft_recipe import SftRecipe
from medgrpo.policy.update import pieces

Recipe: TypeAlias = GrpoRecipe | SftRecipe


@dataclass(frozen=True, slots=True)
class Pack:
    """One sequence of whole samples."""

    samples: tuple[Counted, ...]

    @property
    def tokens(self) -> int:
        return sum(one.prompt + one.reply for one in self.samples)

    @property
    def replies(self) -> int:
        return sum(one.reply for one in self.samples)


@dataclass(frozen=True, slots=True)
class SftSteps:
    """`count` is 0 where there are no questions. `tokens`: of every step that was counted. `typical`: the packs of the middle step.

    `largest`: the longest pack of all. `skipped`: samples that are longer than a sequence may be.
    """

    count: int
    tokens: tuple[int, ...]
    answer_tokens: tuple[int, ...]
    typical: tuple[Pack, ...]
    largest: Pack
    skipped: int


def kept_of(recipe: Recipe) -> Kept:
    """Which parts have gradients, and how the network is computed."""
    model = recipe.model
    frozen = {str(name) for name in model.frozen}
    if "vision" in frozen:
        frozen |= {"tower", "projector"}
    tower = "none" if "tower" in frozen else "all"
    projector = "none" if "projector" in frozen and tower == "none" else "through" if "projector" in frozen else "all"
    rank = model.lora_rank
    if rank:
        language = "adapters"
    elif "language" in frozen:
        language = "none" if projector == "none" else "through"
    else:
        language = "all"
    return Kept(
        model.compute == "bfloat16", model.gradient_checkpointing, tower, projector, language,
        "none" if "head" in frozen else "all", rank, model.frozen_weights == "nf4",
    )  # fmt: skip


def trained_parameters(g: Geometry, k: Kept) -> dict[str, int]:
    """Of each part; a head that is tied is frozen and trained with the embeddings."""
    parts = g.parameters()
    table = g.vocabulary * g.width
    language = parts["language"] if k.language == "all" else 0
    if g.tied and language and k.head == "none":
        language -= table
    return {
        "tower": parts["tower"] if k.tower == "all" else 0,
        "projector": parts["projector"] if k.projector == "all" else 0,
        "language": language,
        "adapters": g.adapters(k.rank) if k.rank else 0,
        "head": parts["head"] if k.head == "all" else 0,
    }


def group_pieces(recipe: GrpoRecipe, prompt: int, answer: int) -> list[list[int]]:
    """Lengths of the answers of each packed sequence of one group."""
    lengths = [answer] * recipe.rollout.group_size
    return [[answer] * len(piece) for piece in pieces(prompt, lengths, recipe.update.most_packed_tokens)]


def sft_steps(recipe: SftRecipe, g: Geometry, tokens: Tokens, questions: Sequence[Question], encoder: Encoder | None) -> SftSteps:
    """Exact where every question was counted by its tokenizer; else steps of average samples."""
    most = recipe.batch.most_packed_tokens
    if encoder is not None and len(tokens.counted) == len(questions):
        numbers = planned_steps(recipe, questions, encoder)
        steps = [[tokens.counted[number] for number in step] for step in numbers]
    else:
        one = tokens.mean(g.merge)
        count = -(-len(questions) * recipe.run.epochs // recipe.batch.samples_per_step)
        steps = [[one] * recipe.batch.samples_per_step] * max(1, count)
    whole = [[one for one in step if one.prompt + one.reply <= most] for step in steps]
    skipped = sum(map(len, steps)) - sum(map(len, whole))
    packed = [tuple(_packs(step, most)) for step in whole]
    by_length = sorted((step for step in packed if step), key=lambda step: sum(one.tokens for one in step))
    if not by_length:
        longest = tokens.longest()
        by_length = [(Pack((longest,)),)]
    return SftSteps(
        count=len(steps) if questions else 0,
        tokens=tuple(sum(one.prompt + one.reply for one in step) for step in whole),
        answer_tokens=tuple(sum(one.reply for one in step) for step in whole),
        typical=by_length[len(by_length) // 2],
        largest=max((one for step in by_length for one in step), key=lambda one: one.tokens),
        skipped=skipped,
    )


def _packs(step: Sequence[Counted], most: int) -> list[Pack]:
    return [Pack(tuple(step[place] for place in pack)) for pack in packs([one.prompt + one.reply for one in step], most)]
