"""The passages of a knowledge base that speak of what a chain of thought speaks of: those with an accepted claim first."""

from __future__ import annotations

from collections.abc import Sequence

from medgrpo.knowledge import load_vocabulary
from medgrpo.library import Claim, KnowledgeBase, Mention, Passage
from medgrpo.reasoning import Thought, concepts_in
from medgrpo.report.records import Support

_MOST = 3  # passages per thought
_GENERAL = ("anatomy:gallbladder", "anatomy:liver", "state:null_target")  # named nearly everywhere: sharing them says nothing


def supports(thoughts: Sequence[Thought], base: KnowledgeBase) -> dict[str, tuple[Support, ...]]:
    """For each thought, by its id, the passages whose accepted claim joins two of its concepts, then passages that name two
    of its structures and deny neither. A passage without a reviewed claim says so. DataError when the knowledge base is damaged.
    """
    concepts = {thought.id: concepts_of(thought) for thought in thoughts}
    claims = base.accepted()
    wanted = frozenset(one for its in concepts.values() for one in its)
    named = _named(base, wanted) if wanted else {}
    return {thought.id: tuple(_of(concepts[thought.id], claims, named, base)) for thought in thoughts}


def concepts_of(thought: Thought) -> frozenset[str]:
    """What the thought names, in its cues, its rules and its words."""
    told = [*(cue.words for cue in thought.cues_missing), *(ground.words for ground in thought.grounds), thought.text]
    seen = {concept for cue in thought.cues_seen for concept in cue.concepts}
    return frozenset(seen | {one.concept for one in thought.cues_missing} | {one for words in told for one in concepts_in(words)})


def _named(base: KnowledgeBase, wanted: frozenset[str]) -> dict[str, set[str]]:
    """Passage id -> the wanted concepts that it names without denying them."""
    found: dict[str, set[str]] = {}
    for mention in base.mentions():
        if mention.concept_id in wanted and _affirmed(mention):
            found.setdefault(mention.passage_id, set()).add(mention.concept_id)
    return found


def _affirmed(mention: Mention) -> bool:
    return not mention.negated and mention.concept_id not in _GENERAL and not mention.concept_id.startswith("action:")


def _of(concepts: frozenset[str], claims: Sequence[Claim], named: dict[str, set[str]], base: KnowledgeBase) -> list[Support]:
    found: dict[str, Support] = {}
    for claim in claims:
        if {claim.subject, claim.object} <= concepts and claim.subject != claim.object:
            words = f"{_name(claim.subject)} {claim.relation.value.replace('_', ' ')} {_name(claim.object)}"
            denied = "not: " if claim.negated else ""
            note = f"{denied}{words}; accepted by {claim.author}"
            found.setdefault(claim.passage_id, _support(base, base.passage(claim.passage_id), note, claim.quote, reviewed=True))
    shared = {id: its & concepts for id, its in named.items() if id not in found and len(its & concepts) > 1}
    for id, its in sorted(shared.items(), key=lambda one: (-len(one[1]), one[0]))[: max(0, _MOST - len(found))]:
        note = f"names {' and '.join(_name(one) for one in sorted(its)[:_MOST])}; no claim of it was reviewed"
        found[id] = _support(base, base.passage(id), note, "", reviewed=False)
    return list(found.values())[:_MOST]


def _support(base: KnowledgeBase, passage: Passage, note: str, quote: str, reviewed: bool) -> Support:
    document = base.document(passage.document_id)
    licence = passage.licence or document.licence
    return Support(document.title or document.name, passage.section, passage.page, licence, passage.text, quote, note, reviewed)


def _name(concept: str) -> str:
    vocabulary = load_vocabulary()
    return vocabulary.concept(concept).preferred if concept in vocabulary else concept
