"""Mentions of concepts in the passages of one document, with negation, doubt and context."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from medgrpo.knowledge import Concept
from medgrpo.library.abbreviations import definitions
from medgrpo.library.context import Effect, Scope, scopes, section_context
from medgrpo.library.records import Context, Mention, Passage
from medgrpo.library.sentences import sentences
from medgrpo.library.terms import Match, TermTable
from medgrpo.library.tokens import Token, tokens

_CONTEXTS = {Effect.HISTORY: Context.HISTORY, Effect.FAMILY: Context.FAMILY, Effect.PLANNED: Context.PLANNED}


@dataclass(slots=True)
class MentionFinder:
    """Takes the passages of one document in order; an abbreviation holds from the passage on that defines it."""

    table: TermTable
    _defined: dict[str, tuple[Concept, ...]] = field(default_factory=dict[str, tuple[Concept, ...]])

    def mentions(self, passage: Passage) -> list[Mention]:
        """In order of place. A form that means several concepts is one mention of each."""
        words = [self.table.respelled(word) for word in tokens(passage.text)]
        matches = self._matches(passage.text, words)
        if not matches:
            return []
        around = section_context(passage.section)
        spans = [scope for start, end in sentences(passage.text) for scope in scopes(passage.text, _between(words, start, end))]
        return [
            Mention(
                passage_id=passage.id,
                concept_id=concept.id,
                start_char=match.start_char,
                end_char=match.end_char,
                text=passage.text[match.start_char : match.end_char],
                negated=_lies_on(spans, Effect.NEGATED, match, concept),
                uncertain=_lies_on(spans, Effect.UNCERTAIN, match, concept),
                context=next((_CONTEXTS[effect] for effect in _CONTEXTS if _lies_on(spans, effect, match, concept)), around),
            )
            for match in matches
            for concept in match.concepts
        ]

    def _matches(self, text: str, words: list[Token]) -> list[Match]:
        if "(" not in text:
            return self.table.matches(text, words, self._defined)
        found = self.table.matches(text, words, {})
        for definition in definitions(text):
            named = next(
                (match for match in found if match.end_char == definition.end_char and match.start_char <= definition.start_char),
                None,
            )
            self._defined[definition.short] = named.concepts if named is not None else ()
        return self.table.matches(text, words, self._defined)


def _between(words: Sequence[Token], start: int, end: int) -> list[Token]:
    return [word for word in words if start <= word.start < end]


def _lies_on(spans: list[Scope], effect: Effect, match: Match, concept: Concept) -> bool:
    return any(
        span.effect is effect and span.start <= match.start_char and match.end_char <= span.end and concept.kind not in span.spares
        for span in spans
    )
