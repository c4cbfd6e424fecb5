"""How a case stands, by its record: under way, silent, closed, stopped by an error, pruned, damaged."""

import json
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from medgrpo.audit import Journal, Rule, prune
from medgrpo.console.listing import Standing, listed, standing_after
from medgrpo.stream import ManualClock, SystemClock, stamped


def stands(cases, name: str) -> Standing:
    return {case.name: case.standing for case in listed(cases)}[name]


@pytest.mark.parametrize(
    ("kind", "age", "standing"),
    [
        ("tick", 0.1, Standing.LIVE),
        ("resumed", 2.9, Standing.LIVE),
        ("tick", 3.1, Standing.SILENT),
        ("closed", 0.1, Standing.CLOSED),
        ("closed", 1e6, Standing.CLOSED),
        ("stopped", 0.1, Standing.STOPPED),
        ("stopped", 1e6, Standing.STOPPED),
    ],
)
def test_what_the_newest_entry_says(kind, age, standing):
    assert standing_after(kind, age) is standing


def test_a_case_under_way_is_live_also_when_a_head_was_just_signed(writing, cases):
    assert stands(cases, "second") is Standing.LIVE
    writing.tick(1.0)
    writing.journal.sign()
    assert stands(cases, "second") is Standing.LIVE


def test_a_case_that_an_error_ended_says_so_though_a_head_follows(cases, key):
    """As `medgrpo watch` ends when a source cannot be read on: `stopped`, then the head that vouches for it."""
    with pytest.raises(OSError, match="camera"), Journal(cases / "third" / "record", key, partial(stamped, SystemClock()), {}):
        raise OSError("the camera is gone")
    lines = (cases / "third" / "record" / "000001.jsonl").read_text().splitlines()
    assert [json.loads(line)["kind"] for line in lines] == ["opened", "head", "stopped", "head"]
    assert stands(cases, "third") is Standing.STOPPED
    with Journal(cases / "third" / "record", key, partial(stamped, SystemClock()), {}) as again:
        assert stands(cases, "third") is Standing.LIVE, "it is gone on with"
        again.append("tick", {})
    assert stands(cases, "third") is Standing.CLOSED


def test_a_case_of_which_files_were_deleted_by_rule_is_closed(cases, key):
    (cases / "first" / "evidence").mkdir()
    (cases / "first" / "evidence" / "A0001.jpg").write_bytes(b"picture")
    now = datetime.now(UTC) + timedelta(days=1)
    done = prune(cases / "first", Rule(evidence_days=1), key, partial(stamped, ManualClock()), now)
    assert done.files == ("evidence/A0001.jpg",)
    assert '"deleted"' in (cases / "first" / "record" / "000001.jsonl").read_text().splitlines()[-1]
    assert stands(cases, "first") is Standing.CLOSED


def test_a_case_that_is_being_deleted_is_not_listed(cases):
    (cases / "first").rename(cases / ".first.deleting")
    assert listed(cases) == []


@pytest.mark.parametrize("odd", [{"wall": "yesterday"}, {"wall": 5}, {"wall": "2026-01-01T08:00:00"}, {"kind": []}])
def test_a_case_whose_newest_entry_cannot_be_read_is_damaged_and_the_others_are_listed(cases, writing, odd):
    path = cases / "first" / "record" / "000001.jsonl"
    *lines, last = path.read_text().splitlines()
    path.write_text("\n".join([*lines, json.dumps(json.loads(last) | odd)]) + "\n")
    assert {case.name: case.standing for case in listed(cases)} == {"first": Standing.DAMAGED, "second": Standing.LIVE}
