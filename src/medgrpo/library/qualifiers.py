"""What a sentence says round a claim: under which condition it holds, and how good its evidence is. Both are its own words."""

from __future__ import annotations

import re
from dataclasses import dataclass

_WHO = r"(?:patients|cases|people|women|men|children|adults|individuals|instances|persons)"
_CONDITION = re.compile(
    r"\b(?:(?:(?:only\s+)?(?:if|when|whenever|unless|until|provided that|as long as)\s"
    r"|in (?:the )?(?:cases?|event|presence|absence|setting) of\s"
    rf"|in (?:all |most |some |many )?{_WHO} (?:with|who|where|in whom|undergoing)\s)[^,;.()]*"
    rf"|in (?:some|most|many|a few|few|rare|certain|(?:about )?\d+ ?(?:%|percent) of|the majority of) {_WHO}\b)",
    re.IGNORECASE,
)
_WITH_TIME = re.compile(
    _CONDITION.pattern.replace("(?:(?:(?:only", r"(?:(?:(?:before|prior to|after|during|without|once)\s|(?:only", 1), re.IGNORECASE
)
_STRENGTH = re.compile(
    r"\b(?:(?:strong|weak|conditional|expert)\s+recommendation[^).;]*"
    r"|(?:recommendation\s+)?(?:level|grade|class|quality|certainty|strength) of (?:the )?(?:evidence|recommendation)"
    r"[s:,\s]+[\w+-]+"
    r"|(?:very low|low|moderate|high)[- ](?:quality|certainty)(?: of)?(?: evidence)?"
    r"|(?:grade|level|class|category|LoE|evidence level)\s*:?\s*(?:[1-5][A-Ca-c]?|I{1,3}[ab]?|IV|[A-D])(?=[\s),.;\]]|$)"
    r"(?: evidence| recommendation)?)",
    re.IGNORECASE,
)
_ANOTHER_PART = re.compile(r",\s*\w|\band\b")  # between a claim and what follows: it may belong to what lies between
_CLAUSE = re.compile(r"[;:—|]|,\s*(?:but|while|whereas|although|though|because|since|so|and|or|which)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Qualifiers:
    """`condition` and `strength` as the sentence words them, None where it has none; `condition_span` is the condition's place."""

    condition: str | None
    strength: str | None
    condition_span: tuple[int, int] | None

    def covers(self, start: int, end: int) -> bool:
        """Whether the place lies in the condition, in part at least."""
        return self.condition_span is not None and start < self.condition_span[1] and end > self.condition_span[0]

    def with_no_condition(self) -> Qualifiers:
        """The same where the condition is part of what is claimed."""
        return Qualifiers(None, self.strength, None)

    def blanked(self, sentence: str) -> str:
        """The sentence with blanks for the condition."""
        if self.condition_span is None:
            return sentence
        start, end = self.condition_span
        return sentence[:start] + " " * (end - start) + sentence[end:]


def qualifiers(sentence: str, start: int, end: int, *, of_act: bool) -> Qualifiers:
    """Of the claim whose two concepts reach from `start` to `end` of its sentence.

    A condition reaches to the next comma, full stop or bracket. It counts from the last semicolon before the claim to the next
    after it; behind the claim only where nothing lies between to which it could belong. For an act (`of_act`) time is a condition
    too: "not to be divided before ...".
    """
    first, last = sentence.rfind(";", 0, start) + 1, sentence.find(";", end)
    found = (_WITH_TIME if of_act else _CONDITION).search(sentence, first, last if last >= 0 else len(sentence))
    if found is not None and found.start() >= end and _ANOTHER_PART.search(sentence, end, found.start()):
        found = None
    evidence = _STRENGTH.search(sentence)
    strength = evidence.group().strip() if evidence else None
    if found is None:
        return Qualifiers(None, strength, None)
    text = found.group().rstrip()
    return Qualifiers(text, strength, (found.start(), found.start() + len(text)))


def clause_around(sentence: str, start: int, end: int) -> tuple[int, int]:
    """The clause in which the place lies: from the last mark or conjunction before it to the first after it."""
    first = max((match.end() for match in _CLAUSE.finditer(sentence, 0, start)), default=0)
    last = next((match.start() for match in _CLAUSE.finditer(sentence, end)), len(sentence))
    return first, last
