# ruff: noqa: E501  (records read better whole)
"""The chain of thought in the page: all its parts, its sources, and passages of a knowledge base that open in place."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from medgrpo.core import Span
from medgrpo.knowledge import Procedure
from medgrpo.library import Claim, ClaimRelation, Document, Mention, Passage
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
    RiskNamed,
    Thought,
    Timeline,
)
from medgrpo.report import CaseInfo, draft_report, render_html
from medgrpo.video import Image

CUE = Cue("c1", ("instrument:clipper", "action:clip", "anatomy:cystic_duct"), "clipper: clip cystic duct", Span(256, 263), (259.1, 259.5), 259.5, 0.8, "seen")  # fmt: skip
OTHER = replace(CUE, id="c2", concepts=("state:view_bleeding",), words="blood <b>", seconds=(240.0,), key_seconds=240.0)
THOUGHT = Thought(
    "thought-0001", "clip", "Clip now?", 264.0, Span(240, 264), (Choice("look", "look again"),), (CUE, OTHER),
    (MissingCue("m1", "state:cystic_plate_exposed", "the cystic plate", Absence.NOT_PERCEIVED, "nobody looks"),),
    (Ground("g1", GroundKind.REQUIRES, "clip_structures", "state:cystic_plate_exposed", "it may close the wrong structure", ("brunt-2020",)),),
    (Conclusion(ConclusionKind.NOT_SHOWN, "clip_structures", ("m1", "g1")),),
    (RiskNamed("bile_duct_injury", "injury of the common bile duct", ("common bile duct",), "Image.", ("gupta-2019",)),),
    (Expected("divide_structures", "division", 0.8, 20.0),), None, "not graded", "The cystic duct has been clipped.",
)  # fmt: skip
TEXT = "The cystic duct joins the common hepatic duct to form the common bile duct."
DOCUMENT = Document(id="a" * 64, name="book.pdf", format="pdf", title="A book", characters=len(TEXT), made_with="tests")
PASSAGE = Passage(
    id="p1", document_id="a" * 64, section=("Liver", "Ducts"), page=12, start_char=0, end_char=len(TEXT), text=TEXT, licence="CC BY"
)


class Base:
    """A knowledge base of one passage, through the same door."""

    def __init__(self, claims: tuple[Claim, ...], named: tuple[str, ...]) -> None:
        self._claims, self._named = claims, named

    def accepted(self) -> tuple[Claim, ...]:
        return self._claims

    def mentions(self) -> list[Mention]:
        return [Mention(passage_id="p1", concept_id=one, start_char=0, end_char=4, text="duct") for one in self._named]

    def passage(self, _id: str) -> Passage:
        return PASSAGE

    def document(self, _id: str) -> Document:
        return DOCUMENT


CLAIM = Claim(
    id="k1", subject="anatomy:cystic_duct", relation=ClaimRelation.DRAINS_INTO, object="anatomy:common_bile_duct", passage_id="p1",
    quote="joins the common hepatic duct", quote_start_char=16, quote_end_char=45, extractor="rules", status="accepted", author="Dr A",
    time=datetime(2026, 11, 24, tzinfo=UTC),
)  # fmt: skip


@pytest.fixture
def thinking(timeline: Timeline) -> Timeline:
    mentions_both = replace(THOUGHT, text="The cystic duct has been clipped. The common bile duct may run close.")
    return replace(timeline, thoughts=(mentions_both,))


def page(
    timeline: Timeline,
    procedure: Procedure,
    make_case: Callable[..., CaseInfo],
    draw_frame: Callable[[float], Image],
    base: object = None,
) -> str:
    return render_html(draft_report(timeline, procedure, make_case(), base), draw_frame, picture_bytes=40_000)  # type: ignore[arg-type]


def test_every_part_is_told_and_opens_beside_the_statement_of_its_moment(thinking, procedure, make_case, draw_frame):
    html = page(thinking, procedure, make_case, draw_frame)
    article = html.split('id="s8"')[1].split("</article>")[0]  # the statement about this very clip
    for words in (
        'id="t1"', "Chain of thought at 04:24.0", "Look again", 'data-item="t1c1">04:19.5<', "Blood &lt;b&gt;", "The cystic plate",
        "not visible to this perception", "Nobody looks", "It may close the wrong structure", "Injury of the common bile duct",
        "Division", "<b>80%</b>", "in about 20 s", "ABSTAINS", "Not graded", "6. Safe laparoscopic cholecystectomy, 2019</a>",
    ):  # fmt: skip
        assert words in article, words
    assert "Gupta V, Jain G" not in article  # the whole entry stands once, among the references
    entries = html.split('id="references"')[1]
    assert entries.count("Gupta V, Jain G") == 1
    assert entries.count("No passage of these sources is at hand") == 1
    assert html.count('<template data-for="t1') == 3
    assert '<b>1</b> chain of thought' in html  # fmt: skip


def test_an_accepted_claim_opens_its_passage_with_its_place(thinking, procedure, make_case, draw_frame):
    html = page(thinking, procedure, make_case, draw_frame, Base((CLAIM,), ()))
    assert "Passage: A book" in html
    assert "Liver › Ducts, page 12, CC BY" in html
    assert "<mark>joins the common hepatic duct</mark>" in html
    assert "accepted by Dr A" in html
    assert "No passage of these sources is at hand" not in html


def test_a_passage_that_only_names_both_says_that_nobody_reviewed_it(thinking, procedure, make_case, draw_frame):
    both = ("anatomy:cystic_duct", "anatomy:common_bile_duct")
    html = page(thinking, procedure, make_case, draw_frame, Base((), both))
    assert "no claim of it was reviewed" in html
    assert "not reviewed</span>" in html
    alone = page(thinking, procedure, make_case, draw_frame, Base((), both[:1]))
    assert "The knowledge base has no passage that joins two" in alone


def test_what_a_chain_says_twice_is_shown_once(thinking, procedure, make_case, draw_frame):
    again = replace(CUE, id="c3", seconds=(262.0,), key_seconds=262.0, confidence=0.6)
    begun = [MissingCue(f"m{n}", "state:triangle_cleared", f"part {n}", Absence.NOT_SEEN, "only begun") for n in (1, 1, 2)]
    thought = replace(thinking.thoughts[0], cues_seen=(CUE, OTHER, again), cues_missing=tuple(begun), conclusions=())
    html = page(replace(thinking, thoughts=(thought,)), procedure, make_case, draw_frame)
    chain = html.split('id="t1"')[1].split("</details>")[0].split("<dt>Seen</dt>")[1].split("<dt>Rules</dt>")[0]
    assert chain.count("Clipper: clip cystic duct") == 1
    assert chain.index("04:19.5") < chain.index("04:22.0") < chain.index("Clipper: clip cystic duct")
    assert "<b>0.60</b>" in chain
    assert "<b>0.80</b>" in chain.split("Blood &lt;b&gt;")[1]
    assert (chain.count("Part 1"), chain.count("Part 2"), chain.count("Only begun")) == (1, 1, 2)
