"""One update: the gradient of a step's groups, group by group and piece by piece, equal to that of the whole.

A group's pictures are put on the device when its turn comes and leave it before the next: they are never there together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from medgrpo.models import Encoded
from medgrpo.policy.losses import LossKind, answer_loss, importance, is_clipped, k3, ratios, token_weights
from medgrpo.policy.packing import measure
from medgrpo.policy.policy import Policy, Prompt
from medgrpo.policy.recipe import UpdateSettings
from medgrpo.policy.rollout import Sampled


@dataclass(frozen=True, slots=True)
class Group:
    """A prompt with its answers. `counts`: whether an answer is in the loss (not overlong, not unscored)."""

    encoded: Encoded
    answers: tuple[Sampled, ...]
    advantages: tuple[float, ...]
    counts: tuple[bool, ...]

    def __post_init__(self) -> None:
        if not len(self.answers) == len(self.advantages) == len(self.counts):
            raise ValueError("a group has one advantage and one mark per answer")


@dataclass(frozen=True, slots=True)
class AnswerFigures:
    """What an update saw of one answer, means over its tokens. `drift`: |log-probability then - now| before the first update;
    `worst_drift`: the largest of them; `capped`: share of tokens whose importance was cut to the cap."""

    clipped: float
    entropy: float
    drift: float
    worst_drift: float
    capped: float
    kl: float | None


@dataclass(frozen=True, slots=True)
class UpdateFigures:
    """The loss of a whole update and, per group, figures of each answer (None for one that is not in the loss)."""

    loss: float
    answers: tuple[tuple[AnswerFigures | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Idle:
    """A pass that weighs nothing: where weights lie in shares all processes must run equally many. `rounds`: how many, for one that
    has work for so many. The prompt goes to the device when it is passed, so that nothing waits there for such a moment."""

    encoded: Encoded
    rounds: Callable[[int], int]


def pieces(prompt_tokens: int, lengths: Sequence[int], most_tokens: int) -> list[list[int]]:
    """Indices of answers that are packed together: as many as fit behind the prompt, at least one; answers of length 0 nowhere."""
    cut: list[list[int]] = []
    room = 0
    for index, length in enumerate(lengths):
        if length == 0:
            continue
        if not cut or length > room:
            cut.append([])
            room = most_tokens - prompt_tokens
        cut[-1].append(index)
        room -= length
    return cut


@torch.no_grad()
def measured(policy: Policy, groups: Sequence[Group], most_tokens: int) -> list[list[Tensor]]:
    """Log-probabilities of all answers under the policy as it is: the old policy's, or a reference's."""

    def of_group(group: Group) -> list[Tensor]:
        prompt = policy.prompt(group.encoded)
        return [
            row
            for piece in pieces(prompt.tokens, [len(answer.token_ids) for answer in group.answers], most_tokens)
            for row in measure(policy, prompt, [group.answers[index].token_ids for index in piece]).logprobs
        ]

    return [of_group(group) for group in groups]


def accumulate(
    policy: Policy,
    groups: Sequence[Group],
    settings: UpdateSettings,
    most_new_tokens: int,
    old: Sequence[Sequence[Tensor]] | None = None,
    reference: Sequence[Sequence[Tensor]] | None = None,
    weights: Sequence[Sequence[float]] | None = None,
    idle: Idle | None = None,
) -> UpdateFigures:
    """Add the gradient of the loss over all groups to the parameters' `grad`.

    `weights` per group and answer, of each of its tokens: where these groups are part of an update they are worked out over the
    whole of it. `idle`: what to pass through the network when other processes have more pieces than this one.
    """
    counted = [counted_lengths(group.answers, group.counts) for group in groups]
    if weights is None:
        weights = update_weights(settings.loss, counted, most_new_tokens)
    cut = [
        pieces(group.encoded.prompt_tokens, lengths, settings.most_packed_tokens)
        for group, lengths in zip(groups, counted, strict=True)
    ]
    passes = sum(len(one) for one in cut)
    rest = 0 if idle is None else idle.rounds(passes) - passes  # agreed on before the first: passes meet one another
    total = 0.0
    figures: list[tuple[AnswerFigures | None, ...]] = []
    clip = (settings.clip_low, settings.clip_high)

    def add(place: int, group: Group, prompt: Prompt) -> None:
        """The gradient of one group, whose prompt nothing else holds."""
        nonlocal total
        own = weights[place]
        seen: list[AnswerFigures | None] = [None] * len(group.answers)
        for piece in cut[place]:
            now = measure(policy, prompt, [group.answers[index].token_ids for index in piece])
            losses: list[Tensor] = []
            for index, logprobs, entropy in zip(piece, now.logprobs, now.entropies, strict=True):
                advantage, answer = group.advantages[index], group.answers[index]
                before = None if old is None else old[place][index]
                start = None if reference is None else reference[place][index]
                drawn = None
                if settings.importance_cap is not False:
                    drawn = importance(logprobs if before is None else before, answer.logprobs, settings.importance_cap)
                losses.append(answer_loss(settings.loss, logprobs, advantage, own[index], before, clip, start, settings.kl, drawn))
                stopped = is_clipped(ratios(settings.loss, logprobs.detach(), before), advantage, *clip)
                capped = 0.0 if drawn is None else (drawn >= settings.importance_cap).float().mean().item()
                seen[index] = _figures(logprobs.detach(), entropy, answer, stopped, start, capped)
            loss = torch.stack(losses).sum()
            loss.backward()
            total += loss.item()
        figures.append(tuple(seen))

    for place, group in enumerate(groups):
        add(place, group, policy.prompt(group.encoded))
    for _ in range(rest):
        assert idle is not None
        _pass_idly(policy, idle)
    return UpdateFigures(total, tuple(figures))


def _pass_idly(policy: Policy, idle: Idle) -> None:
    prompt = policy.prompt(idle.encoded)
    (measure(policy, prompt, [prompt.token_ids[0, -1:]]).logprobs[0].sum() * 0).backward()


def counted_lengths(answers: Sequence[Sampled], counts: Sequence[bool]) -> list[int]:
    """Tokens of each answer; 0 for one that is not in the loss."""
    return [len(answer.token_ids) if counted else 0 for answer, counted in zip(answers, counts, strict=True)]


def update_weights(kind: LossKind, lengths: Sequence[Sequence[int]], most_new_tokens: int) -> list[list[float]]:
    """`token_weights` over the answers of all groups of an update, group by group."""
    flat = iter(token_weights(kind, [length for group in lengths for length in group], most_new_tokens))
    return [[next(flat) for _ in group] for group in lengths]


def _figures(
    logprobs: Tensor, entropy: Tensor, answer: Sampled, stopped: Tensor, start: Tensor | None, capped: float
) -> AnswerFigures:
    drift = (logprobs - answer.logprobs).abs()
    return AnswerFigures(
        clipped=stopped.float().mean().item(),
        entropy=entropy.mean().item(),
        drift=drift.mean().item(),
        worst_drift=drift.max().item(),
        capped=capped,
        kl=None if start is None else k3(logprobs, start).mean().item(),
    )
