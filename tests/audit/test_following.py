"""A record read while it is written: all of it, once, in order, and nothing that is not whole."""

import itertools
import json
from pathlib import Path

import pytest

from medgrpo.audit import Follower, Journal, SigningKey, newest_entry
from medgrpo.core import RecordError


@pytest.fixture
def journal(tmp_path: Path):
    seconds = itertools.count()
    key = SigningKey.at(tmp_path / "key.pem")

    def opened(**options):
        return Journal(tmp_path / "record", key, lambda: ("2026-01-01T08:00:00.000Z", float(next(seconds))), {}, **options)

    return opened


def test_everything_comes_once_across_files_while_it_is_written(journal, tmp_path):
    follower, seen = Follower(tmp_path / "record"), []
    tmp_path.joinpath("record").mkdir()
    assert follower.read() == []
    assert newest_entry(tmp_path / "record") is None
    with journal(rotate_bytes=2000) as writing:
        for number in range(60):
            writing.append("tick", {"number": number})
            if number % 7 == 0:
                seen += follower.read(most_bytes=700)
    while new := follower.read(most_bytes=700):
        seen += new
    assert [entry.counter for entry in seen] == list(range(len(seen)))
    assert [entry.body["number"] for entry in seen if entry.kind == "tick"] == list(range(60))
    assert (seen[0].kind, seen[-1].kind) == ("opened", "closed")
    assert newest_entry(tmp_path / "record") == seen[-1]
    assert len(list((tmp_path / "record").glob("*.jsonl"))) > 3


def test_the_newest_entry_but_some_kinds_is_found_far_back_and_across_files(journal, tmp_path):
    writing = journal(rotate_bytes=2000, head_every=1000)
    for number in range(30):
        writing.append("tick" if number == 3 else "other", {"text": "x" * (150_000 if number == 10 else 100)})
    writing.leave()
    assert len(list((tmp_path / "record").glob("*.jsonl"))) > 3
    assert newest_entry(tmp_path / "record").kind == "other"
    assert newest_entry(tmp_path / "record", but=("other", "head")).counter == 2 + 3
    assert newest_entry(tmp_path / "record", but=("other", "head", "tick")).kind == "opened"
    assert newest_entry(tmp_path / "record", but=("other", "head", "tick", "opened")) is None


def test_a_line_longer_than_what_is_read_at_once_comes_whole(journal, tmp_path):
    with journal() as writing:
        writing.append("tick", {"text": "x" * 200_000})
    follower, seen = Follower(tmp_path / "record"), []
    while new := follower.read(most_bytes=300):
        seen += new
    assert seen[2].body["text"] == "x" * 200_000
    assert newest_entry(tmp_path / "record") == seen[-1]


def test_a_torn_line_is_waited_for_and_survives_a_resume(journal, tmp_path):
    writing = journal()
    writing.leave()
    path = tmp_path / "record" / "000001.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"body":{"half')
    follower = Follower(tmp_path / "record")
    assert len(follower.read()) == 2
    assert newest_entry(tmp_path / "record").counter == 1
    assert follower.read() == []
    with journal() as again:
        again.append("tick", {})
    assert [entry.kind for entry in follower.read()] == ["resumed", "head", "tick", "closed"]


@pytest.mark.parametrize("damage", ["skip", "garbage", "fields"])
def test_what_does_not_follow_is_an_error(journal, tmp_path, damage):
    with journal() as writing:
        writing.append("tick", {})
    path = tmp_path / "record" / "000001.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    if damage == "skip":
        del lines[1]
    elif damage == "garbage":
        lines[1] = b"\xff\n"
    else:
        lines[1] = json.dumps({"counter": 1}).encode() + b"\n"
    path.write_bytes(b"".join(lines))
    with pytest.raises(RecordError, match=r"after entry 0|does not follow from entry 0"):
        Follower(tmp_path / "record").read()
