"""The scene graph: what it is built of, what holds at a moment, and that it survives being written."""

import pytest

from medgrpo.core import Span
from medgrpo.reasoning import (
    ActionSegment,
    Edge,
    EdgeKind,
    Event,
    EventKind,
    Evidence,
    Frames,
    Node,
    PhaseSegment,
    SceneGraph,
    SubGoalLevel,
    SubGoalState,
    scene_graph,
)


def seen(*seconds: float, confidence: float = 0.8) -> Evidence:
    return Evidence(seconds, seconds[0], "scripted", confidence)


GRAPH = scene_graph(
    phases=[
        PhaseSegment(Span(0, 60), "carlot-triangle-dissection", 0.9, seen(5.0, 9.0)),
        PhaseSegment(Span(60, 70), None, 0, seen(61.0)),
    ],
    actions=[
        ActionSegment(Span(10, 20), "hook,dissect,cystic_duct", 0.8, seen(11.0, 15.0)),
        ActionSegment(Span(30, 40), "grasper,null_verb,null_target", 0.8, seen(31.0)),
    ],
    events=[
        Event(EventKind.CLIP_APPLIED, Span(50, 54), "cystic_duct", seen(51.0)),
        Event(EventKind.BLEEDING_SEEN, Span(15, 25), None, seen(18.0, confidence=0.6)),
        Event(EventKind.STRUCTURE_DIVIDED, Span(55, 57), None, seen(56.0)),
    ],
    sub_goals=[
        SubGoalState("duct_clipped", "clipping-and-cutting", SubGoalLevel.ACHIEVED, Span(54, 70), "act seen", seen(51.0), ()),
        SubGoalState("artery_clipped", "clipping-and-cutting", SubGoalLevel.UNDER_WAY, Span(54, 70), "begun", seen(51.0), ()),
    ],
)


def told(graph: SceneGraph) -> set[tuple[str, str, str | None, str]]:
    names = {node.id: node.concept for node in graph.nodes}
    return {(names[edge.subject], edge.kind.value, edge.by, names[edge.object]) for edge in graph.edges}


def test_a_triplet_becomes_an_instrument_that_acts_on_a_site():
    assert told(GRAPH) == {
        ("instrument:hook", "acts on", "action:dissect", "anatomy:cystic_duct"),
        ("instrument:clipper", "acts on", "action:clip", "anatomy:cystic_duct"),
        ("state:view_bleeding", "state of", None, "instrument:laparoscope"),
    }
    hook = GRAPH.of("instrument:hook")[0]
    assert (hook.span, hook.frames.seconds, hook.frames.confidence, hook.basis) == (Span(10, 20), (11.0, 15.0), 0.8, "seen")


def test_what_is_not_told_apart_or_not_reached_has_no_node():
    assert [node.concept for node in GRAPH.of("instrument:grasper")] == ["instrument:grasper"]  # idle: a node without an edge
    assert GRAPH.of("state:null_target") == ()
    assert [node.basis for node in GRAPH.of("state:duct_clipped")] == ["inferred"]
    assert GRAPH.of("state:artery_clipped") == ()
    assert len(GRAPH.of("phase:carlot-triangle-dissection")) == 1


def test_a_moment_holds_what_overlaps_it():
    assert told(GRAPH.at(18.0)) == {
        ("instrument:hook", "acts on", "action:dissect", "anatomy:cystic_duct"),
        ("state:view_bleeding", "state of", None, "instrument:laparoscope"),
    }
    assert told(GRAPH.at(45.0)) == set()
    assert {node.concept for node in GRAPH.at(45.0).nodes} == {"phase:carlot-triangle-dissection"}


def test_it_is_in_order_of_time_and_read_back_the_same():
    assert [node.span.start_seconds for node in GRAPH.nodes] == sorted(node.span.start_seconds for node in GRAPH.nodes)
    assert SceneGraph.from_json(GRAPH.to_json()) == GRAPH


def test_wrong_parts_cannot_be_made():
    with pytest.raises(ValueError, match="at least one frame"):
        Frames((), 0.0, 0.5)
    with pytest.raises(ValueError, match="confidence"):
        Frames((1.0,), 1.0, float("nan"))
    node = Node("n1", "instrument:hook", Span(0, 1), Frames((0.5,), 0.5, 0.5), "seen")
    with pytest.raises(ValueError, match="no node of the graph"):
        SceneGraph((node,), (Edge(EdgeKind.ACTS_ON, "n1", "n2", "action:cut", Span(0, 1), node.frames),))
    with pytest.raises(ValueError, match="names an action exactly when"):
        Edge(EdgeKind.ACTS_ON, "n1", "n1", None, Span(0, 1), node.frames)
    with pytest.raises(ValueError, match="validation error"):
        SceneGraph.from_json(b'{"nodes":[{"id":"n1"}],"edges":[]}')
