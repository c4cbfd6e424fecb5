"""The file's records: written, read back the same, each documented, and a wrong file said to be wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from medgrpo.analysis import RECORD_TYPES, Summary, parse_line, read_analysis, read_records, record_line
from medgrpo.analysis.records import rounded
from medgrpo.core import Box, DataError, Span
from medgrpo.perception import Domain, Observation, Seen, Tip, View, ViewState
from medgrpo.reasoning import (
    Absence,
    ActionSegment,
    ComingRisk,
    ComingTime,
    Conclusion,
    ConclusionKind,
    Coverage,
    Cue,
    Event,
    EventKind,
    Evidence,
    Expected,
    Finding,
    Forecast,
    Ground,
    GroundKind,
    MissingCue,
    Option,
    PhaseSegment,
    RefusedThought,
    RiskLevel,
    RiskNamed,
    RiskState,
    StepSegment,
    SubGoalLevel,
    SubGoalState,
    Thought,
    UnusualOrder,
)
from medgrpo.video import ReadingReport

FORMATS = Path(__file__).parents[2] / "docs" / "formats.md"
TIP = Tip("hook", Box(0.1, 0.2, 0.3, 0.4), 0.75)
EVIDENCE = Evidence((1.0, 1.2), 1.2, "scripted@1", 0.8, (TIP,))
SEEN = Seen((1 / 3,) * 6, (0.1,) * 10, (0.0,) * 15, (1.0,) * 100, (1 / 7,) * 7, (TIP,))
VIEW = View(ViewState.INSIDE, 1 / 3, 0.5, 0.25, 0.0)
EVERY_KIND = (
    Observation(1.2345678, VIEW, Domain.CHOLECYSTECTOMY, SEEN, None, "scripted@1"),
    Observation(2.0, VIEW, Domain.UNKNOWN, None, "not laparoscopic cholecystectomy", "scripted@1"),
    PhaseSegment(Span(0, 3), None, 0.0, EVIDENCE, "black"),
    StepSegment(Span(0, 3), "clipping-and-cutting", "divide_structures", 0.5, EVIDENCE),
    SubGoalState("duct_clipped", "clipping-and-cutting", SubGoalLevel.NOT_BEGUN, Span(0, 3), "nothing seen", None, ()),
    UnusualOrder(Span(1, 2), "preparation", "gallbladder-extraction", 0.0, ("carlot-triangle-dissection",), "why", EVIDENCE, ()),
    ActionSegment(Span(0, 3), "hook,dissect,gallbladder", 0.5, EVIDENCE),
    Event(EventKind.CLIP_APPLIED, Span(1, 2), "cystic_duct", EVIDENCE),
    Finding("f1", "A clip is applied.", Span(1, 2), "inferred", EVIDENCE, ("strasberg-2010",), "clip-before-cut"),
    Forecast(2.0, (Option("phase", "clipping-and-cutting", 0.6, None),), "transition shares", EVIDENCE, ()),
    Forecast(
        3.0,
        (Option("step", "clip_duct", 0.6, None),),
        "order of steps",
        EVIDENCE,
        ("brunt-2020",),
        actions=(Option("action", "clipper,clip,cystic_duct", 0.4, None),),
        times=(ComingTime("event", "clip applied", 0.9, 0.0, 12.5, None),),
        remaining=ComingTime("end", "operation", 0.5, 60.0, None, None),
        risks=(ComingRisk("bleeding", ("gallbladder-dissection",), 0.8, 1.0, 2.0, 3.0, ("tg18-wakabayashi",)),),
        horizon_seconds=3600.0,
        times_basis="design values",
    ),
    RiskState("bleeding", RiskLevel.NOT_ASSESSED, Span(0, 3), "black", "high", None, ()),
    Thought(
        "thought-0001",
        "view",
        "Go on?",
        2.0,
        Span(1, 2),
        (),
        (Cue("c1", ("state:out_of_body",), "out", Span(1, 2), (1.5,), 1.5, 0.5, "image measure"),),
        (MissingCue("m1", "anatomy:tissue_plane", "the field", Absence.NO_VIEW),),
        (Ground("g1", GroundKind.HAZARD, "view", "state:out_of_body", "why", ("a",)),),
        (Conclusion(ConclusionKind.ABSTAINED, "view", ("m1",)),),
        (RiskNamed("view", "view lost", (), "restore", ("a",)),),
        (Expected("x", "X", 0.5, 2.0),),
        None,
        "not seen",
        "The view is lost.",
    ),
    RefusedThought("clip", 2.0, ("cue c1 has no frame",)),
    Summary(2, 3.0, Coverage(2.0, {"black": 1.0}), "unknown", ReadingReport(30, 1, 0, True)),
)


@pytest.mark.parametrize("record", EVERY_KIND, ids=lambda record: type(record).__name__)
def test_what_is_read_back_is_what_was_written(record):
    line = record_line(record)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert RECORD_TYPES[json.loads(line)["type"]] is type(record)
    assert parse_line(line) == record


def test_rounding_is_to_four_decimals_and_leaves_the_time_alone():
    look = rounded(EVERY_KIND[0])
    assert look.seconds == 1.2345678
    assert look.seen.instruments[0] == 0.3333
    assert look.seen.phases[0] == 0.1429
    assert look.view.brightness == 0.3333
    assert rounded(look) == look


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"{}", 'no "type" that is one of header, observation'),
        (b'{"type":"guess"}', 'no "type"'),
        (b"[1]", "not a JSON object"),
        (b'{"type":"summary","looks":1}', "line 1: duration_seconds: Field required"),
        (b'{"type":"risk"', "is not a JSON record"),
    ],
)
def test_a_wrong_line_is_named(line, words, tmp_path):
    path = tmp_path / "analysis.jsonl"
    path.write_bytes(line)
    with pytest.raises(DataError, match=words):
        list(read_records(path))


def test_a_whole_analysis_is_read_back(whole, tmp_path):
    analysis = read_analysis(whole / "analysis.jsonl")
    assert len(analysis.observations) == analysis.summary.looks == 200
    assert analysis.header.video.name == "operation.mp4"
    assert analysis.header.models == ("scripted@1",)
    assert not analysis.header.simulated
    assert analysis.summary.reading.frames_decoded == 400
    assert [o.seconds for o in analysis.observations] == [index / 5 for index in range(200)]
    order = [type(record) for record in read_records(whole / "analysis.jsonl")]
    assert [kind for index, kind in enumerate(order) if index == 0 or order[index - 1] is not kind] == [
        kind for kind in RECORD_TYPES.values() if kind in order
    ]
    cut = tmp_path / "cut.jsonl"
    cut.write_bytes(b"".join((whole / "analysis.jsonl").read_bytes().splitlines(keepends=True)[:-1]))
    with pytest.raises(DataError, match="not a whole analysis"):
        read_analysis(cut)
    with pytest.raises(DataError, match="cannot be read: No such file"):
        read_analysis(tmp_path / "none.jsonl")


def test_the_docs_show_a_true_example_of_every_record():
    examples = [line for line in FORMATS.read_text(encoding="utf-8").splitlines() if line.startswith('{"type":')]
    assert [json.loads(line)["type"] for line in examples] == list(RECORD_TYPES)
    for line in examples:
        assert record_line(parse_line(line.encode())).decode() == f"{line}\n"


def test_the_docs_name_every_field():
    text = FORMATS.read_text(encoding="utf-8")
    for name, kind in RECORD_TYPES.items():
        section = text.split(f"### {name}\n")[1].split("\n### ")[0]
        fields = getattr(kind, "model_fields", None) or kind.__dataclass_fields__
        for field in fields:
            assert f"`{field}`" in section, f"{name}.{field}"
