"""What the two tasks share whose answer is a text: a caption is any text, and only a judge can score it."""

from __future__ import annotations

from dataclasses import dataclass

from medgrpo.core import Score, Unparsed
from medgrpo.tasks.reading import MAX_CHARACTERS

UNJUDGED = "a caption is scored by a judge or a sentence model"


@dataclass(frozen=True, slots=True)
class Caption:
    """Text without surplus blanks."""

    text: str

    def __post_init__(self) -> None:
        if not self.text or self.text != " ".join(self.text.split()):
            raise ValueError("a caption is text without surplus blanks")


def parse_caption(reply: str) -> Caption | Unparsed:
    """Any reply with a letter in it."""
    if len(reply) > MAX_CHARACTERS:
        return Unparsed.of(reply, "the reply is too long")
    text = " ".join(reply.split())
    return Caption(text) if any(map(str.isalpha, text)) else Unparsed.of(reply, "no text")


def score_caption(answer: Caption | Unparsed) -> Score:
    """An answer without text is wrong; of any other nothing can be said here."""
    if isinstance(answer, Unparsed):
        return Score(0.0, {}, answer.reason)
    return Score(None, {}, UNJUDGED)
