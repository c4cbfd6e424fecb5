"""The scene graph: who does what to what, and in which state it is, over time; every node and edge has its frames.

Nodes are occurrences of concepts of `knowledge.load_vocabulary()`: an instrument, what it acts on, a state of the view or the
field, a phase. An edge `acts on` joins an instrument to its target and names the action; `state of` joins a state to what it
is a state of. A place that no model can see has no node: a missing node says nothing about the patient.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from pydantic import TypeAdapter

from medgrpo.core import Span
from medgrpo.knowledge import Concept, Vocabulary, load_vocabulary
from medgrpo.reasoning.chain import Basis
from medgrpo.reasoning.records import ActionSegment, Event, EventKind, Evidence, PhaseSegment, SubGoalLevel, SubGoalState

SOURCE = "cholect50"
STATE_OF_EVENT: dict[EventKind, tuple[str, str]] = {  # the state that an event is, and what it is a state of
    EventKind.BLEEDING_SEEN: ("state:view_bleeding", "instrument:laparoscope"),
    EventKind.VIEW_LOST: ("state:view_occluded", "instrument:laparoscope"),
    EventKind.OUT_OF_BODY: ("state:out_of_body", "instrument:laparoscope"),
}
ACT_OF_EVENT: dict[EventKind, tuple[str, str]] = {  # instrument and action of events that are acts; a cut need not be by scissors
    EventKind.CLIP_APPLIED: ("clipper", "clip"),
    EventKind.STRUCTURE_DIVIDED: ("scissors", "cut"),
    EventKind.BAG_USED: ("grasper", "pack"),
}


class EdgeKind(StrEnum):
    ACTS_ON = "acts on"
    STATE_OF = "state of"


@dataclass(frozen=True, slots=True)
class Frames:
    """The looks behind a node or an edge, in order of time, and how sure it is (0..1)."""

    seconds: tuple[float, ...]
    key_seconds: float
    confidence: float

    def __post_init__(self) -> None:
        if not self.seconds or self.key_seconds not in self.seconds:
            raise ValueError("a node or an edge names at least one frame, and its key frame is among them")
        if not 0 <= self.confidence <= 1:
            raise ValueError(f"confidence must lie in 0..1, got {self.confidence}")

    @classmethod
    def of(cls, evidence: Evidence) -> Frames:
        return cls(evidence.seconds, evidence.key_seconds, evidence.confidence)


@dataclass(frozen=True, slots=True)
class Node:
    """One occurrence of one concept over `span`; `basis` says how it is known."""

    id: str
    concept: str
    span: Span
    frames: Frames
    basis: Basis


@dataclass(frozen=True, slots=True)
class Edge:
    """`subject` acts on `object` by the concept `by`, or is a state of it; both are ids of nodes of the same graph."""

    kind: EdgeKind
    subject: str
    object: str
    by: str | None
    span: Span
    frames: Frames

    def __post_init__(self) -> None:
        if (self.kind is EdgeKind.ACTS_ON) != (self.by is not None):
            raise ValueError("an edge names an action exactly when it is `acts on`")


@dataclass(frozen=True, slots=True)
class SceneGraph:
    """Nodes and edges in order of time. ValueError when an edge joins nodes that are not there."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def __post_init__(self) -> None:
        known = {node.id for node in self.nodes}
        lost = next((edge for edge in self.edges if not {edge.subject, edge.object} <= known), None)
        if lost is not None:
            raise ValueError(f"an edge joins {lost.subject} and {lost.object}, and one of them is no node of the graph")

    def at(self, seconds: float) -> SceneGraph:
        """What holds at that moment; an end belongs to its stretch."""
        return self.between(seconds, seconds)

    def between(self, start_seconds: float, end_seconds: float) -> SceneGraph:
        """What overlaps that stretch."""
        nodes = tuple(n for n in self.nodes if n.span.start_seconds <= end_seconds and n.span.end_seconds >= start_seconds)
        kept = {node.id for node in nodes}
        edges = tuple(
            e
            for e in self.edges
            if {e.subject, e.object} <= kept and e.span.start_seconds <= end_seconds and e.span.end_seconds >= start_seconds
        )
        return SceneGraph(nodes, edges)

    def of(self, concept: str) -> tuple[Node, ...]:
        """Every occurrence of one concept."""
        return tuple(node for node in self.nodes if node.concept == concept)

    def to_json(self) -> bytes:
        return _ADAPTER.dump_json(self)

    @staticmethod
    def from_json(text: bytes) -> SceneGraph:
        """ValueError (pydantic's ValidationError) says what is wrong with it."""
        return _ADAPTER.validate_json(text)


_ADAPTER: TypeAdapter[SceneGraph] = TypeAdapter(SceneGraph)


@cache
def vocabulary() -> Vocabulary:
    return load_vocabulary()


@cache
def concept_of(name: str) -> Concept:
    """The concept of a CholecT50 class name or phase; KeyError for a name that has none."""
    found = vocabulary().by_external(SOURCE, name)
    if found is None:
        raise KeyError(f"no concept has the {SOURCE} name {name!r}")
    return found


def scene_graph(
    phases: Iterable[PhaseSegment] = (),
    actions: Iterable[ActionSegment] = (),
    events: Iterable[Event] = (),
    sub_goals: Iterable[SubGoalState] = (),
) -> SceneGraph:
    """The graph of these records; they may be under way. Each triplet gives two nodes and an edge, `null` parts are left out."""
    parts: list[tuple[tuple[Node, ...], tuple[Edge, ...]]] = []
    numbers = _numbers()
    for phase in phases:
        if phase.phase is not None:
            node = Node(next(numbers), concept_of(phase.phase).id, phase.span, Frames.of(phase.evidence), "inferred")
            parts.append(((node,), ()))
    parts += [_act(tuple(action.triplet.split(",")), action.span, action.evidence, numbers) for action in actions]
    parts += [_event(event, numbers) for event in events]
    for state in sub_goals:
        if state.level is SubGoalLevel.ACHIEVED and state.evidence is not None:
            concept = f"state:{state.sub_goal}"
            if concept in vocabulary():
                parts.append(((Node(next(numbers), concept, state.span, Frames.of(state.evidence), "inferred"),), ()))
    nodes = sorted((node for part, _ in parts for node in part), key=_when)  # of one span they stay in the order of their numbers
    edges = sorted((edge for _, part in parts for edge in part), key=_when)
    return SceneGraph(tuple(nodes), tuple(edges))


def _when(one: Node | Edge) -> tuple[float, float]:
    """As spans compare, without a comparison of dataclasses for each of n log n: graphs are made at every thought."""
    return one.span.start_seconds, one.span.end_seconds


def _numbers() -> Iterator[str]:
    number = 0
    while True:
        number += 1
        yield f"n{number}"


def _act(
    triplet: tuple[str, ...], span: Span, evidence: Evidence, numbers: Iterator[str]
) -> tuple[tuple[Node, ...], tuple[Edge, ...]]:
    (instrument, verb, target), frames = triplet, Frames.of(evidence)
    tool = Node(next(numbers), concept_of(instrument).id, span, frames, "seen")
    if verb == "null_verb" or target == "null_target":
        return (tool,), ()
    site = Node(next(numbers), concept_of(target).id, span, frames, "seen")
    return (tool, site), (Edge(EdgeKind.ACTS_ON, tool.id, site.id, concept_of(verb).id, span, frames),)


def _event(event: Event, numbers: Iterator[str]) -> tuple[tuple[Node, ...], tuple[Edge, ...]]:
    if event.kind in STATE_OF_EVENT:
        frames = Frames.of(event.evidence)
        state, bearer = (Node(next(numbers), one, event.span, frames, "image measure") for one in STATE_OF_EVENT[event.kind])
        return (state, bearer), (Edge(EdgeKind.STATE_OF, state.id, bearer.id, None, event.span, frames),)
    instrument, verb = ACT_OF_EVENT[event.kind]
    target = "specimen_bag" if event.kind is EventKind.BAG_USED else event.target or "null_target"
    return _act((instrument, verb, target), event.span, event.evidence, numbers)
