"""Several videos: one that fails is named, and the rest are done."""

from __future__ import annotations

from pathlib import Path

import pytest

from medgrpo.analysis import AnalysisOptions, Existing, analyze_batch, output_folders
from medgrpo.core import InputError, Interrupted, VideoError


def test_one_bad_file_does_not_stop_the_rest(operation, whole, scripted, tmp_path):
    bad, missing = tmp_path / "bad.mp4", tmp_path / "missing.mp4"
    bad.write_bytes(b"not a video")
    folders = output_folders([bad, operation, missing], tmp_path / "out")
    outcomes = analyze_batch(folders, AnalysisOptions(), scripted.ScriptedPerceiver())
    assert [outcome.path for outcome in outcomes] == [bad, operation, missing]
    assert isinstance(outcomes[0].error, VideoError)
    assert isinstance(outcomes[2].error, VideoError)
    assert outcomes[1].error is None
    assert (tmp_path / "out" / "operation.medgrpo" / "analysis.jsonl").read_bytes() == (whole / "analysis.jsonl").read_bytes()
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["operation.medgrpo"]


def test_a_bug_is_not_hidden(operation, scripted, tmp_path):
    perceiver = scripted.ScriptedPerceiver()
    perceiver.look = lambda _frame: 1 / 0
    with pytest.raises(ZeroDivisionError):
        analyze_batch({operation: tmp_path}, AnalysisOptions(), perceiver)


def test_an_interrupted_batch_stops_and_resumes_where_it_was(operation, scripted, tmp_path):
    looks = 0

    def stop() -> bool:
        nonlocal looks
        looks += (tmp_path / "operation.medgrpo" / "analysis.jsonl").exists()  # the first video is done
        return looks == 50

    second = tmp_path / "second.mp4"
    second.write_bytes(operation.read_bytes())
    folders = output_folders([operation, second], tmp_path)
    with pytest.raises(Interrupted, match=r"second\.mp4"):
        analyze_batch(folders, AnalysisOptions(), scripted.ScriptedPerceiver(), stop=stop)
    outcomes = analyze_batch(folders, AnalysisOptions(), scripted.ScriptedPerceiver(), existing=Existing.RESUME)
    taken_over = [outcome.result.looks_taken_over for outcome in outcomes if outcome.result is not None]
    assert taken_over == [200, 50]


def test_where_results_go():
    assert output_folders([Path("a/case1.mp4")], Path("here")) == {Path("a/case1.mp4"): Path("here")}
    assert output_folders([Path("a/case1.mp4")], None) == {Path("a/case1.mp4"): Path("case1.medgrpo")}
    both = output_folders([Path("a/x.mp4"), Path("b/y.mp4")], Path("out"))
    assert list(both.values()) == [Path("out/x.medgrpo"), Path("out/y.medgrpo")]
    with pytest.raises(InputError, match=r"b/x\.mkv: its results would go to x\.medgrpo"):
        output_folders([Path("a/x.mp4"), Path("b/x.mkv")], None)
