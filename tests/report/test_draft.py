"""The draft says what the timeline says, arranged; the expectations are counted by hand from conftest."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from medgrpo.core import KnowledgeError, Span, clock
from medgrpo.knowledge import Procedure
from medgrpo.reasoning import Coverage, Event, EventKind, Evidence, Finding, PhaseSegment, RiskLevel, RiskState, Timeline
from medgrpo.report import CaseInfo, Field, Provenance, Report, draft_report, render_html, report_text
from medgrpo.video import Image

Case = Callable[..., CaseInfo]


def field(report: Report, name: str) -> Field:
    return next(field for field in report.fields if field.name == name)


def test_every_finding_is_told_once_and_where_it_begins(report: Report, timeline: Timeline) -> None:
    told = [finding.id for section in report.sections for finding in section.statements]
    assert sorted(told) == sorted(finding.id for finding in timeline.findings)
    clipping = next(section for section in report.sections if section.phase == "clipping-and-cutting")
    assert [finding.id for finding in clipping.statements] == ["F010", "F008", "F009", "F011", "F012", "F013"]  # when each begins
    whole = report.sections[-1]
    assert (whole.title, [finding.id for finding in whole.statements]) == ("The operation as a whole", ["F024"])


def test_the_summary_names_what_was_seen_and_counts_no_clips(report: Report) -> None:
    assert report.summary == (
        "9 min 22 s of 10 min of video (94%) could be assessed.",
        "All 7 phases of the procedure were recognised.",
        "Seen: clipping 04:16–04:23, 04:28–04:34 (cystic duct) and 04:39–04:47 (cystic artery), number of clips not counted;"
        " division 04:52–04:58 (cystic duct) and 05:05–05:12 (cystic artery); bleeding seen twice (liver once); specimen bag"
        " used twice; view lost once; camera outside the body once.",
    )
    assert report.concerns[0] == "Alerts: division before clipping at 05:05; bleeding at 03:53 and 07:04; view lost at 05:18."
    assert report.concerns[1].startswith("Never assessed: critical view of safety")


def test_what_was_seen_has_times_and_statements(report: Report) -> None:
    duct = field(report, "cystic duct: control")
    assert duct.value == "clipping seen twice (04:16, 04:28); division seen once (04:52)"
    assert (duct.provenance, duct.seconds, duct.statements) == (Provenance.SEEN, (259.5, 271.0, 295.0), ("F008", "F009", "F012"))
    assert field(report, "bleeding").value == "seen twice (03:53, 07:04)"
    assert field(report, "energy devices used").value == "hook, bipolar forceps"
    assert field(report, "energy devices used").provenance is Provenance.INFERRED
    assert field(report, "stills").value == f"{len(report.key_frames)} key frames"


def test_a_text_does_not_promise_pictures_that_it_does_not_hold(report: Report) -> None:
    assert report.key_frames
    text = report_text(report)
    assert "key frame" not in text
    assert "Stills" not in text
    assert "- Cystic duct: control: clipping seen twice" in text


def test_nothing_is_filled_by_default(report: Report) -> None:
    loss = field(report, "estimated blood loss mL")
    assert loss.value is None
    assert "unknown, not 0" in loss.note
    assert field(report, "patient id").note == "not visible on video"
    assert field(report, "bail-out").value is None
    assert field(report, "total out of 6").note == "this version has no model that scores the critical view of safety"


def test_every_field_of_the_template_is_there_once(report: Report) -> None:
    assert len(report.fields) == len({(field.group, field.name) for field in report.fields}) == 65
    assert [field.group for field in report.fields] == sorted((f.group for f in report.fields), key=_template_order)


def _template_order(group: str) -> int:
    first = "identification,indication,set-up,findings,preparation,critical view,division,imaging,energy"
    return f"{first},bail-out,events,end,after,media".split(",").index(group)


def test_what_was_not_seen_names_the_share_that_was_looked_at(timeline: Timeline, procedure: Procedure, make_case: Case) -> None:
    bare = replace(timeline, events=(), actions=(), coverage=Coverage(150.0, {"black picture": 450.0}))
    report = draft_report(bare, procedure, make_case())
    for name in ("bleeding", "specimen retrieval (bag)", "cystic artery: control", "washout", "adhesions", "energy devices used"):
        assert field(report, name).value is None
        assert "in the 25% of the video that could be assessed; it may have happened unseen" in field(report, name).note


def test_division_without_a_clip_says_so(timeline: Timeline, procedure: Procedure, make_case: Case) -> None:
    cuts = tuple(event for event in timeline.events if event.kind is EventKind.STRUCTURE_DIVIDED)
    artery = field(draft_report(replace(timeline, events=cuts), procedure, make_case()), "cystic artery: control")
    assert artery.value == "division seen once (05:05)"
    assert artery.note.startswith("no clip was seen before the division")


def test_a_clip_on_the_pedicle_is_told_for_duct_and_artery(timeline: Timeline, procedure: Procedure, make_case: Case) -> None:
    acts = tuple(
        replace(event, target="cystic_pedicle")
        for event in timeline.events
        if event.kind in (EventKind.CLIP_APPLIED, EventKind.STRUCTURE_DIVIDED)
    )
    report = draft_report(replace(timeline, events=acts), procedure, make_case())
    for name in ("cystic duct: control", "cystic artery: control"):
        control = field(report, name)
        assert control.value == (
            "a clip on the cystic pedicle was seen at 04:16, 04:28, 04:39 (duct and artery are not told apart); "
            "division of the cystic pedicle was seen at 04:52, 05:05 (duct and artery are not told apart)"
        )
        assert (control.provenance, control.seconds[0]) == (Provenance.INFERRED, 259.5)
        assert control.statements


def test_a_clip_after_the_division_is_not_taken_for_one_before(timeline: Timeline, procedure: Procedure, make_case: Case) -> None:
    cut = next(event for event in timeline.events if event.kind is EventKind.STRUCTURE_DIVIDED)
    late = replace(cut, kind=EventKind.CLIP_APPLIED, span=Span(cut.span.end_seconds + 1, cut.span.end_seconds + 5))
    control = field(draft_report(replace(timeline, events=(cut, late)), procedure, make_case()), "cystic duct: control")
    assert control.note.startswith("no clip was seen before the division")


def test_alarming_channels_come_first_and_blind_ones_last(report: Report) -> None:
    ids = [channel.id for channel in report.channels]
    assert ids[:4] == ["division_before_clip", "bleeding", "view", "clip_before_dissection"]
    assert ids[4:] == ["critical_view", "dangerous_zone", "energy_without_view"]
    assert report.channels[0].advice.startswith("Define, decide")
    assert all(state.level is RiskLevel.NOT_ASSESSED for state in report.channels[-1].states)


def test_gaps_name_video_phases_channels_and_items(report: Report) -> None:
    gaps = {(gap.what, gap.why): gap for gap in report.gaps}
    assert gaps["Video", "black picture"].seconds == 6.0
    assert gaps["Phase of the operation", "lens fouled or smoke: the view is obscured"].spans == ((318, 344),)
    assert gaps["bleeding", "the view is obscured"].seconds == 26
    assert any(gap.what.endswith("synoptic items, listed under that heading") for gap in report.gaps)


def test_key_frames_cover_alerts_events_and_phases(report: Report) -> None:
    seconds = [frame.seconds for frame in report.key_frames]
    assert seconds == sorted(set(seconds))
    assert len(seconds) + report.key_frames_left_out == 4 + 8 + 6  # three looks show two things
    alerts = [frame for frame in report.key_frames if frame.kind == "alert"]
    assert [frame.seconds for frame in alerts] == [239.5, 311.5, 331.0, 430.0]
    assert alerts[0].reasons == ("Alert: bleeding", "Bleeding seen")
    assert alerts[0].statements == ("F006",)


def test_key_frames_are_limited_and_alerts_survive(
    timeline: Timeline, procedure: Procedure, make_case: Case, make_evidence: Callable[..., Evidence]
) -> None:
    many = tuple(Event(EventKind.BAG_USED, Span(n, n + 1), None, make_evidence(n + 0.25)) for n in range(100))
    report = draft_report(replace(timeline, events=many), procedure, make_case())
    assert len(report.key_frames) == 24
    assert sum(frame.kind == "alert" for frame in report.key_frames) == 4
    assert report.key_frames_left_out == 100 + 4 + 7 - 24


def test_citations_are_numbered_by_first_use_and_must_exist(timeline: Timeline, procedure: Procedure, make_case: Case) -> None:
    report = draft_report(timeline, procedure, make_case())
    assert [citation.key for citation in report.citations][:3] == ["nwoye-2022", "sages-critical-view", "tg18-wakabayashi"]
    assert report.footnote("sages-critical-view") == 2
    invented = replace(timeline.findings[0], citations=("nobody-1999",))
    with pytest.raises(KnowledgeError, match="nobody-1999"):
        draft_report(replace(timeline, findings=(invented,)), procedure, make_case())


def test_silence_of_blind_channels_is_no_reassurance(timeline: Timeline, procedure: Procedure, make_case: Case) -> None:
    blind = tuple(state for state in timeline.risks if state.level is RiskLevel.NOT_ASSESSED)
    quiet = tuple(state for state in timeline.risks if state.level is RiskLevel.MONITORING)
    assert draft_report(replace(timeline, risks=blind), procedure, make_case()).concerns == (
        "No risk channel could be assessed: that no alert was raised says nothing about safety.",
    )
    said = draft_report(replace(timeline, risks=quiet), procedure, make_case()).concerns
    assert said == ("No alert was raised; that is not a statement that the operation was safe.",)


def test_a_channel_never_assessed_names_the_reason_that_held_longest_first(
    timeline: Timeline, procedure: Procedure, make_case: Case, draw_frame: Callable[[float], Image]
) -> None:
    """Here the camera is outside first and last, in sum 2 min; that no model grades the view holds for the rest."""
    outside, no_model = "the camera is outside the body", "not graded: no model"
    spans = (Span(0, 60), outside), (Span(60, 539.6), no_model), (Span(539.6, 540), "black"), (Span(540, 600), outside)
    states = tuple(RiskState("critical_view", RiskLevel.NOT_ASSESSED, span, why, "high", None, ()) for span, why in spans)
    report = draft_report(replace(timeline, risks=states), procedure, make_case())
    text = report_text(report)
    said = f"for 8 min: {no_model}. For 2 min: {outside}. For under 1 s: black"
    assert f"- critical view of safety: NOT ASSESSED {said}\n" in text[text.index("\nRISKS\n") :]
    assert [gap.why for gap in report.gaps if gap.what == "critical view of safety"] == [no_model, outside, "black"]
    assert field(report, "total out of 6").note == no_model
    card = render_html(report, draw_frame).split("<h3>Critical view of safety not documented</h3>")[1].split("</article>")[0]
    assert card.index("Not graded: no model") < card.index("The camera is outside the body") < card.index("Black")


def test_the_course_tells_when_a_finding_begins_and_goes_by_it(
    timeline: Timeline, procedure: Procedure, make_case: Case, make_evidence: Callable[..., Evidence]
) -> None:
    """The evidence of the first lies latest: its time is that of a picture, not of what is told."""
    triangle = next(segment for segment in timeline.phases if segment.phase == "carlot-triangle-dissection")
    begin, end = triangle.span.start_seconds, triangle.span.end_seconds
    looked = [make_evidence(end + 5), make_evidence(begin + 9)]
    late = Finding("late", "Late picture.", Span(begin, end + 9), "seen", looked[0])
    early = Finding("early", "Early picture.", Span(begin + 8, begin + 10), "seen", looked[1])
    text = report_text(draft_report(replace(timeline, findings=(early, late)), procedure, make_case()))
    times = [clock(one.span.start_seconds) for one in (late, early)]
    course = text[text.index("\nCOURSE\n") : text.index("\nRISKS\n")]
    assert f"{clock(end)}\n- [{times[0]}] Late picture.\n- [{times[1]}] Early picture.\n" in course


def test_simulated_is_said(make_timeline: Callable[..., Timeline], procedure: Procedure, make_case: Case) -> None:
    assert draft_report(make_timeline("simulated laparoscopic cholecystectomy"), procedure, make_case()).simulated
    assert not draft_report(make_timeline(), procedure, make_case()).simulated


def test_an_operation_that_could_not_be_assessed(
    procedure: Procedure, make_case: Case, make_evidence: Callable[..., Evidence]
) -> None:
    """Also a video of no length: nothing divides by it."""
    nothing = Timeline(0.0, (), (), (), (), (), (), Coverage(0.0, {}), "unknown", ())
    report = draft_report(nothing, procedure, replace(make_case(), duration_seconds=0.0))
    assert report.summary == (
        "The video was not recognised as laparoscopic cholecystectomy (kind of video: unknown).",
        "0 s of 0 s of video (0%) could be assessed.",
        "No phase of the operation was named: nothing could be assessed.",
    )
    assert not report.recognised
    assert all(field.value is None for field in report.fields)
    blind = PhaseSegment(Span(0, 5), None, 0.0, make_evidence(1.0), "not a cholecystectomy")
    stray = Finding("F1", "Outside.", Span(7, 7), "seen", make_evidence(7.0))
    report = draft_report(replace(nothing, duration_seconds=10.0, phases=(blind,), findings=(stray,)), procedure, make_case())
    assert [section.title for section in report.sections] == ["Phase not assessed", "Outside the phases"]
