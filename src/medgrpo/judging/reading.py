"""A caption as sets: what it names, whether it denies it, which side, how many, and what acts with what on what."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from medgrpo.judging.lexicon import Entry, Lexicon, Sense
from medgrpo.library import Token, tokenize

LONGEST = 20_000
"""Characters that are read; a caption that goes on longer is cut there, and its explanation says so."""

_STRONG = re.compile(r"[.;:!?\n]|(?<=\w)\s-\s")
_TURNS = frozenset({"while", "whilst", "then", "whereas", "meanwhile", "until", "but"})
_BEFORE_A_NOUN = frozenset(
    {"a", "an", "the", "of", "with", "by", "using", "each", "two", "three", "another", "this", "no", "any", "metal"}
)
_ENDS_OBJECT = frozenset(
    {"from", "off", "to", "into", "onto", "with", "by", "using", "while", "which", "that", "through", "near", "under", "over"}
)
_BEFORE_A_VERB = frozenset({"to", "is", "are", "was", "were", "be", "been", "being", "not", "and", "then"})
_BEFORE_AN_OBJECT = frozenset(
    {"the", "a", "an", "its", "their", "this", "each", "both", "it", "off", "one", "two", "three", "several"}
)


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that a caption says. `place` counts words; `clause` counts clauses."""

    sense: Sense
    denied: bool
    lay: bool
    place: int
    clause: int


@dataclass(frozen=True, slots=True)
class Reading:
    """One caption, as sets of ids.

    `pairs` join an act with an instrument or an object of the same clause. `sides` are axis values alone (with "") and with what
    the same part of a sentence names. `numbers` have the stem of what is counted. `others` are stems of words that mean nothing to
    the lexicon, `stems` those of all words. `cut`: the caption went on beyond LONGEST.
    """

    facts: tuple[Fact, ...]
    pairs: frozenset[tuple[str, str]]
    sides: frozenset[tuple[str, str]]
    numbers: frozenset[tuple[int, str]]
    others: frozenset[str]
    stems: frozenset[str]
    words: int
    cut: bool = False


def read_caption(text: str, lexicon: Lexicon) -> Reading:
    """Pure; time in proportion to the text."""
    kept = _spelled_out(text[:LONGEST], lexicon)
    words = tokenize(kept)
    stems = lexicon.stems(words)
    clauses = _clauses(kept, words)
    facts: list[Fact] = []
    others: set[str] = set()
    numbers: set[tuple[int, str]] = set()
    denied_until, denied_clause = -1, -1
    for place, length, entry in _entries(kept, words, stems, lexicon):
        kind = entry.sense.kind if entry else ""
        if entry is None:
            form = words[place].form
            count = int(form) if form.isdecimal() and len(form) < 7 else lexicon.words.numbers.values.get(form)
            if count is not None and (count > 1 or form.isdecimal()):
                numbers.add(
                    (count, next((stem.form for stem in stems[place + 1 : place + 3] if stem.form not in lexicon.empty), ""))
                )
            elif (undone := _undone(form, lexicon)) is not None:
                facts.append(Fact(undone, True, False, place, clauses[place]))
            elif form not in lexicon.empty and len(form) > 1 and count is None:
                others.add(stems[place].form)
        elif kind == "empty":
            continue
        elif kind == "negator":
            denied_until, denied_clause = place + length + lexicon.words.negators.reach, clauses[place]
        elif kind == "axis":
            facts.append(Fact(entry.sense, False, False, place, clauses[place]))
        else:
            denied = place < denied_until and clauses[place] == denied_clause
            facts.append(Fact(entry.sense, denied, entry.lay, place, clauses[place]))
    facts = _with_implied(facts, lexicon)
    pieces = list(_split_at_acts(facts, kept, words))
    ends = [place for place, word in enumerate(words) if word.form in _ENDS_OBJECT]
    return Reading(
        tuple(fact for fact in facts if fact.sense.kind != "axis"),
        frozenset(_pairs(pieces, ends)),
        frozenset(_sides(pieces)),
        frozenset(numbers),
        frozenset(others),
        frozenset(stem.form for stem in stems),
        len(words),
        len(text) > LONGEST,
    )


def _undone(form: str, lexicon: Lexicon) -> Sense | None:
    """The act that a word such as "unclipped" denies."""
    if not form.startswith("un") or len(form) < 5:
        return None
    known = lexicon.phrases.get((lexicon.stem(form[2:]),))
    return next((entry.sense for entry in known if entry.sense.kind == "action" and not entry.sense.general), None)


def _spelled_out(text: str, lexicon: Lexicon) -> str:
    for short, whole in lexicon.words.shorthand.items():
        if short in text:
            text = re.sub(rf"\b{short}\b", whole, text)
    return text


def _entries(text: str, words: Sequence[Token], stems: list[Token], lexicon: Lexicon) -> Iterator[tuple[int, int, Entry | None]]:
    """Place, number of words and meaning (None: no meaning here) of each word or phrase, from left to right, the longest first."""
    known: dict[int, tuple[int, Sense]] = {}
    starts = {word.start: place for place, word in enumerate(words)}
    ends = {word.end: place + 1 for place, word in enumerate(words)}
    for match in lexicon.terms.matches(text, list(words), {}):
        senses = [sense for concept in match.concepts if (sense := lexicon.of_concept(concept)) is not None]
        if senses and match.start_char in starts and match.end_char in ends:
            place = starts[match.start_char]
            known[place] = (ends[match.end_char] - place, senses[0])
    place = 0
    while place < len(words):
        hit = lexicon.phrases.at(stems, place)
        term = known.get(place)
        if hit is not None and (term is None or hit[0] > term[0]):
            chosen = _fitting(hit[1], text, words, place, hit[0], lexicon.empty)
            yield place, hit[0], chosen
            place += hit[0]
        elif term is not None:
            yield place, term[0], Entry(term[1])
            place += term[0]
        else:
            yield place, 1, None
            place += 1


def _fitting(entries: Sequence[Entry], text: str, words: Sequence[Token], place: int, length: int, empty: frozenset[str]) -> Entry:
    """Of an act and a thing with one written form ("clip", "suture", "drain") the one that the words beside it allow."""
    last = words[place + length - 1]
    if last.form.endswith(("or", "er")) and any(entry.agent for entry in entries):
        return next(entry for entry in entries if entry.agent)
    fitting = [entry for entry in entries if not entry.agent] or list(entries)
    fitting = [entry for entry in fitting if entry.last == last.form] or fitting
    acts = [entry for entry in fitting if entry.sense.kind == "action"]
    things = [entry for entry in fitting if entry.sense.kind != "action"]
    if not acts or not things:
        return fitting[0]
    before = words[place - 1].form if place else ""
    after = words[place + length].form if place + length < len(words) else ""
    if before in _BEFORE_A_NOUN:
        return things[0]
    verb = last.form.endswith(("ed", "ing")) or before in _BEFORE_A_VERB or after in _BEFORE_AN_OBJECT
    third_person = text[last.start : last.end].endswith("s") and after and after not in empty and text[last.end] == " "
    return acts[0] if verb or third_person else things[0]


def _clauses(text: str, words: Sequence[Token]) -> list[int]:
    """Per word the number of its clause; clauses end at marks and at words such as "while"."""
    numbers: list[int] = []
    number = 0
    for place, word in enumerate(words):
        if place and (_STRONG.search(text, words[place - 1].end, word.start) or word.form in _TURNS):
            number += 1
        numbers.append(number)
    return numbers


def _with_implied(facts: Sequence[Fact], lexicon: Lexicon) -> list[Fact]:
    """Who places a clip clips: a general act with a telling thing in its clause is the act that this amounts to."""
    result: list[Fact] = []
    for fact in facts:
        for name, rule in lexicon.words.implied.items():
            if fact.sense.id.removeprefix("action:") in rule.acts and any(
                other.clause == fact.clause and other.sense.id in rule.things and abs(other.place - fact.place) <= 5
                for other in facts
            ):
                fact = replace(fact, sense=lexicon.senses[f"action:{name}"])
                break
        result.append(fact)
    return result


def _split_at_acts(facts: Sequence[Fact], text: str, words: Sequence[Token]) -> Iterator[list[Fact]]:
    """The facts of one act each: clauses, cut at "and" and at commas where an act stands on both sides."""
    by_clause: dict[int, list[Fact]] = {}
    for fact in facts:
        by_clause.setdefault(fact.clause, []).append(fact)
    for members in by_clause.values():
        piece: list[Fact] = []
        for number, fact in enumerate(members):
            if piece and _joined(text, words, piece[-1].place, fact.place):
                following: list[Fact] = []
                for other in members[number:]:
                    if following and _joined(text, words, following[-1].place, other.place):
                        break
                    following.append(other)
                if _has_act(piece) and _has_act(following):
                    yield piece
                    piece = []
            piece.append(fact)
        yield piece


def _joined(text: str, words: Sequence[Token], first: int, second: int) -> bool:
    between = text[words[first].end : words[second].start]
    return "," in between or any(word.form in {"and", "or", "as", "before", "after", "when"} for word in words[first + 1 : second])


def _has_act(facts: Sequence[Fact]) -> bool:
    return any(fact.sense.kind == "action" for fact in facts)


def _pairs(pieces: Sequence[Sequence[Fact]], ends: Sequence[int]) -> Iterator[tuple[str, str]]:
    """Each act with the instruments of its piece and with its objects: what follows it up to the next act or preposition, or, where
    nothing does ("the duct is clipped"), what stands before it."""
    for piece in pieces:
        acts = [fact for fact in piece if fact.sense.kind == "action"]
        things = [fact for fact in piece if fact.sense.kind in {"anatomy", "material"} and not fact.sense.general]
        for number, act in enumerate(acts):
            if act.sense.general:
                continue
            yield from (
                (act.sense.id, fact.sense.id) for fact in piece if fact.sense.kind == "instrument" and not fact.sense.general
            )
            following = acts[number + 1].place if number + 1 < len(acts) else 1 << 30
            end = min([following, *(place for place in ends if place > act.place)])
            objects = [thing for thing in things if act.place < thing.place < end]
            if not objects:
                before = max([acts[number - 1].place if number else -1, *(place for place in ends if place < act.place)])
                objects = [thing for thing in things if before < thing.place < act.place]
            yield from ((act.sense.id, thing.sense.id) for thing in objects)


def _sides(pieces: Sequence[Sequence[Fact]]) -> Iterator[tuple[str, str]]:
    """Each axis value alone, and with all that its piece names where the piece has no other value of that axis."""
    for piece in pieces:
        values = {fact.sense.id for fact in piece if fact.sense.kind == "axis"}
        for value in values:
            yield value, ""
            axis = value.partition(":")[0]
            if sum(other.startswith(axis + ":") for other in values) == 1:
                yield from ((value, fact.sense.id) for fact in piece if fact.sense.kind != "axis" and not fact.sense.general)
            else:  # "the left manipulator ... the right needle driver"
                for side in piece:
                    if side.sense.id == value:
                        yield from (
                            (value, f.sense.id) for f in piece if f.sense.kind == "instrument" and 0 < f.place - side.place <= 2
                        )
