"""Answers on their way from a console to the session: nothing is lost, nothing half-written is read, everything is recorded."""

from pathlib import Path

import numpy as np
import pytest

from medgrpo.audit import Journal, SigningKey
from medgrpo.core import InputError, RecordError, VideoError
from medgrpo.stream import Answer, Inbox, SoundChange, about_picture, leave_answer, want_picture
from medgrpo.stream.alerts import AlertManager, ChannelPolicy, ChannelReport, ChannelState, Decision, Kind, Priority, Site


def answer(number: int = 1, **more) -> Answer:
    return Answer(**{"id": f"{number:032x}", "alert": "A0001", "by": "carl"} | more)


def test_answers_come_in_the_order_they_were_left_and_stay_until_done(tmp_path: Path):
    inbox = Inbox(tmp_path)
    assert inbox.waiting() == []
    leave_answer(tmp_path, answer(2))
    leave_answer(tmp_path, answer(1, dismissed_because="it is not there"))
    (first, one), (second, two) = inbox.waiting()
    assert [one, two] == [answer(2), answer(1, dismissed_because="it is not there")]
    assert inbox.waiting() == [(first, one), (second, two)]
    inbox.done(first)
    inbox.done(first)  # a second process that was quicker does no harm
    assert inbox.waiting() == [(second, two)]


def test_what_somebody_did_with_the_sound_comes_the_same_way(tmp_path: Path):
    change = SoundChange(id="a" * 32, sound="paused", by="carl", pause_seconds=120, ago_seconds=3)
    leave_answer(tmp_path, change)
    leave_answer(tmp_path, answer(1))
    assert [what for _, what in Inbox(tmp_path).waiting()] == [change, answer(1)]


@pytest.mark.parametrize(
    "wrong", [{"sound": "paused"}, {"sound": "off", "pause_seconds": 5}, {"sound": "loud"}, {"sound": "on", "by": ""}]
)
def test_a_change_of_sound_that_cannot_be_is_none(wrong):
    with pytest.raises(ValueError, match="validation error"):
        SoundChange(**{"id": "a" * 32, "by": "carl"} | wrong)


def test_what_is_not_whole_is_not_read_and_what_is_no_answer_says_so(tmp_path: Path):
    leave_answer(tmp_path, answer(1))
    folder = tmp_path / "inbox"
    (folder / f".{0:020d}-{0:032x}.json.unfinished").write_text('{"id"')
    (folder / "notes.txt").write_text("not ours")
    (folder / f"{1:020d}-{1:032x}.json").write_text('{"id": "x"}')
    (folder / f"{2:020d}-{2:032x}.json").write_bytes(b"x" * 20_000)
    (folder / f"{3:020d}-{3:032x}.json").write_bytes(b"\xff")
    (folder / f"{4:020d}-{4:032x}.json").write_text("[1]")
    found = [what for _, what in Inbox(tmp_path).waiting()]
    assert "id: String should match pattern" in found[0]
    assert "larger than an answer" in found[1]
    assert "no JSON" in found[2]
    assert "Input should be a valid dictionary" in found[3]
    assert found[4] == answer(1)
    assert len(found) == 5


def test_a_disk_that_refuses_is_told(tmp_path: Path):
    (tmp_path / "inbox").write_text("a file where the folder should be")
    with pytest.raises(RecordError, match="cannot be left there"):
        leave_answer(tmp_path, answer())


@pytest.mark.parametrize(
    "wrong", [{"by": ""}, {"id": "short"}, {"alert": "A" * 50}, {"dismissed_because": "x" * 2000}, {"more": 1}]
)
def test_an_answer_that_cannot_be_is_none(wrong):
    with pytest.raises(ValueError, match="validation error"):
        answer(**wrong)


def said(run: int, alerts: int = 1) -> list[str]:
    manager, names = AlertManager(Site(channels={"bleeding": ChannelPolicy(refractory_seconds=0)})), list[str]()
    manager.of_run(run)
    for number in range(alerts):
        for seconds, state in ((0.0, ChannelState.ALERT), (1.0, ChannelState.ALERT), (2.0, ChannelState.MONITORING)):
            report = ChannelReport("bleeding", "bleeding", state, 0.0, "blood", Kind.OTHER, Priority.HIGH)
            changes = manager.update(3 * number + seconds, None, [report])
            names += [change.alert.id for change in changes if change.decision is Decision.SAID]
    with pytest.raises(InputError, match="no such alert"):
        manager.acknowledge("A9999", "carl")
    return names


def test_a_record_that_is_gone_on_with_names_no_two_alerts_alike(tmp_path, monkeypatch):
    """A full disk swallows three hundred entries, then the process is killed: the next one cannot know of them."""
    key, times = SigningKey.at(tmp_path / "key.pem"), lambda: ("2026-11-28T08:00:00Z", 1.0)
    runs, names = [], []
    for full in (False, True, True):
        journal = Journal(tmp_path / "record", key, times, {"source": '"kind":"resumed"'})
        runs.append(journal.run)
        names += said(journal.run, 40)
        with monkeypatch.context() as disk:
            if full:
                disk.setattr("os.write", refused)
                for _ in range(300):
                    with pytest.raises(RecordError, match="not written"):
                        journal.append("decision", {})
        journal.leave()
    assert runs == sorted(set(runs))
    assert runs[0] == 1
    assert len(set(names)) == len(names) == 120
    assert names[0] == "A0001"
    assert names[40] == f"R{runs[1]}-A0001"


def refused(_descriptor: int, _data: bytes) -> int:
    raise OSError(28, "No space left on device")


def test_a_picture_says_what_belongs_to_it(tmp_path: Path):
    from medgrpo.core import Box
    from medgrpo.perception import Domain, Observation, Tip, View, ViewState
    from medgrpo.stream import Tick
    from medgrpo.stream.showing import picture_of
    from medgrpo.video import decode_image

    image = np.full((480, 1920, 3), 120, np.uint8)
    view = View(ViewState.INSIDE, 0.5, 0.5, 0.1, 0)
    seen = _seen(tips=(Tip("hook", Box(0.1, 0.2, 0.3, 0.4), 0.9),))
    look = Observation(2.0, view, Domain.CHOLECYSTECTOMY, seen, None, "plot@1")
    tick = Tick(7, 2.0, look, None, None, (), (), (), (), (), 0, 0, shown=image)
    data = picture_of(tick, clear=True)
    assert decode_image(data, "it").shape == (320, 1280, 3)
    tips = [{"instrument": "hook", "box_xyxy": [0.1, 0.2, 0.3, 0.4], "probability": 0.9}]
    black = {"text": 0.0, "regions": 0.0}
    plain = {"number": 7, "seconds": 2.0, "size_wh": [1920, 480], "dimmed": False, "black": black}
    assert about_picture(data) == {**plain, "tips": tips}
    assert about_picture(picture_of(tick, clear=False))["tips"] == []
    for broken in (b"", b"\xff\xd8\xff\xe0", b"\xff\xd8\xff\xfe\x00\x09notjson", b"\xff\xd8\xff\xfe\x00\x04[]"):
        with pytest.raises(VideoError):
            about_picture(broken)
    want_picture(tmp_path)
    assert (tmp_path / "live" / "wanted").exists()


def _seen(tips):
    from medgrpo.knowledge import INSTRUMENTS, PHASES, TARGETS, TRIPLETS, VERBS
    from medgrpo.perception import Seen

    return Seen(*(tuple(0.0 for _ in names) for names in (INSTRUMENTS, VERBS, TARGETS, TRIPLETS, PHASES)), tips)
