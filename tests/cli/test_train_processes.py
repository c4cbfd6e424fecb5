"""`--processes N`: a process that is killed ends all with one line; what a launcher started is not started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from medgrpo.cli import main

pytest.importorskip("torch", reason="needs the extra `models`")


def _children(process: int) -> list[int]:
    """Processes that run medgrpo below this one."""
    found: list[int] = []
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        for child in task.read_text(encoding="ascii").split():
            command = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
            if b"medgrpo" in command:
                found.append(int(child))
    return found


@pytest.mark.slow
def test_a_killed_process_ends_all_with_one_line(tmp_path: Path) -> None:
    source = str(Path(__file__).parents[2] / "src")
    command = [sys.executable, "-m", "medgrpo", "train", "sft", str(tmp_path / "r.toml"), "--out", str(tmp_path / "run")]
    process = subprocess.Popen(
        [*command, "--processes", "2"], env=os.environ | {"PYTHONPATH": source}, stderr=subprocess.PIPE, text=True
    )
    try:
        deadline = time.monotonic() + 120
        while len(children := _children(process.pid)) < 2:
            assert process.poll() is None, process.stderr.read() if process.stderr else ""
            assert time.monotonic() < deadline
            time.sleep(0.02)
        os.kill(children[1], signal.SIGKILL)
        _, said = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 3
    assert said == (
        "medgrpo: error: process 1 of 2 was killed by SIGKILL, and the others were ended; the last checkpoint stands and the same "
        "command goes on\n"
    )


def test_what_a_launcher_started_is_not_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "4")
    assert main(["train", "grpo", str(tmp_path / "r.toml"), "--out", str(tmp_path / "run"), "--processes", "2"]) == 2
    assert "--processes 2, but the launcher started 4: leave --processes out" in capsys.readouterr().err
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    assert main(["train", "grpo", str(tmp_path / "r.toml"), "--out", str(tmp_path / "run")]) == 2
    assert "ACCELERATE_USE_FSDP is set: how a model is spread is the recipe's `run.spread`" in capsys.readouterr().err


def test_without_a_terminal_a_line_now_and_then_tells_the_time_left(capsys: pytest.CaptureFixture[str]) -> None:
    from medgrpo.cli.training import Lines

    moments = iter([100.0, 100.0, 130.0, 160.0, 190.0])
    lines = Lines(60.0, lambda: next(moments))
    for done in (3, 4, 5, 6):
        lines.listen("SFT: loss 1.5", done, 10)
    assert capsys.readouterr().err == "medgrpo: SFT: loss 1.5, step 5 of 10, about 02:30 left\n"
