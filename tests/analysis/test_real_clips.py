"""Real operations through the whole path with the shipped perceiver. How accurate it is, `medgrpo evaluate` says."""

from __future__ import annotations

from pathlib import Path

import pytest

from medgrpo.analysis import AnalysisOptions, Existing, analyze, read_analysis
from medgrpo.core import Interrupted
from medgrpo.perception import load_perceiver

CLIPS = Path(__file__).parents[3] / "shared" / "data" / "cholec_clips"
NAMES = sorted(path.name for path in CLIPS.glob("*.mp4"))
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not NAMES, reason=f"needs the clips of Cholec80 in {CLIPS}"),
]


@pytest.mark.parametrize("name", NAMES)
def test_a_real_clip_gives_a_whole_analysis(name, tmp_path):
    result = analyze(CLIPS / name, tmp_path, AnalysisOptions(), load_perceiver())
    analysis = read_analysis(result.analysis_path)
    duration = analysis.header.video.duration_seconds
    assert duration is not None
    assert abs(analysis.summary.looks - duration * 5) <= 2
    assert not analysis.header.simulated
    assert analysis.summary.reading.frames_decoded > 0
    assert analysis.summary.reading.frames_broken == 0
    assert not analysis.summary.reading.truncated
    seconds = [observation.seconds for observation in analysis.observations]
    assert seconds == sorted(set(seconds))
    coverage = analysis.timeline.coverage
    covered = coverage.assessed_seconds + sum(coverage.not_assessed_seconds.values())
    assert covered == pytest.approx(analysis.timeline.duration_seconds, abs=0.5)
    assert analysis.timeline.phases
    page = result.report_path.read_text(encoding="utf-8")
    assert "DRAFT, research software, not for clinical use" in page
    assert analysis.header.video.sha256 in page


def test_the_shipped_perceiver_resumes_bit_for_bit(tmp_path):
    shortest = min(CLIPS.glob("*.mp4"), key=lambda path: path.stat().st_size)
    perceiver, looks = load_perceiver(), 0

    def stop() -> bool:
        nonlocal looks
        looks += 1
        return looks == 23

    analyze(shortest, tmp_path / "whole", AnalysisOptions(), perceiver)
    with pytest.raises(Interrupted):
        analyze(shortest, tmp_path / "parts", AnalysisOptions(), perceiver, stop=stop)
    analyze(shortest, tmp_path / "parts", AnalysisOptions(), load_perceiver(), existing=Existing.RESUME)
    whole, parts = (tmp_path / "whole" / "analysis.jsonl"), (tmp_path / "parts" / "analysis.jsonl")
    assert whole.read_bytes() == parts.read_bytes()
