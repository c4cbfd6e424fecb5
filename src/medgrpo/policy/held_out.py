"""Questions that are never trained on, asked while a run goes on: the strict score before any normalisation, per (source, task)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from medgrpo.core import InputError
from medgrpo.models import Encoded, Encoder, open_encoder
from medgrpo.policy.collecting import seed_of
from medgrpo.policy.engines.engine import Engine
from medgrpo.policy.engines.table import engine_of
from medgrpo.policy.figures import mean
from medgrpo.policy.loading import load_network, policy_of
from medgrpo.policy.questions import Question, SourceTask, encoded_prompt, read_questions
from medgrpo.policy.recipe import GrpoRecipe, RewardSettings
from medgrpo.policy.rewarding import Rewarder
from medgrpo.policy.rollout import Sampled
from medgrpo.policy.spreading import spread_over
from medgrpo.policy.team import ALONE, Team
from medgrpo.tasks import TASKS


@dataclass(frozen=True, slots=True)
class Scored:
    """One answer: its strict score, whether it could be read, whether the budget cut it, its length in tokens."""

    score: float
    readable: bool
    overlong: bool
    tokens: int


class HeldOut:
    """The questions of a recipe, read when the run is made, so that a file which has none is refused before the first step."""

    def __init__(self, recipe: GrpoRecipe, encoder: Encoder) -> None:
        self._settings, self._rollout, self._encoder = recipe.held_out, recipe.rollout, encoder
        self._rewarder = Rewarder(RewardSettings(normaliser="none"), None, None, None)
        self.questions: list[Question] = []
        if self._settings.questions:
            tasks = [name for name in recipe.data.tasks if not TASKS[name].card.needs_judge]
            if not tasks:
                raise InputError("held_out.questions: every task of data.tasks is a caption, which is not scored there; say false")
            counts: dict[SourceTask, int] = {}
            for question in read_questions(self._settings.questions, tasks).kept:
                counts[question.source_task] = counts.get(question.source_task, 0) + 1
                if counts[question.source_task] <= self._settings.most_per_key:
                    self.questions.append(question)

    def is_due(self, step: int, steps: int) -> bool:
        """After `step` steps of `steps`."""
        return bool(self.questions) and (step % self._settings.every == 0 or step == steps)

    def ask(
        self, engine: Engine, encode: Callable[[Question], Encoded], team: Team = ALONE
    ) -> dict[SourceTask, list[list[Scored]]]:
        """Per source and task the answers to each question, in the file's order, the same every time and of every number of
        processes: each asks its share. InputError for a clip that cannot be read: a mean over other questions is another figure.
        """
        told = team.gather(team.together(lambda: self._own(engine, encode, team)))
        scored = {place: answers for one in told for place, answers in one.items()}
        found: dict[SourceTask, list[list[Scored]]] = {}
        for place, question in enumerate(self.questions):
            found.setdefault(question.source_task, []).append(scored[place])
        return found

    def _own(self, engine: Engine, encode: Callable[[Question], Encoded], team: Team) -> dict[int, list[Scored]]:
        """This process's questions by their place. Those that are sampled together are one piece of work, with its own seed."""
        scored: dict[int, list[Scored]] = {}
        together = self._rollout.prompts_together
        for first in range(0, len(self.questions), together):
            if not team.owns(first // together):
                continue
            asked = self.questions[first : first + together]
            prompts = [encode(question) for question in asked]
            seed = seed_of(self._settings.seed, 0, first)
            groups = engine.sample(prompts, self._settings.answers, self._rollout.most_new_tokens, seed)
            for place, (question, answers) in enumerate(zip(asked, groups, strict=True), first):
                scored[place] = self._scored(question, answers)
        return scored

    def _scored(self, question: Question, answers: Sequence[Sampled]) -> list[Scored]:
        replies = [self._encoder.decode(answer.token_ids.tolist()) for answer in answers]
        scored: list[Scored] = []
        for answer, one in zip(answers, asyncio.run(self._rewarder.group(question.example, replies)), strict=True):
            if one.raw is None:
                raise InputError(f"{question.example.key}: an answer to a held-out question has no score")
            scored.append(Scored(one.raw, one.readable, answer.finish == "length", len(answer.token_ids)))
        return scored


def held_out_figures(found: dict[SourceTask, list[list[Scored]]]) -> dict[str, dict[str, Any]]:
    """`source/task` -> figures; `each` is the mean score per question, in the file's order."""
    return {"/".join(key): _figures(found[key]) for key in sorted(found)}


def start_scores(recipe: GrpoRecipe) -> dict[SourceTask, list[float]]:
    """What the recipe's model scores before training, answer by answer, on as many of its training questions as it holds out, with
    the pictures and the sampling of training: what a calibration is made from.
    """
    encoder, opened = engine_of(recipe, open_encoder(recipe.model.checkpoint), ALONE)
    asking = HeldOut(
        recipe.model_copy(update={"held_out": recipe.held_out.model_copy(update={"questions": recipe.data.questions})}), encoder
    )
    network = load_network(recipe.model)
    policy = policy_of(network, encoder, recipe, spread_over(network, ALONE, "replicate"))
    policy.network.eval()
    budget = recipe.rollout.most_new_tokens
    found = asking.ask(opened(policy), lambda question: encoded_prompt(question, recipe.data, encoder, budget))
    return {key: [one.score for answers in found[key] for one in answers] for key in sorted(found)}


def _figures(questions: Sequence[Sequence[Scored]]) -> dict[str, Any]:
    answers = [one for question in questions for one in question]
    each = [sum(one.score for one in question) / len(question) for question in questions]
    return {
        "questions": len(questions),
        "answers": len(answers),
        "raw": mean(each),
        "unreadable": mean([float(not one.readable) for one in answers]),
        "overlong": mean([float(one.overlong) for one in answers]),
        "length": mean([float(one.tokens) for one in answers]),
        "each": [round(score, 4) for score in each],
    }
