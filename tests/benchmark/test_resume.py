"""The command killed at random moments gives what an undisturbed run gives, byte for byte."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

from medgrpo.benchmark import ANSWERS_NAME, asked_once, read_answers

KILLS = int(os.environ.get("MEDGRPO_KILLS", "4"))
QUESTIONS = 600
FILES = ("records.jsonl", "submission.json", "summary.json")
_COMMAND = "import sys; from medgrpo.cli import main; sys.exit(main())"


def start(folder: Path, out: str) -> subprocess.Popen[bytes]:
    command = ["evaluate", "run", "--model", f"scripted:{folder / 'replies.json'}", "--data", str(folder / "data.json")]
    with (folder / "errors.txt").open("ab") as errors:
        return subprocess.Popen(
            [sys.executable, "-c", _COMMAND, *command, "--out", str(folder / out), "--batch", "1"],
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )


def lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


@pytest.mark.slow
def test_a_run_killed_again_and_again_loses_nothing_and_asks_nothing_twice(making: ModuleType, tmp_path: Path) -> None:
    rows = making.make_data(tmp_path / "data.json", QUESTIONS)
    making.write_replies(tmp_path / "replies.json", rows)
    whole = start(tmp_path, "whole")
    assert whole.wait() == 0, (tmp_path / "errors.txt").read_text()
    chance = random.Random(0)
    path = tmp_path / "killed" / ANSWERS_NAME
    questions = len(asked_once(rows))
    while_asking = KILLS * 4 // 5  # the rest fall anywhere, also while results are written
    kills = 0
    for number in range(KILLS):
        there = lines(path)
        mean = (questions - there) / max(1, while_asking - number)
        enough = there + chance.uniform(0, 2 * mean) if number < while_asking else 0
        run = start(tmp_path, "killed")
        while run.poll() is None and lines(path) < enough:
            time.sleep(0.001)
        if number >= while_asking:
            time.sleep(chance.uniform(0, 3))
        if run.poll() is None:
            os.kill(run.pid, signal.SIGKILL)
            kills += 1
        run.wait()
    last = start(tmp_path, "killed")
    assert last.wait() == 0, (tmp_path / "errors.txt").read_text()
    stored = read_answers(path)
    sys.stderr.write(f"\n{kills} of {KILLS} kills hit the run, {len(stored.torn)} torn lines, {stored.lines} lines\n")
    assert kills >= KILLS * 4 // 5
    assert len(stored.by_asked) == stored.lines - len(stored.torn) == questions
    for name in FILES:
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
