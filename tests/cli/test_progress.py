"""Progress: drawn on a terminal, silent elsewhere."""

from __future__ import annotations

import re
import sys

import pytest

from medgrpo.analysis import Progress
from medgrpo.cli.progress import shown_progress


@pytest.mark.parametrize("duration", [60.0, None])
def test_a_terminal_is_shown_where_it_is(duration, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    with shown_progress() as listen:
        listen(Progress("case.mp4", "looking", 30.0, duration))
        listen(Progress("case.mp4", "reporting", 60.0, duration))
    told = capsys.readouterr()
    assert "case.mp4" in told.err
    assert "writing the report" in told.err
    assert re.search(r"elapsed \d:\d\d:\d\d, left", re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", told.err))
    assert told.out == ""


def test_a_pipe_is_told_nothing(capsys):
    with shown_progress() as listen:
        listen(Progress("case.mp4", "looking", 30.0, 60.0))
    assert capsys.readouterr().err == ""
