"""What a task is: its card, how it asks, reads, writes and scores. One file each; the table is in the room's door."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

from medgrpo.core import Config, Score, Unparsed

A = TypeVar("A")


class TaskCard(Config):
    """What a reader must know of a task before a figure of it means anything."""

    name: str
    qa_types: tuple[str, ...]
    """Its names in MedVidBench; `_gpt` and `_gemini` say which model wrote the reference."""
    leaderboard_keys: tuple[str, ...]
    sources: tuple[str, ...]
    """The data sets that carry it (as third parties read the paper: not verified)."""
    metric: str
    """What `score` measures, in one sentence."""
    answer_tokens: int
    """New tokens that a model must be allowed so that long references fit; see `estimated_tokens`."""
    needs_judge: bool = False
    """True where `score` alone cannot tell a right text from a wrong one."""
    constant_candidates: int = 12
    """How many of a source's references are tried as its one constant answer (the majority baseline)."""


class Task(Protocol[A]):
    """One task over answers of type A. No method raises on what a model wrote."""

    @property
    def card(self) -> TaskCard: ...

    def parse(self, reply: str) -> A | Unparsed:
        """The answer of a reply, or why it holds none; never raises, never guesses."""
        ...

    def write(self, answer: A) -> str:
        """The answer as MedVidBench's references write it; `parse` reads it back equal."""
        ...

    def reference(self, struc_info: object, gnd: str) -> A | Unparsed:
        """The gold answer of a MedVidBench record, from its structured part or else its text."""
        ...

    def score(self, answer: A | Unparsed, reference: A) -> Score:
        """The strict score, 0..1; an unparsed answer is wrong."""
        ...


AnyTask = Task[Any]
