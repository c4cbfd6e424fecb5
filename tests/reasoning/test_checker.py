"""Each cause for which a chain of thought is refused, one by one, from a chain that passes."""

from dataclasses import replace

import pytest

from medgrpo.core import Span
from medgrpo.knowledge import Procedure
from medgrpo.reasoning import (
    Absence,
    Choice,
    Conclusion,
    ConclusionKind,
    Cue,
    Expected,
    Ground,
    GroundKind,
    MissingCue,
    RefusedThought,
    RiskNamed,
    Thought,
    faults,
)
from medgrpo.reasoning.situation import Situation, Trigger
from medgrpo.reasoning.support import SUPPORTS
from medgrpo.reasoning.thinking import Thinker

CUT = Cue(
    "c1", ("instrument:scissors", "action:cut", "anatomy:cystic_duct"), "scissors: cut", Span(40, 44), (41.0,), 41.0, 0.8, "seen"
)
CLIPPED = Cue("c2", ("state:duct_clipped",), "duct clipped", Span(30, 34), (31.0,), 31.0, 0.7, "inferred")
BLOOD = Cue("c3", ("state:view_bleeding",), "blood", Span(42, 45), (43.0,), 43.0, 0.9, "image measure")
UNSEEN = MissingCue("m1", "state:artery_clipped", "clips on the artery", Absence.NOT_SEEN)
BLIND = MissingCue("m2", "state:triangle_cleared", "a clear triangle", Absence.NOT_PERCEIVED)
REQUIRES = Ground("g1", GroundKind.REQUIRES, "divide_structures", "state:duct_clipped", "An open duct leaks.", ("brunt-2020",))
ALSO = Ground("g2", GroundKind.REQUIRES, "divide_structures", "state:artery_clipped", "It bleeds.", ("brunt-2020",))
FORBIDS = Ground("g3", GroundKind.FORBIDS, "clip_structures", "state:view_bleeding", "No blind clips.", ("tg18-wakabayashi",))
HAZARD = Ground("g4", GroundKind.HAZARD, "bleeding", "state:view_bleeding", "It hides.", ("tg18-wakabayashi",))
FOLLOWS = Ground("g5", GroundKind.FOLLOWS, "preparation", "phase:carlot-triangle-dissection", "Usual.", ("nwoye-2022",))
RISK = RiskNamed("bleeding", "bleeding", (), "Compress first.", ("tg18-wakabayashi",))
GOOD = Thought(
    "", "divide", "Closed?", 45.0, Span(30, 45), (Choice("stop", "stop"),), (CUT, CLIPPED, BLOOD), (UNSEEN, BLIND),
    (REQUIRES, ALSO, FORBIDS, HAZARD, FOLLOWS), (Conclusion(ConclusionKind.SHOWN, "divide_structures", ("c2", "g1")),), (RISK,),
    (Expected("gallbladder-dissection", "bed", 0.9, 30.0),), 0.7, None, "said",
)  # fmt: skip
LATEST = 50.0


def concludes(kind: ConclusionKind, subject: str, *premises: str) -> Thought:
    return replace(GOOD, conclusions=(Conclusion(kind, subject, premises),))


def test_a_chain_that_stands_has_no_fault(procedure: Procedure):
    assert faults(GOOD, procedure, LATEST) == ()


@pytest.mark.parametrize(
    ("thought", "words"),
    [
        (replace(GOOD, cues_seen=(replace(CUT, seconds=()), CLIPPED, BLOOD)), "cue c1 has no frame"),
        (replace(GOOD, cues_seen=(replace(CUT, key_seconds=40.5), CLIPPED, BLOOD)), "its key frame is none of its frames"),
        (replace(GOOD, seconds=51.0), "outside the video seen so far"),
        (replace(GOOD, span=Span(30, 60)), "outside the video seen so far"),
        (replace(GOOD, cues_seen=(replace(CUT, seconds=(41.0, 46.0)), CLIPPED, BLOOD)), "cue c1 names 46.0 s"),
        (replace(GOOD, cues_seen=(replace(CUT, seconds=(float("nan"),), key_seconds=41.0), CLIPPED, BLOOD)), "cue c1"),
        (replace(GOOD, cues_seen=(replace(CUT, confidence=1.2), CLIPPED, BLOOD)), "confidence of cue c1 must lie in 0..1"),
        (replace(GOOD, expected_next=(Expected("bed", "bed", 1.5),)), "probability of bed must lie in 0..1"),
        (replace(GOOD, expected_next=(Expected("bed", "bed", 0.5, -1.0),)), "expected before now"),
        (replace(GOOD, grounds=(replace(REQUIRES, citations=()), ALSO)), "ground g1 (An open duct leaks.) has no source"),
        (replace(GOOD, grounds=(replace(REQUIRES, citations=("made-up-2020",)), ALSO)), "cites 'made-up-2020'"),
        (replace(GOOD, risks=(replace(RISK, citations=()),)), "risk bleeding has no source"),
        (replace(GOOD, risks=(replace(RISK, hazard="dragons"),)), "'dragons' is no hazard"),
        (replace(GOOD, grounds=(REQUIRES, replace(ALSO, object="state:haemostasis"))), "is no rule of"),
        (replace(GOOD, cues_missing=(replace(UNSEEN, concept="anatomy:soul"),)), "'anatomy:soul' is no concept"),
        (replace(GOOD, conclusions=()), "concludes nothing"),
        (concludes(ConclusionKind.SHOWN, "divide_structures", "c9", "g1"), "rests on c9, which is not in the chain"),
        (concludes(ConclusionKind.SHOWN, "divide_structures", "c1", "g1"), "does not follow from c1, g1"),
        (replace(GOOD, confidence=0.75), "surer (0.75) than the weakest cue"),
        (replace(GOOD, abstain="cannot say"), "a confidence or a reason to abstain, and not both"),
        (replace(GOOD, confidence=None), "a confidence or a reason to abstain, and not both"),
        (replace(GOOD, confidence=None, abstain=""), "abstains without a reason"),
    ],
)  # fmt: skip
def test_each_fault_is_found_and_named(thought: Thought, words: str, procedure: Procedure):
    assert any(words in fault for fault in faults(thought, procedure, LATEST)), faults(thought, procedure, LATEST)


K = ConclusionKind


@pytest.mark.parametrize(
    ("kind", "subject", "carries", "does_not"),
    [
        (K.SHOWN, "divide_structures", ("c2", "g1"), ("c2", "m1", "g1")),
        (K.SHOWN, "divide_structures", ("c2", "g1"), ("g1",)),
        (K.NOT_SHOWN, "divide_structures", ("m1", "g2"), ("m1", "g1", "g2")),
        (K.NOT_SHOWN, "divide_structures", ("m1", "g2"), ("m1",)),
        (K.FORBIDDEN, "clip_structures", ("c3", "g3"), ("c1", "g3")),
        (K.AT_RISK, "bleeding", ("c3", "g4"), ("c2", "g4")),
        (K.UNUSUAL, "preparation", ("c1", "g5"), ("g5",)),
        (K.ABSTAINED, "clip_structures", ("m2",), ("m1",)),
    ],
)
def test_premises_carry_their_conclusion_and_no_other(
    kind: ConclusionKind, subject: str, carries: tuple[str, ...], does_not: tuple[str, ...], procedure: Procedure
):
    assert faults(concludes(kind, subject, *carries), procedure, LATEST) == ()
    assert "does not follow" in faults(concludes(kind, subject, *does_not), procedure, LATEST)[0]
    if kind is not K.ABSTAINED:  # which is about what nobody could look at, whatever it is asked for
        assert "does not follow" in faults(concludes(kind, "another", *carries), procedure, LATEST)[0]


def test_every_kind_of_conclusion_has_its_support():
    assert set(SUPPORTS) == set(ConclusionKind)


def test_a_refused_chain_is_kept_with_its_reasons(procedure: Procedure):
    from medgrpo.reasoning import scene_graph

    bad = replace(GOOD, cues_seen=(replace(CUT, seconds=()), CLIPPED, BLOOD))
    thinker = Thinker(procedure, 60.0, (lambda _: bad, lambda _: GOOD, lambda _: None))
    situation = Situation(Trigger.EVENT, LATEST, procedure, None, scene_graph(), ())
    made = thinker.think(situation)
    assert isinstance(made[0], RefusedThought)
    assert "cue c1 has no frame" in made[0].reasons[0]
    assert isinstance(made[1], Thought)
    assert made[1].id == "thought-0001"
    assert len(thinker.think(situation)) == 1  # the same again a moment later: only the refusal is counted again
