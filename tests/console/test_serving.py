"""The console as a process: one line when it cannot start, a clean end when it is asked to."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from medgrpo.cli import main

MAIN = "import sys; from medgrpo.cli import main; sys.exit(main())"


def own_store(folder: Path) -> list[str]:
    """Nobody's own store is touched."""
    return ["--store", str(folder / "store.db"), "--record-key", str(folder / "record.pem")]


def test_what_it_does_not_start_with_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    own = own_store(tmp_path)
    assert main(["serve", "--cases", str(tmp_path / "absent"), *own]) == 2
    assert not (tmp_path / "store.db").exists(), "no store is made for a console that cannot start"
    assert main(["serve", "--cases", str(tmp_path), "--host", "0.0.0.0", *own]) == 2
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["serve", "--cases", str(tmp_path), "--port", str(taken.getsockname()[1]), *own]) == 2
    assert not (tmp_path / "store.db").exists(), "nor for one whose address is taken"
    told = capsys.readouterr()
    assert told.out == "", "no address is told that could not be had"
    lines = told.err.splitlines()
    assert len(lines) == 3
    assert "no such folder" in lines[0]
    assert "can be reached from other machines" in lines[1]
    assert "Address already in use" in lines[2]
    assert lines[2].endswith("; give another --host or --port")


@pytest.mark.slow
def test_a_page_that_is_open_does_not_keep_it_from_ending(cases: Path, writing, tmp_path: Path):
    writing.scene()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-c", MAIN, "serve", "--cases", str(cases), "--port", str(port), *own_store(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(os.environ))
    try:
        until = time.monotonic() + 60
        while True:
            try:
                stream = urllib.request.urlopen(f"http://127.0.0.1:{port}/cases/second/events", timeout=30)
                break
            except OSError:
                assert time.monotonic() < until
                time.sleep(0.1)
        assert stream.readline() == b"retry: 1000\n"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode in (0, 130)
    assert b"Traceback" not in errors
