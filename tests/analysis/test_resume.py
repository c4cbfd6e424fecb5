"""An analysis that is stopped at any moment, by any means, goes on and ends with the same bytes."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from medgrpo.analysis import AnalysisOptions, Existing, analyze
from medgrpo.core import InputError, Interrupted


def _stopped_after(looks: int):
    count = 0

    def stop() -> bool:
        nonlocal count
        count += 1
        return count >= looks

    return stop


def _state(out: Path) -> Path:
    return out / ".partial" / "looks.txt"


@pytest.mark.parametrize("looks", [1, 2, 57, 95, 199])
def test_a_resumed_run_gives_the_same_bytes(looks, operation, whole, scripted: ModuleType, tmp_path: Path):
    with pytest.raises(Interrupted, match=r"operation\.mp4: stopped at .* --resume"):
        analyze(operation, tmp_path, AnalysisOptions(), scripted.ScriptedPerceiver(), stop=_stopped_after(looks))
    assert not (tmp_path / "analysis.jsonl").exists()
    assert not (tmp_path / "report.html").exists()
    assert len(_state(tmp_path).read_bytes().splitlines()) == looks
    result = analyze(operation, tmp_path, AnalysisOptions(), scripted.ScriptedPerceiver(), existing=Existing.RESUME)
    assert result.looks_taken_over == looks
    assert (tmp_path / "analysis.jsonl").read_bytes() == (whole / "analysis.jsonl").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["analysis.jsonl", "report.html"]


def test_many_stops_give_the_same_bytes(operation, whole, scripted, tmp_path):
    for _ in range(4):
        with pytest.raises(Interrupted):
            analyze(
                operation, tmp_path, AnalysisOptions(), scripted.ScriptedPerceiver(),
                existing=Existing.RESUME, stop=_stopped_after(40),
            )  # fmt: skip
    analyze(operation, tmp_path, AnalysisOptions(), scripted.ScriptedPerceiver(), existing=Existing.RESUME)
    assert (tmp_path / "analysis.jsonl").read_bytes() == (whole / "analysis.jsonl").read_bytes()


def test_a_torn_last_line_is_dropped(operation, whole, scripted, tmp_path):
    with pytest.raises(Interrupted):
        analyze(operation, tmp_path, AnalysisOptions(), scripted.ScriptedPerceiver(), stop=_stopped_after(30))
    state = _state(tmp_path)
    state.write_bytes(state.read_bytes()[:-40])
    result = analyze(operation, tmp_path, AnalysisOptions(), scripted.ScriptedPerceiver(), existing=Existing.RESUME)
    assert result.looks_taken_over == 29
    assert (tmp_path / "analysis.jsonl").read_bytes() == (whole / "analysis.jsonl").read_bytes()


def test_a_damaged_state_is_one_error(operation, scripted, tmp_path):
    with pytest.raises(Interrupted):
        analyze(operation, tmp_path, AnalysisOptions(), scripted.ScriptedPerceiver(), stop=_stopped_after(30))
    lines = _state(tmp_path).read_bytes().splitlines(keepends=True)
    lines[10] = b"\0" * 100 + b"\n"
    _state(tmp_path).write_bytes(b"".join(lines))
    with pytest.raises(InputError, match=r"line 11 is damaged: use --force"):
        analyze(operation, tmp_path, AnalysisOptions(), scripted.ScriptedPerceiver(), existing=Existing.RESUME)


def test_resume_refuses_what_has_changed(operation, scripted, tmp_path):
    from_scratch = {"existing": Existing.RESUME}
    with pytest.raises(Interrupted):
        analyze(operation, tmp_path, AnalysisOptions(), scripted.ScriptedPerceiver(), stop=_stopped_after(30))
    with pytest.raises(InputError, match=r"looks per second was 5\.0, now 4\.0"):
        analyze(operation, tmp_path, AnalysisOptions(looks_per_second=4), scripted.ScriptedPerceiver(), **from_scratch)
    with pytest.raises(InputError, match="seen by scripted@1, now other@2"):
        analyze(operation, tmp_path, AnalysisOptions(), scripted.ScriptedPerceiver(model="other@2"), **from_scratch)
    other = tmp_path / "other.mp4"
    other.write_bytes(operation.read_bytes() + b"\0")
    with pytest.raises(InputError, match="other content"):
        analyze(other, tmp_path, AnalysisOptions(), scripted.ScriptedPerceiver(), **from_scratch)


def test_without_resume_an_existing_state_is_refused_and_force_restarts(operation, whole, scripted, tmp_path):
    perceiver = scripted.ScriptedPerceiver()
    with pytest.raises(Interrupted):
        analyze(operation, tmp_path, AnalysisOptions(), perceiver, stop=_stopped_after(30))
    with pytest.raises(InputError, match="unfinished analysis: use --resume"):
        analyze(operation, tmp_path, AnalysisOptions(), perceiver)
    result = analyze(operation, tmp_path, AnalysisOptions(), perceiver, existing=Existing.RESTART)
    assert result.looks_taken_over == 0
    with pytest.raises(InputError, match="already holds an analysis: use --force"):
        analyze(operation, tmp_path, AnalysisOptions(), perceiver)
    again = analyze(operation, tmp_path, AnalysisOptions(), perceiver, existing=Existing.RESUME)
    assert replace(again, stage_seconds={}, looks_taken_over=0) == replace(result, stage_seconds={})
    assert (tmp_path / "analysis.jsonl").read_bytes() == (whole / "analysis.jsonl").read_bytes()


def test_ctrl_c_and_sigterm_end_politely(operation, whole, runner, tmp_path):
    for number in (signal.SIGINT, signal.SIGTERM):
        process = subprocess.Popen(
            [*runner, operation, tmp_path, "--existing", "resume", "--delay", "0.02"], stderr=subprocess.PIPE, text=True
        )
        _wait_for_growth(_state(tmp_path), process)
        process.send_signal(number)
        _, errors = process.communicate(timeout=30)
        assert process.returncode == 130
        assert errors.count("\n") == 1
        assert "give the same command with --resume to go on" in errors
    subprocess.run([*runner, operation, tmp_path, "--existing", "resume"], check=True, timeout=60)
    assert (tmp_path / "analysis.jsonl").read_bytes() == (whole / "analysis.jsonl").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_killed_at_random_moments_it_can_always_go_on(seed, operation, whole, runner, tmp_path):
    moments, kills = random.Random(seed), 0
    for _ in range(40):
        process = subprocess.Popen([*runner, operation, tmp_path, "--existing", "resume", "--delay", "0.01"])
        try:
            assert process.wait(timeout=moments.uniform(0.5, 2.0)) == 0
            break
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            kills += 1
        finished = (tmp_path / "analysis.jsonl").exists()
        assert not finished or (tmp_path / "analysis.jsonl").read_bytes() == (whole / "analysis.jsonl").read_bytes()
    subprocess.run([*runner, operation, tmp_path, "--existing", "resume"], check=True, timeout=60)
    assert kills
    assert (tmp_path / "analysis.jsonl").read_bytes() == (whole / "analysis.jsonl").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["analysis.jsonl", "report.html"]


def test_a_kill_between_the_last_steps_is_no_trouble(operation, whole, scripted, tmp_path):
    perceiver = scripted.ScriptedPerceiver()

    def resume(out: Path) -> int:
        result = analyze(operation, out, AnalysisOptions(), perceiver, existing=Existing.RESUME)
        assert (out / "analysis.jsonl").read_bytes() == (whole / "analysis.jsonl").read_bytes()
        assert sorted(path.name for path in out.iterdir()) == ["analysis.jsonl", "report.html"]
        return result.looks_taken_over

    with pytest.raises(Interrupted):
        analyze(operation, tmp_path / "a", AnalysisOptions(), perceiver, stop=_stopped_after(200))
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    shutil.copytree(tmp_path / "a", tmp_path / "c")
    (tmp_path / "a" / "report.html").write_text("the report was there already, the records were not")
    assert resume(tmp_path / "a") == 200
    shutil.copy(whole / "analysis.jsonl", tmp_path / "b")
    shutil.copy(whole / "report.html", tmp_path / "b")
    assert resume(tmp_path / "b") == 200
    (tmp_path / "c" / ".partial" / "header.json").unlink()  # looks that nobody can vouch for are looked at again
    assert resume(tmp_path / "c") == 0


def test_a_full_disk_is_one_clear_line_and_can_be_resumed(operation, whole, runner, tmp_path):
    full = subprocess.run(
        [*runner, operation, tmp_path, "--file-limit", "20000"], stderr=subprocess.PIPE, text=True, timeout=60, check=False
    )
    assert full.returncode == 2
    assert full.stderr.count("\n") == 1
    assert "cannot be written: File too large" in full.stderr
    subprocess.run([*runner, operation, tmp_path, "--existing", "resume"], check=True, timeout=60)
    assert (tmp_path / "analysis.jsonl").read_bytes() == (whole / "analysis.jsonl").read_bytes()


def test_an_output_place_that_cannot_be_written(operation, scripted, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match="is a file, and the results need a folder"):
        analyze(operation, tmp_path / "file", AnalysisOptions(), scripted.ScriptedPerceiver())
    with pytest.raises(InputError, match="cannot be written: Not a directory"):
        analyze(operation, tmp_path / "file" / "below", AnalysisOptions(), scripted.ScriptedPerceiver())
    assert (tmp_path / "file").read_text() == "mine"


def _wait_for_growth(path: Path, process: subprocess.Popen[str]) -> None:
    """Until the running process has added a look."""
    before = path.stat().st_size if path.exists() else 0
    for _ in range(1000):
        if process.poll() is not None or (path.exists() and path.stat().st_size > before):
            return
        time.sleep(0.02)
