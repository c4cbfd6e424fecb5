"""The vocabulary's written forms as a table to match texts with: plurals and hyphens by the tokens, inflected verbs for actions."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field

from medgrpo.knowledge import Concept, ConceptKind, Vocabulary
from medgrpo.library.spelling import Speller
from medgrpo.library.tokens import PhraseTable, Token, forms, tokens

_SHORTEST = 3  # letters; shorter words are matched as abbreviations only, with their capitals
_VOWELS = "aeiou"

HEADS = frozenset(
    {"artery", "vein", "duct", "nerve", "ligament", "lobe", "trunk", "vessel", "plexus", "node", "branch", "fold", "flexure",
     "sinus", "muscle", "canal", "plate", "triangle", "pedicle", "fissure", "sphincter", "ganglion", "gland", "arch", "circulation"}
)  # fmt: skip
"""Nouns that name another structure with each word before them: a right hepatic artery is not the hepatic artery."""

_SPECIFIER = re.compile(
    r"(?:right|left|common|proper|accessory|superior|inferior|anterior|posterior|middle|deep|external|internal|medial|lateral|great|greater"
    r"|lesser|small|dorsal|ventral|ascending|descending|transverse|aberrant|replaced|main|intra\w+|extra\w+|sub\w+|supra\w+|inter\w+"
    r"|\w{3,}(?:ic|al|ar|ary|eal|ine|ian|ous))"
)
_NO_SPECIFIER = frozenset(
    {"normal", "abnormal", "several", "additional", "vital", "principal", "original", "typical", "total", "serial", "large",
     "primary", "similar", "particular", "various", "numerous", "necessary", "visceral", "parietal", "distal", "proximal",
     "residual"}
)  # fmt: skip
_BEFORE_A_GENERAL_NOUN = _NO_SPECIFIER | frozenset(
    {"a", "an", "the", "this", "that", "these", "those", "its", "their", "of", "to", "from", "in", "by", "with", "and", "or", "is",
     "are", "no", "any", "some", "all", "most", "many", "each", "both", "other", "another", "one", "two", "three", "major",
     "important", "between", "into", "through", "for", "as", "on", "which", "bleeding", "divided", "injured", "clipped", "via",
     "per", "than"}
)  # fmt: skip
_AFTER_A_VERB = frozenset(
    {"the", "a", "an", "its", "their", "these", "this", "each", "into", "blood", "bile", "most", "all", "both", "systemic",
     "venous", "deoxygenated", "lymph", "either"}
)  # fmt: skip
_ALSO_VERBS = frozenset({"drain", "clip", "suture", "staple", "hook", "ligature"})
_BEFORE_A_VERB = frozenset({"which", "that", "they", "it", "not", "also", "then"})


@dataclass(frozen=True, slots=True)
class Match:
    """Words of a text that are a written form of these concepts."""

    start_char: int
    end_char: int
    concepts: tuple[Concept, ...]


@dataclass(slots=True)
class TermTable:
    """Made once per vocabulary. `fingerprint` changes when any written form does."""

    vocabulary: Vocabulary
    fingerprint: str = ""
    by_id: dict[str, Concept] = field(default_factory=dict[str, Concept])
    _phrases: PhraseTable[Concept] = field(default_factory=PhraseTable[Concept])
    _speller: Speller = field(default_factory=Speller)
    _abbreviations: dict[str, tuple[Concept, ...]] = field(default_factory=dict[str, tuple[Concept, ...]])

    def __post_init__(self) -> None:
        digest = hashlib.sha256()
        for concept in self.vocabulary.concepts:
            self.by_id[concept.id] = concept
            digest.update(f"{concept.id}\t{concept.terms}\n".encode())
            for term in (concept.preferred, *concept.others):
                if len(term) < _SHORTEST or (len(term) <= 5 and term.isupper()):
                    self._abbreviate(term, concept)
                else:
                    for phrase in _variants(term, concept.kind):
                        self._phrases.add(phrase, concept)
                        self._speller.add(phrase)
            for short in concept.abbreviations:
                self._abbreviate(short, concept)
        self.fingerprint = digest.hexdigest()[:16]

    def _abbreviate(self, short: str, concept: Concept) -> None:
        self._abbreviations[short] = (*self._abbreviations.get(short, ()), concept)

    def respelled(self, word: Token) -> Token:
        """The word; where it is none, but one slip away from a word of the vocabulary, with that one's form ("gallblader")."""
        meant = self._speller.meant(word.form)
        return word if meant is None else Token(meant, word.start, word.end)

    def matches(self, text: str, words: list[Token], defined: dict[str, tuple[Concept, ...]]) -> list[Match]:
        """The longest matches in order, not overlapping. `defined` are the document's own abbreviations, which come first."""
        found: list[Match] = []
        index = 0
        while index < len(words):
            word = words[index]
            hit = self._phrases.at(words, index)
            if hit is not None and not (self._is_part_of_another(words, index, hit[0], hit[1], text)):
                last = words[index + hit[0] - 1]
                concepts = _fitting(text, words, index, index + hit[0], tuple(hit[1]))
                found += self._shared_head(text, words, index, hit[0])
                found += [Match(word.start, last.end, concepts)] if concepts else []
                index += hit[0]
                continue
            short = text[word.start : word.end]
            if any(letter.isupper() for letter in short):
                concepts = self._short(short, defined)
                if concepts:
                    found.append(Match(word.start, word.end, concepts))
            index += hit[0] if hit is not None else 1
        return found

    def _short(self, short: str, defined: dict[str, tuple[Concept, ...]]) -> tuple[Concept, ...]:
        for written in (short, short[:-1] if short.endswith("s") else short):
            for known in (defined, self._abbreviations):
                if written in known:
                    return known[written]
        return ()

    @staticmethod
    def _is_part_of_another(words: list[Token], index: int, length: int, concepts: list[Concept], text: str) -> bool:
        """Whether a word before it makes it the name of a structure that the vocabulary does not have."""
        if index == 0 or concepts[0].kind is not ConceptKind.ANATOMY or words[index + length - 1].form not in HEADS:
            return False
        before = words[index - 1]
        if text[before.end : words[index].start] not in (" ", "-"):
            return False
        if length == 1:  # "artery" alone: whatever stands before it is more likely part of a name than not
            return before.form not in _BEFORE_A_GENERAL_NOUN
        return bool(_SPECIFIER.fullmatch(before.form)) and before.form not in _NO_SPECIFIER

    def _shared_head(self, text: str, words: list[Token], index: int, length: int) -> list[Match]:
        """The structures before "and" that share the last words: the first of "common hepatic and splenic arteries"."""
        found: list[Match] = []
        end = index
        while length > 1 and end > 1:
            joint = text[words[end - 1].start : words[end].start].casefold().strip()
            if joint in {"and", "or"}:
                end -= 1
            elif not found or not text[words[end - 1].end : words[end].start].strip().startswith(","):
                break
            hit = self._with_shared(words, end, [word.form for word in words[index : index + length]])
            if hit is None:
                break
            found.insert(0, Match(words[end - hit[0]].start, words[end - 1].end, tuple(hit[1])))
            end -= hit[0]
        return found

    def _with_shared(self, words: list[Token], end: int, phrase: list[str]) -> tuple[int, list[Concept]] | None:
        """How many words before `end` make, with the last words of the phrase, a structure; and which."""
        for own in range(min(3, end), 0, -1):
            before = [word.form for word in words[end - own : end]]
            for shared in range(len(phrase) - 1, 0, -1):
                concepts = self._phrases.get((*before, *phrase[-shared:]))
                if concepts and concepts[0].kind is ConceptKind.ANATOMY:
                    return own, concepts
        return None


def _fitting(text: str, words: list[Token], index: int, after: int, concepts: tuple[Concept, ...]) -> tuple[Concept, ...]:
    """The concepts that the words round it allow: a clip is a thing, to clip an act; what "drains the" is no drain."""
    acts = tuple(concept for concept in concepts if concept.kind is ConceptKind.ACTION)
    things = tuple(concept for concept in concepts if concept.kind is not ConceptKind.ACTION)
    tools = tuple(concept for concept in things if concept.kind in {ConceptKind.INSTRUMENT, ConceptKind.MATERIAL})
    before = words[index - 1].form if index else ""
    follower = words[after].form if after < len(words) and text[words[after - 1].end : words[after].start] == " " else ""
    if acts and (follower == "into" or (words[index].form == "drainage" and before in {"venous", "lymphatic", "lymph"})):
        return things  # "is divided into two lobes"
    as_verb = words[index].form in _ALSO_VERBS and (follower.endswith("ly") or before in _BEFORE_A_VERB)
    if tools and after - index == 1 and (follower in _AFTER_A_VERB or as_verb):
        return tuple(concept for concept in concepts if concept not in tools)
    if not acts or not things:
        return concepts
    written = text[words[index].start : words[index].end].casefold()
    if before in {"a", "an", "the", "each", "one", "two", "three", "another", "this", "these", "metal", "titanium"}:
        return things
    if before in {"to", "be", "been", "is", "are", "was", "were", "not"} or written.endswith(("ed", "ing")):
        return acts
    return concepts


def _variants(term: str, kind: ConceptKind) -> set[tuple[str, ...]]:
    phrase = forms(term)
    found = {phrase}
    if kind is ConceptKind.ACTION and phrase and phrase[0].isalpha():
        found |= {(verb, *phrase[1:]) for verb in _inflections(phrase[0])}
    return found


def _inflections(verb: str) -> set[str]:
    stem = verb.removesuffix("e")
    found = {stem + "ed", stem + "ing", verb + "s"}
    if verb.endswith("y") and verb[-2:-1] not in _VOWELS:
        found |= {verb[:-1] + "ied"}
    if len(verb) in (3, 4) and verb[-1] not in "aeiouwxy" and verb[-2] in _VOWELS and verb[-3] not in _VOWELS:
        found |= {verb + verb[-1] + "ed", verb + verb[-1] + "ing"}
    if verb.endswith(("ct", "ate")):
        found.add(stem + "ion")
    return {form for word in found for form in (tokens(word)[0].form,)}
