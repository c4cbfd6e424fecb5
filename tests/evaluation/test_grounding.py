"""Statements counted against evidence, sources and truth, on small files whose counts are known by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from medgrpo.cli import main
from medgrpo.core import DataError, Span
from medgrpo.evaluation import CaseTruth, TrueEvent, TrueLook, measure_grounding

HEADER = {"type": "header", "options": {"looks_per_second": 1.0, "procedure": "cholecystectomy"}}
SUMMARY = {"type": "summary", "looks": 60, "duration_seconds": 60.0, "language": {"rejected": 2}}


def evidence(*seconds: float) -> dict[str, Any]:
    return {"seconds": list(seconds), "key_seconds": seconds[0] if seconds else 0.0, "confidence": 0.9}


def span(start: float, end: float) -> dict[str, float]:
    return {"start_seconds": start, "end_seconds": end}


def finding(at: float, basis: str = "seen", citations: tuple[str, ...] = (), text: str = "Bag.", rule: str | None = None) -> dict:
    where = span(at, at + 5)
    return {"type": "finding", "text": text, "span": where, "basis": basis, "evidence": evidence(at), "citations": list(citations),
            "rule": rule}  # fmt: skip


def alert(channel: str, at: float, level: str = "alert", key: str = "medgrpo-design") -> dict[str, Any]:
    proof = None if level in ("monitoring", "not assessed") else evidence(at)
    return {"type": "risk", "channel": channel, "level": level, "span": span(at, at + 10), "evidence": proof, "citations": [key]}


def event(kind: str, target: str | None, at: float) -> dict[str, Any]:
    return {"type": "event", "kind": kind, "target": target, "span": span(at, at + 5), "evidence": evidence(at)}


def phase(name: str, start: float, end: float) -> dict[str, Any]:
    return {"type": "phase", "phase": name, "span": span(start, end), "evidence": evidence(start)}


def thought(cues: list[list[float]], abstain: str | None, citations: tuple[str, ...] = ("medgrpo-design",)) -> dict[str, Any]:
    return {"type": "thought", "seconds": 20.0, "abstain": abstain, "cues_seen": [{"seconds": one} for one in cues],
            "grounds": [{"citations": list(citations)}], "risks": []}  # fmt: skip


def written(folder: Path, *records: dict[str, Any]) -> Path:
    looks = [{"type": "observation", "seconds": float(at)} for at in range(60)]
    lines = [json.dumps(one) for one in (HEADER, *looks, *records, SUMMARY)]
    (folder / "analysis.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def test_what_is_grounded_counts_as_such(tmp_path: Path) -> None:
    records = (
        finding(5),
        finding(6, "inferred", ("brunt-2020",), rule="phase tracker"),
        alert("bleeding", 10),
        alert("bleeding", 20, "monitoring"),
    )
    result = measure_grounding(written(tmp_path, *records))
    assert {kind: (one.made, one.with_evidence) for kind, one in result.kinds.items()} == {"finding": (2, 2), "alert": (1, 1)}
    assert result.grounded_share == 1.0
    assert result.cited_share == 1.0
    assert result.without_evidence == 0
    assert result.language == {"rejected": 2}


def test_evidence_must_be_a_look_of_this_video(tmp_path: Path) -> None:
    off, empty = finding(5), finding(7)
    off["evidence"], empty["evidence"] = evidence(5.25), evidence()
    result = measure_grounding(written(tmp_path, off, empty, finding(9)))
    assert result.without_evidence == 2
    assert result.grounded_share == pytest.approx(1 / 3)
    assert any("no look" in fault for fault in result.faults)


def test_sources_must_exist_and_be_there_for_what_is_inferred(tmp_path: Path) -> None:
    records = (finding(5, "inferred", (), rule="x"), alert("bleeding", 10, key="nobody-1900"), finding(6, "seen"))
    result = measure_grounding(written(tmp_path, *records))
    assert result.cited_share == 0.0
    assert result.kinds["alert"].unknown_citation == 1
    assert result.kinds["finding"].need_citation == 1


def test_thoughts_rest_on_every_cue_or_abstain(tmp_path: Path) -> None:
    records = (thought([[1.0], [2.0]], None), thought([[1.0], []], None), thought([], "the view was lost"), thought([], None))
    result = measure_grounding(written(tmp_path, *records, {"type": "thought_refused", "decision": "divide"}))
    counts = result.kinds["thought"]
    assert (counts.made, counts.with_evidence, counts.abstained, counts.without_evidence) == (4, 1, 1, 2)
    assert result.refused == {"divide": 1}


def test_the_truth_contradicts_what_did_not_happen(tmp_path: Path) -> None:
    looks = tuple(TrueLook(float(at), "inside", (), 6) for at in range(60))
    events = (TrueEvent("clip applied", Span(20, 23), "cystic_duct"), TrueEvent("bleeding seen", Span(40, 50), None))
    phases = (("preparation", Span(0, 15)), ("clipping-and-cutting", Span(15, 60)))
    truth = CaseTruth("SIM0001", 60.0, ("bleeding",), phases, events, looks)
    records = (
        phase("preparation", 0, 16),
        phase("gallbladder-dissection", 30, 50),
        event("clip applied", "cystic_duct", 19),
        event("clip applied", "cystic_artery", 20),
        event("clip applied", "cystic_pedicle", 20),
        event("structure divided", "cystic_duct", 30),
        alert("bleeding", 42),
        alert("division_before_clip", 36),
        alert("dangerous_zone", 3),
        finding(36, "inferred", ("brunt-2020",), "Division before clipping: ...", "division_before_clip"),
        finding(30, "seen", (), "Cystic duct divided."),
        finding(50, "seen", (), "Preparation for 00:05."),
    )
    result = measure_grounding(written(tmp_path, *records), truth)
    found = {kind: one.contradicted for kind, one in result.kinds.items()}
    assert found == {"phase": 1, "event": 2, "alert": 1, "finding": 3}


def test_the_command_fails_when_a_statement_is_bare(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "grounding", str(written(tmp_path, finding(5)))]) == 0
    bare = finding(5)
    bare["evidence"] = evidence()
    written(tmp_path, bare)
    assert main(["evaluate", "grounding", str(tmp_path), "--json", str(tmp_path / "counts.json")]) == 1
    assert json.loads((tmp_path / "counts.json").read_text())["without_evidence"] == 1
    assert "no evidence" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["{broken"], "line 1 is not a JSON record"),
        ([json.dumps(HEADER)], "not a whole analysis"),
        ([json.dumps(HEADER), json.dumps({"type": "finding"})], "line 2: finding"),
        ([json.dumps(finding(5))], "before the header"),
    ],
)
def test_a_broken_file_is_one_clear_error(tmp_path: Path, lines: list[str], words: str) -> None:
    (tmp_path / "analysis.jsonl").write_text("\n".join(lines) + "\n")
    with pytest.raises(DataError, match=words):
        measure_grounding(tmp_path)
    with pytest.raises(DataError, match="cannot be read"):
        measure_grounding(tmp_path / "absent")
