"""Two captions as sets side by side: what is matched, missing, added, contradicted. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from medgrpo.judging.lexicon import KINDS, Lexicon, Sense
from medgrpo.judging.reading import Fact, Reading

_GENERAL_WEIGHT = 0.3
_LAY = 0.85
_BARELY = 0.4
"""A credit below this leaves a fact of the reference unsaid."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One kind of fact. `recall`: how much of the reference is said; `precision`: how much of the caption the reference bears out;
    both 0..1, None where that side has none. `weight` is the number of facts in the reference, `added` of unsupported ones.
    `technical` is recall where a lay word counts 0.3."""

    recall: float | None
    precision: float | None
    technical: float | None
    weight: float
    added: float
    unsaid: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Contradiction:
    """`kind` is instrument, anatomy, material, action, state, context, side, number, denial or roles; `severity` 0..1."""

    kind: str
    severity: float
    words: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that grades are made of. `words` holds recall and precision over what the lexicon does not know, as `places` over sides
    and numbers."""

    kinds: Mapping[str, Kept]
    words: Kept
    places: Kept
    contradictions: tuple[Contradiction, ...]
    matched: tuple[str, ...]
    missing: tuple[str, ...]
    added: tuple[str, ...]
    nothing: bool
    """The caption says nothing that can be compared."""
    about: bool
    """It speaks, if only in general, of at least one kind of thing that the reference speaks of, the setting aside."""


def compare(caption: Reading, reference: Reading, lexicon: Lexicon) -> Comparison:
    """How the caption stands to the reference."""
    matched: list[str] = []
    missing: list[str] = []
    added: list[str] = []
    found: list[Contradiction] = []
    kinds: dict[str, Kept] = {}
    for kind in KINDS:
        said, true = _facts(caption, kind), _facts(reference, kind)
        kinds[kind] = _one_kind(kind, said, true, caption, reference, lexicon, (matched, missing, added), found)
    found += _other_kind(kinds, found)
    found += _denials(caption, reference)
    found += _roles(caption, reference)
    places, places_found = _places(caption, reference)
    found += places_found
    words = _words(caption, reference, added)
    nothing = not caption.facts and not (caption.others & reference.stems)
    spoken = {fact.sense.kind for fact in caption.facts} & {fact.sense.kind for fact in reference.facts}
    about = bool(spoken - {"context"})
    return Comparison(kinds, words, places, tuple(found), tuple(matched), tuple(missing), tuple(added), nothing, about)


def _facts(reading: Reading, kind: str) -> list[Fact]:
    """One fact per sense, the technical wording before a lay one."""
    chosen: dict[str, Fact] = {}
    for fact in reading.facts:
        if fact.sense.kind == kind and (fact.sense.id not in chosen or (chosen[fact.sense.id].lay and not fact.lay)):
            chosen[fact.sense.id] = fact
    return list(chosen.values())


def _weight(fact: Fact) -> float:
    return _GENERAL_WEIGHT if fact.sense.general else 1.0


def _one_kind(
    kind: str,
    said: Sequence[Fact],
    true: Sequence[Fact],
    caption: Reading,
    reference: Reading,
    lexicon: Lexicon,
    lists: tuple[list[str], list[str], list[str]],
    found: list[Contradiction],
) -> Kept:
    matched, missing, added = lists
    credits: list[float] = []
    technical: list[float] = []
    for fact in true:
        best, lay = 0.0, False
        for other in said:
            near = lexicon.near(fact.sense, other.sense)
            if near > best:
                best, lay = near, other.lay
        if best < 0.5 and not fact.sense.general and _named_by_head(fact.sense, caption, lexicon):
            best = 0.5
        credits.append(best * (_LAY if lay else 1.0))
        technical.append(best * (0.3 if lay else 1.0))
        (matched if best >= 0.5 else missing).append(fact.sense.id)
    supports: list[float] = []
    for fact in said:
        only_general = all(other.sense.general for other in true)
        support = max((_support(fact.sense, other.sense, lexicon, only_general) for other in true), default=0.0)
        if fact.sense.general:
            support = 1.0
        elif support < 0.5 and _named_by_head(fact.sense, reference, lexicon):
            support = 0.7
        supports.append(support)
    if any(credit >= 0.5 for credit in credits) or not true:
        supports = [max(support, 0.7) if fact.sense.weak else support for fact, support in zip(said, supports, strict=True)]
    added += [fact.sense.id for fact, support in zip(said, supports, strict=True) if support < 0.5]
    unsaid = [fact for fact, credit in zip(true, credits, strict=True) if credit < _BARELY and not fact.sense.general]
    wrong = [(fact, support) for fact, support in zip(said, supports, strict=True) if support < 0.5]
    specific = sum(not fact.sense.general for fact in true)
    swaps = min(len(unsaid), len(wrong))
    if swaps and kind not in {"context"}:
        mildest = 1 - max(support for _, support in wrong)
        words = f"{', '.join(fact.sense.id for fact, _ in wrong)} for {', '.join(fact.sense.id for fact in unsaid)}"
        found.append(Contradiction(kind, (0.4 + 0.6 * swaps / max(specific, 1)) * mildest, words))
    elif swaps:
        found.append(Contradiction(kind, 1.0, f"{wrong[0][0].sense.id} for {unsaid[0].sense.id}"))
    weights = [_weight(fact) for fact in true]
    total = sum(weights)
    return Kept(
        sum(w * c for w, c in zip(weights, credits, strict=True)) / total if total else None,
        sum(supports) / len(supports) if supports else None,
        sum(w * c for w, c in zip(weights, technical, strict=True)) / total if total else None,
        total,
        float(sum(1 - support for support in supports)),
        tuple(fact.sense.id for fact in unsaid),
        tuple(fact.sense.id for fact, _ in wrong),
    )


def _other_kind(kinds: Mapping[str, Kept], found: Sequence[Contradiction]) -> list[Contradiction]:
    """A thing in the place of an instrument that is not named, or the other way round: a pump for a syringe, gauze for saline."""
    told = {one.kind for one in found}
    pairs = (("instrument", "material"), ("material", "instrument"))
    return [
        Contradiction(kind, 0.6, f"{', '.join(kinds[other].wrong)} for {', '.join(kinds[kind].unsaid)}")
        for kind, other in pairs
        if kinds[kind].unsaid and kinds[other].wrong and not {kind, other} & told
    ]


def _support(said: Sense, true: Sense, lexicon: Lexicon, only_general: bool) -> float:
    """How far a fact of the reference bears this one out: what is broader than it follows from it."""
    if true.general and not said.general:
        return 0.6 if only_general else 0.0  # it may be that; not where the reference names what it means as well
    near = lexicon.near(true, said)
    return 1.0 if near == 0.5 else near


def _named_by_head(sense: Sense, other: Reading, lexicon: Lexicon) -> bool:
    """Whether the other caption has the last word of the sense's name on its own: "the duct" for the cystic duct."""
    if sense.kind not in {"anatomy", "instrument", "material"} or sense.id not in lexicon.vocabulary:
        return False
    words = lexicon.vocabulary.concept(sense.id).preferred.split()
    return len(words) > 1 and lexicon.stem(words[-1].casefold()) in other.others


def _denials(caption: Reading, reference: Reading) -> list[Contradiction]:
    """What one affirms and the other only denies; an act weighs most."""

    def polarity(reading: Reading) -> dict[str, bool]:
        denied: dict[str, bool] = {}
        for fact in reading.facts:
            if not fact.sense.general and fact.sense.kind != "context":
                denied[fact.sense.id] = denied.get(fact.sense.id, True) and fact.denied
        return denied

    ours, theirs = polarity(caption), polarity(reference)
    flipped = [sense for sense, denied in ours.items() if sense in theirs and theirs[sense] != denied]
    if not flipped:
        return []
    heavy = any(sense.startswith(("action:", "state:")) for sense in flipped)
    both = sum(sense in theirs for sense in ours)
    return [Contradiction("denial", (0.8 if heavy else 0.4) + 0.2 * len(flipped) / both, ", ".join(flipped))]


def _roles(caption: Reading, reference: Reading) -> list[Contradiction]:
    """Acts whose instrument or object is another one of the same clip."""
    ours, theirs = {f.sense.id for f in caption.facts}, {f.sense.id for f in reference.facts}

    def partners(reading: Reading, act: str, kind: str) -> set[str]:
        return {thing for one, thing in reading.pairs if one == act and thing.startswith(kind)}

    swapped: list[str] = []
    for act, thing in sorted(caption.pairs):
        kind = thing.partition(":")[0]
        if act not in theirs or thing not in theirs or (act, thing) in reference.pairs:
            continue
        true = partners(reference, act, kind)
        if true and true <= ours and not true & partners(caption, act, kind):
            swapped.append(f"{act} with {thing}")
    if not swapped:
        return []
    return [Contradiction("roles", min(1.0, 0.5 + len(swapped) / max(1, len(caption.pairs))), ", ".join(swapped))]


def _places(caption: Reading, reference: Reading) -> tuple[Kept, list[Contradiction]]:
    """Sides by axis, and numbers with what they count."""
    found: list[Contradiction] = []
    ours, theirs = {value for value, _ in caption.sides}, {value for value, _ in reference.sides}
    axes = {value.partition(":")[0] for value in theirs} - {"order"}
    for axis in sorted(axes):
        said, true = ({v for v in values if v.startswith(axis + ":")} for values in (ours, theirs))
        wrong = said - true
        if wrong and not said & true:
            found.append(Contradiction("side", 1.0, f"{', '.join(sorted(wrong))} for {', '.join(sorted(true))}"))
        elif wrong:
            found.append(Contradiction("side", 0.5, f"{', '.join(sorted(wrong))} beside {', '.join(sorted(said & true))}"))
        elif len(true) > 1:
            bound = [_of_axis(reading, axis) for reading in (caption, reference)]
            both = [sense for sense in bound[0] if sense in bound[1]]
            swapped = [sense for sense in both if not bound[0][sense] & bound[1][sense]]
            if swapped:
                found.append(
                    Contradiction(
                        "side", 0.4 if len(both) == 1 else 0.5 + 0.5 * len(swapped) / len(both), ", ".join(sorted(swapped))
                    )
                )
    true_numbers, said_numbers = _counts(reference.numbers), _counts(caption.numbers)
    right = 0
    for counted, values in true_numbers.items():
        said = said_numbers.get(counted)
        if said is None:
            right += any(values & other for other in said_numbers.values())
        elif said & values:
            right += 1
        else:
            found.append(Contradiction("number", 1.0, f"{sorted(said)} for {sorted(values)} {counted}"))
    true_sides = {value for value in theirs if not value.startswith("order")}
    total = len(true_sides) + len(true_numbers)
    hits = len(true_sides & ours) + right
    mine = {value for value in ours if not value.startswith("order")}
    extra = len({value for value in mine if value not in true_sides and value.partition(":")[0] in axes})
    recall = hits / total if total else None
    return Kept(recall, 1 - extra / len(mine) if mine else None, recall, float(total), float(extra)), found


def _of_axis(reading: Reading, axis: str) -> dict[str, set[str]]:
    """What is named on one side only or on each, with its values of that axis."""
    table: dict[str, set[str]] = {}
    for value, sense in reading.sides:
        if sense and value.startswith(axis + ":"):
            table.setdefault(sense, set()).add(value)
    return table


def _counts(numbers: frozenset[tuple[int, str]]) -> dict[str, set[int]]:
    """What is counted, with its counts."""
    table: dict[str, set[int]] = {}
    for value, counted in numbers:
        table.setdefault(counted, set()).add(value)
    return table


def _words(caption: Reading, reference: Reading, added: list[str]) -> Kept:
    """Stems that mean nothing to the lexicon, by sameness alone."""
    true, said = reference.others, caption.others
    unsupported = sorted(said - reference.stems)
    added += [f"word:{stem}" for stem in unsupported[:20]]
    recall = len(true & caption.stems) / len(true) if true else None
    precision = 1 - len(unsupported) / len(said) if said else None
    return Kept(recall, precision, recall, 0.5 * len(true), 0.3 * len(unsupported))
