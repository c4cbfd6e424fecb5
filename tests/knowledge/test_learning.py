"""Learned procedures: the counts by hand, and the shipped file against the annotations that it was made from."""

from __future__ import annotations

from pathlib import Path

import pytest

from medgrpo.core import KnowledgeError, Span
from medgrpo.knowledge import (
    Recording,
    as_procedure,
    learn,
    learned_to_text,
    load_learned,
    load_procedure,
    load_vocabulary,
    read_learned,
)
from medgrpo.knowledge.checks import procedure_faults
from medgrpo.knowledge.learning import quartiles

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "nurvid"


def recording(name: str, *actions: tuple[str, float, float]) -> Recording:
    spans = tuple((f"action:{action}", Span(start, end)) for action, start, end in actions)
    return Recording(name, "procedure:surgical_hand_scrub", 100.0, spans)


def test_counts_by_hand():
    [learned] = learn(
        [
            recording("one", ("handwashing", 0, 10), ("check", 20, 24), ("check", 30, 38)),
            recording("two", ("handwashing", 5, 25), ("document", 40, 41)),
            recording("three"),
        ]
    )
    assert (learned.videos, learned.segments, learned.video_seconds) == (3, 5, (100.0, 100.0, 100.0))
    found = {one.action.split(":")[1]: one for one in learned.actions}
    assert list(found) == ["handwashing", "check", "document"]  # by mean place: 0; (0.5 + 1) / 2; 1
    washing, checking, writing = found.values()
    assert washing.seconds == (12.5, 15.0, 17.5)  # of 10 and 20
    assert (washing.segments, washing.videos, washing.starts, washing.ends, washing.place) == (2, 2, 2, 0, 0.0)
    assert washing.followed_by == {"action:check": 1, "action:document": 1}
    assert (checking.segments, checking.videos, checking.ends, checking.place) == (2, 1, 1, 0.75)
    assert checking.followed_by == {"action:check": 1}
    assert writing.seconds == (1.0, 1.0, 1.0)


def test_quartiles_of_few_values():
    assert quartiles([3.0]) == (3.0, 3.0, 3.0)
    assert quartiles([1.0, 2.0, 3.0, 4.0, 5.0]) == (2.0, 3.0, 4.0)


def test_a_learned_procedure_leaves_out_what_follows_itself():
    learned = learn([recording("one", ("handwashing", 0, 10), ("check", 20, 24), ("check", 30, 30), ("document", 40, 41))])
    procedure = as_procedure(learned[0], load_learned(), load_vocabulary())
    phases = {phase.id: phase for phase in procedure.phases}
    assert [(one.phase, one.share) for one in phases["check"].followed_by] == [("document", 1.0)]
    assert phases["check"].typical_seconds == (1.0, 2.0, 3.0)  # of 0 and 4
    assert phases["handwashing"].starts_share == 1.0
    assert phases["document"].followed_by == ()


def test_all_51_shipped_procedures_are_sound_procedures():
    learned, vocabulary = load_learned(), load_vocabulary()
    assert len(learned.procedures) == 51
    for one in learned.procedures:
        assert list(procedure_faults(as_procedure(one, learned, vocabulary), vocabulary)) == []
    scrub = load_procedure("surgical_hand_scrub")
    assert scrub.name == "surgical hand scrub"
    assert len(scrub.phases) == 5


def test_the_shipped_file_is_what_the_annotations_say():
    learned = load_learned()
    assert sum(one.videos for one in learned.procedures) == 1538
    assert sum(one.segments for one in learned.procedures) == 5615
    assert learned.splits == ("train", "val", "test")
    for one in learned.procedures:
        assert sum(action.segments for action in one.actions) == one.segments
        for action in one.actions:  # each segment is followed by one more or is the last of its video
            assert sum(action.followed_by.values()) + action.ends == action.segments
        assert sum(action.starts for action in one.actions) == sum(action.ends for action in one.actions) == one.videos


def test_it_can_be_made_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    if not DATA.exists():
        pytest.skip("no ../shared/data/nurvid")
    from medgrpo.cli import main

    out = tmp_path / "learned.json"
    assert main(["knowledge", "learn", "nurvid", "--data", str(DATA), "--out", str(out)]) == 0
    assert "51 procedures, 1538 videos, 5615 segments" in capsys.readouterr().out
    assert read_learned(out) == load_learned()
    assert main(["knowledge", "learn", "nurvid", "--data", str(DATA), "--out", str(out), "--split", "train"]) == 0
    assert (read_learned(out).splits, sum(one.videos for one in read_learned(out).procedures)) == (("train",), 1054)


def test_what_was_written_is_read_again_and_a_broken_file_is_named(tmp_path: Path):
    path = tmp_path / "learned.json"
    path.write_text(learned_to_text(load_learned()), encoding="utf-8")
    assert read_learned(path) == load_learned()
    path.write_text(learned_to_text(load_learned()).replace('"videos":35', '"videos":"many"', 1), encoding="utf-8")
    with pytest.raises(KnowledgeError, match=r"learned\.json: procedures\.0\.videos"):
        read_learned(path)
    with pytest.raises(KnowledgeError, match="No such file"):
        read_learned(tmp_path / "absent.json")
