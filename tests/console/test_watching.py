"""Watching processes beside the console: started into new cases, ended with it."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from medgrpo.console import Watchers
from medgrpo.console.watching import case_name
from medgrpo.core import InputError

STANDS_IN = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: (print("ended", flush=True), sys.exit(0)))
print(sys.argv[1:], flush=True)
time.sleep(60)
"""


def test_a_source_that_is_none_is_said_before_anything_begins(tmp_path):
    with pytest.raises(InputError, match=r"nothere\.mp4: no such file"), Watchers(tmp_path, ["simulator:7", "nothere.mp4"]):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_process_watches_into_a_case_of_its_own_and_ends_with_the_console(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("medgrpo.console.watching._MAIN", STANDS_IN)
    with Watchers(tmp_path, ["simulator:7", "/dev/video0"]) as watchers:
        logs = [one.folder / "watch.log" for one in watchers.watched]
        until = time.monotonic() + 30
        while not all(log.read_text() for log in logs):
            assert time.monotonic() < until
            time.sleep(0.05)
        assert [one.process.poll() for one in watchers.watched] == [None, None]
        assert f"['watch', 'simulator:7', '--out', '{logs[0].parent}']" in logs[0].read_text()
    assert [one.process.returncode for one in watchers.watched] == [0, 0]
    assert all(log.read_text().endswith("ended\n") for log in logs)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be started"), Watchers(tmp_path / "file", ["simulator:7"]):
        pass


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("rtsp://user:secret@host/stream", "rtsp"),
        ("/dev/video0", "camera"),
        ("simulator:7", "simulator"),
        ("/data/Jane Doe 1950.mp4", "file"),
        ("webrtc://127.0.0.1:8890/theatre", "webrtc"),
    ],
)
def test_a_cases_name_gives_neither_password_nor_patient_away(source, kind):
    assert case_name(source, 1, datetime(2026, 11, 29, 8, 5, 9, tzinfo=UTC)) == f"2026-11-29-080509-{kind}-1"
