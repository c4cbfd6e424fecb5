"""What a run asks about: questions with gold answers, drawn in a stated balance, and their clips."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medgrpo.benchmark import Pictures, clip_of
from medgrpo.core import Example, InputError, Unparsed
from medgrpo.models import Encoded, Encoder, Request
from medgrpo.policy.recipe import DataSettings
from medgrpo.sources import BenchmarkRecord, Problem, example_of, read_medvidbench
from medgrpo.video import Sampling

SourceTask = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Question:
    """A record whose gold answer its task can read; `example.key` names it."""

    record: BenchmarkRecord
    example: Example[Any]

    @property
    def source_task(self) -> SourceTask:
        return (self.example.source, self.example.task)


@dataclass(frozen=True, slots=True)
class Questions:
    """What a file holds for a run; `left_out` counts the rest by reason."""

    kept: tuple[Question, ...]
    left_out: Mapping[str, int]


def read_questions(path: Path, tasks: Sequence[str]) -> Questions:
    """InputError when nothing is left, with the reasons."""
    kept: list[Question] = []
    left_out: Counter[str] = Counter()
    for record in read_medvidbench(path):
        if isinstance(record, Problem):
            left_out["not a whole record"] += 1
            continue
        example = example_of(record)
        if isinstance(example, Unparsed):
            left_out["no gold answer that can be read"] += 1
        elif example.task not in tasks:
            left_out["a task that the recipe leaves out"] += 1
        else:
            kept.append(Question(record, example))
    if not kept:
        reasons = ", ".join(f"{count} {reason}" for reason, count in left_out.items()) or "the file is empty"
        raise InputError(f"{path}: no question for {', '.join(tasks)} ({reasons})")
    return Questions(tuple(kept), left_out)


def pictures_of(data: DataSettings) -> Pictures:
    """Where the questions' pictures are; relative paths start at the questions' file."""
    return Pictures({"": str(data.questions.parent), **data.moved}, data.videos or None)


def sampling_of(data: DataSettings, side_multiple: int) -> Sampling:
    """The sampling contract, in multiples of the model's patches."""
    return Sampling(
        most_frames=data.most_frames, least_pixels=data.least_pixels, most_pixels=data.most_pixels, side_multiple=side_multiple
    )


def encoded_prompt(question: Question, data: DataSettings, encoder: Encoder, budget: int) -> Encoded:
    """What is asked, with pictures as training shows them and room for `budget` tokens. InputError when the clip cannot be had."""
    clip = clip_of(question.record, pictures_of(data), sampling_of(data, encoder.family.form.side_multiple))
    return encoder.encode(Request(question.example.key, question.record.question, clip, budget))


class Sampler:
    """Draws questions: first a (source, task) with chance n ** balance, then the next of its own shuffled round.

    Every question of a key comes once before any comes again. `state` and `restore` carry it over a restart exactly.
    """

    def __init__(self, questions: Sequence[Question], balance: float, seed: int) -> None:
        self._random = random.Random(seed)
        self._members: dict[SourceTask, list[Question]] = {}
        for question in questions:
            self._members.setdefault(question.source_task, []).append(question)
        self._keys = sorted(self._members)
        self._weights = [len(self._members[key]) ** balance for key in self._keys]
        self._waiting: dict[SourceTask, list[int]] = {key: [] for key in self._keys}

    def draw(self) -> Question:
        key = self._random.choices(self._keys, self._weights)[0]
        waiting = self._waiting[key]
        if not waiting:
            waiting += range(len(self._members[key]))
            self._random.shuffle(waiting)
        return self._members[key][waiting.pop()]

    def state(self) -> dict[str, Any]:
        return {"random": self._random.getstate(), "waiting": [self._waiting[key] for key in self._keys]}

    def restore(self, state: Mapping[str, Any]) -> None:
        self._random.setstate(state["random"])
        self._waiting = {key: list(waiting) for key, waiting in zip(self._keys, state["waiting"], strict=True)}
