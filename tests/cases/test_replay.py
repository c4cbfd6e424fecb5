"""A watched case that was gone on with, and one that two processes wrote at once: what its folder gives."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy", reason="needs the extra `serve`")
pytest.importorskip("cryptography", reason="needs the extra `live`")

from medgrpo.audit import Entry, Journal, SigningKey, read_entries
from medgrpo.cases import read_folder
from medgrpo.core import DataError
from medgrpo.reasoning import NOBODY_WATCHED
from medgrpo.stream import ManualClock, stamped
from tests.cases import made

BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
LAST_SECONDS, HOLDS_SECONDS = 39.8, 3.0
"""Of the first process's looks; a look stands for that long."""


@pytest.mark.parametrize(("away_seconds", "begins"), [(100.0, 100.0), (-3600.0, 40.8)], ids=["later", "wall clock set back"])
def test_a_case_that_was_gone_on_with_stands_on_one_line_of_time(tmp_path: Path, away_seconds: float, begins: float) -> None:
    """As after `kill -9`: the second process counts from 0 again."""
    key, case = SigningKey.at(tmp_path / "record.pem"), tmp_path / "a"
    made.watched(case, key, closed=False)
    alone = [one.seconds for one in read_folder(case).pictures]
    second = made.watched(case, key, wall=BEGUN + timedelta(seconds=away_seconds))
    read = read_folder(case)
    end = begins + second.duration_seconds
    assert read.timeline.duration_seconds == pytest.approx(end)
    assert [one.seconds for one in read.pictures] == pytest.approx([*alone, *(begins + seconds for seconds in alone)])
    assert alone
    for one in read.pictures:
        assert hashlib.sha256((case / one.file).read_bytes()).hexdigest() == one.sha256
    unwatched = max(0.0, begins - LAST_SECONDS - HOLDS_SECONDS)
    assert read.timeline.coverage.not_assessed_seconds.get(NOBODY_WATCHED, 0.0) == pytest.approx(unwatched)
    assert [one.reason for one in read.timeline.phases if one.phase is None] == [NOBODY_WATCHED] * (unwatched > 0)
    for finding in read.timeline.findings:
        assert finding.span.end_seconds <= end + 1e-6
        assert all(seconds <= LAST_SECONDS + 1e-6 or seconds >= begins for seconds in finding.evidence.seconds)
    assert max(finding.span.start_seconds for finding in read.timeline.findings) >= begins


def test_a_record_whose_looks_go_back_is_refused_with_its_folder(tmp_path: Path) -> None:
    """As two processes left it that wrote at once, before a record had one writer."""
    key = SigningKey.at(tmp_path / "record.pem")
    made.watched(tmp_path / "a", key)
    entries = [entry for *_, entry, _ in read_entries(tmp_path / "a" / "record") if isinstance(entry, Entry)]
    ticks = [entry for entry in entries if entry.kind == "tick"]
    with Journal(tmp_path / "b" / "record", key, partial(stamped, ManualClock()), entries[0].body) as journal:
        for tick in (*ticks[:9], *ticks[5:9]):
            journal.append("tick", tick.body)
    with pytest.raises(DataError, match=r"b/record: looks must come in order of time.*medgrpo record verify"):
        read_folder(tmp_path / "b")


def test_a_look_that_came_too_late_is_no_more_assessed_in_review_than_it_was_live(tmp_path: Path) -> None:
    key = SigningKey.at(tmp_path / "record.pem")
    made.watched(tmp_path / "a", key)
    entries = [entry for *_, entry, _ in read_entries(tmp_path / "a" / "record") if isinstance(entry, Entry)]
    late = "this machine is too slow"
    with Journal(tmp_path / "b" / "record", key, partial(stamped, ManualClock()), entries[0].body) as journal:
        for entry in entries:
            if entry.kind == "tick":
                journal.append("tick", {**entry.body, "blind": late if 10 <= entry.body["seconds"] < 20 else None})
    covered = read_folder(tmp_path / "b").timeline.coverage
    assert covered.not_assessed_seconds[late] == pytest.approx(10.0)
    assert late not in read_folder(tmp_path / "a").timeline.coverage.not_assessed_seconds


def test_a_look_stands_in_review_for_as_long_as_it_stood_live(tmp_path: Path) -> None:
    key = SigningKey.at(tmp_path / "record.pem")
    made.watched(tmp_path / "a", key)
    entries = [entry for *_, entry, _ in read_entries(tmp_path / "a" / "record") if isinstance(entry, Entry)]
    ticks = [entry.body for entry in entries if entry.kind == "tick" and not 10 < entry.body["seconds"] < 20]
    gaps: list[float] = []
    for name, more in (("of before", {}), ("live", {"look_holds_seconds": 2.0})):
        with Journal(tmp_path / name / "record", key, partial(stamped, ManualClock()), {**entries[0].body, **more}) as journal:
            for body in ticks:
                journal.append("tick", body)
        gaps.append(read_folder(tmp_path / name).timeline.coverage.not_assessed_seconds["no picture was looked at"])
    assert gaps == pytest.approx([10 - HOLDS_SECONDS, 10 - 2.0])
