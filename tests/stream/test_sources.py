"""Files at their own speed, connections that break, and a reader that never waits."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import pytest
from av.video.frame import VideoFrame

from medgrpo.core import InputError, VideoError
from medgrpo.stream import (
    Arrival,
    Faults,
    FileSource,
    LinkEvent,
    LinkState,
    ManualClock,
    NetworkSource,
    SimulatedSource,
    open_source,
)
from medgrpo.stream.mailbox import Mailbox
from medgrpo.video import ArrivingFrames, LivePicture, LiveReading, VideoWriter, shown_address


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds at 10 frames a second, each frame another."""
    path = tmp_path_factory.mktemp("video") / "clip.mp4"
    with VideoWriter(path, 64, 48, 10) as writer:
        for number in range(30):
            writer.write(np.full((48, 64, 3), 8 * number, np.uint8))
    return path


def never() -> bool:
    return False


def test_a_file_is_played_at_its_own_speed_by_the_clock(video: Path) -> None:
    clock = ManualClock()
    arrivals = [signal for signal in FileSource(video, clock, 2.0).signals(never) if isinstance(signal, Arrival)]
    assert [round(one.case_seconds, 3) for one in arrivals] == [round(k / 10, 3) for k in range(30)]
    assert clock.seconds() == pytest.approx(2.9 / 2)
    assert arrivals[3].paint().shape == (48, 64, 3)


def test_pictures_that_a_damaged_stretch_lost_or_turned_round_are_counted_and_stretch_no_time(
    video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten a second; 2.0 to 2.9 never come, and after 3.1 a decoder hands out two that were due before."""
    stamps = [*(k / 10 for k in range(20)), 3.0, 3.1, 2.3, 2.5, *(k / 10 for k in range(32, 40))]

    class Damaged(Playlist):
        def __enter__(self) -> Damaged:
            return self

        def __exit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr("medgrpo.stream.sources.file.LiveReading", lambda *_, **__: Damaged([(stamp, 0) for stamp in stamps]))
    arrivals = [signal for signal in FileSource(video, ManualClock(), 0).signals(never) if isinstance(signal, Arrival)]
    moments = [one.case_seconds for one in arrivals]
    assert [round(one, 3) for one in moments[19:25]] == [1.9, 3.0, 3.1, 3.2, 3.3, 3.4]
    assert all(later > earlier for earlier, later in pairwise(moments))
    assert moments[-1] == pytest.approx(4.1), "two pictures later than its stamp, not two seconds"
    assert sum(one.faults.missing for one in arrivals) == 10


def test_a_file_that_is_played_again_is_one_case(video: Path) -> None:
    signals = list(FileSource(video, ManualClock(), 0, loops=3).signals(never))
    moments = [signal.case_seconds for signal in signals if isinstance(signal, Arrival)]
    assert len(moments) == 90
    assert all(later > earlier for earlier, later in pairwise(moments))
    assert [signal.state for signal in signals if isinstance(signal, LinkEvent)] == [LinkState.CONNECTED, LinkState.ENDED]


class Scripted:
    """Connections in order: a list of picture stamps that ends by breaking off, or an error on opening."""

    def __init__(self, video: Path, connections: list[int | str]) -> None:
        self.video, self.connections = video, connections

    def __call__(self, address: str) -> LiveReading:
        if not self.connections:
            raise VideoError(address, "gone for good")
        following = self.connections.pop(0)
        if isinstance(following, str):
            raise VideoError(address, following)
        reading = LiveReading(str(self.video))
        whole = reading.pictures

        def some() -> Iterator[object]:
            for number, picture in enumerate(whole()):
                if number == following:
                    raise VideoError(address, "broke off")
                yield picture

        reading.pictures = some  # type: ignore[method-assign,assignment]
        return reading


def test_a_connection_is_tried_again_and_the_case_goes_on(video: Path) -> None:
    clock = ManualClock()
    source = NetworkSource("rtsp://nurse:secret@camera/1", clock, Scripted(video, [3, "refused", "refused", 4]))
    found = list(islice(source.signals(never), 11))
    states = [signal.state for signal in found if isinstance(signal, LinkEvent)]
    assert states == [LinkState.CONNECTED, LinkState.LOST, LinkState.RECONNECTED, LinkState.LOST]
    arrivals = [signal for signal in found if isinstance(signal, Arrival)]
    assert [one.index for one in arrivals] == list(range(7))
    assert arrivals[3].case_seconds >= 0.5 + 1.0 + 2.0, "the pauses grow, and the gap stays in the case's time"
    assert "secret" not in source.name


class Playlist:
    """Connections to a playlist: each gives these (stamp, grey level) at once; or says that it is finished."""

    bursts = True

    def __init__(self, pictures: list[tuple[float, int]], finished: bool = False) -> None:
        self.finished, self._pictures = finished, pictures

    def pictures(self) -> Iterator[LivePicture]:
        frames = ArrivingFrames()
        for stamp, level in self._pictures:
            frame = VideoFrame.from_ndarray(np.full((48, 64, 3), level, np.uint8), format="rgb24")
            frame.pts, frame.time_base = round(stamp * 90_000), Fraction(1, 90_000)
            yield frames.picture(frame, 0)

    def close(self) -> None:
        pass


def test_a_playlist_is_given_at_its_pace_and_what_it_repeats_is_not_given_again() -> None:
    """A sender that dies leaves its last segments in the playlist; who connects anew is given them again, as if they were now."""
    clock = ManualClock()
    first = [(1.4 + k / 5, k) for k in range(10)]
    connections = [
        Playlist(first),
        Playlist(first[4:]),
        Playlist(first, finished=True),
        Playlist([*first[7:], (3.4, 10), (3.6, 11)]),
        Playlist([(1.4, 99)]),
    ]
    source = NetworkSource("http://host/live.m3u8", clock, lambda _: connections.pop(0))
    found = list(islice(source.signals(never), 18))
    arrivals = [signal for signal in found if isinstance(signal, Arrival)]
    moments = [round(one.case_seconds, 3) for one in arrivals]
    assert moments[:10] == [round(k / 5, 3) for k in range(10)], "as they happened, not all at once"
    assert [int(one.paint()[0, 0, 0]) for one in arrivals] == [*range(12), 99]
    assert moments[10] == pytest.approx(1.8 + 0.5 + 1 + 2, abs=0.01), "two attempts without a new picture between"
    assert arrivals[10].faults.replayed == 3
    states = [signal.state.value for signal in found if isinstance(signal, LinkEvent)]
    assert states == ["connected", "lost", "reconnected", "lost", "reconnected"]


def test_what_happened_to_pictures_on_their_way_is_added_up_in_the_mailbox() -> None:
    box = Mailbox(lossless=False)
    for index in range(3):
        box.put(replace(arrival(index), faults=Faults(late=1, missing=index, broken=2)))
    taken = box.take(0)
    assert taken is not None
    assert taken.faults == Faults(late=3, missing=3, broken=6)
    following = box.take(0)
    assert following is not None
    assert following.faults == Faults()


def test_packets_that_do_not_decode_are_counted_with_the_next_picture(tmp_path: Path, video: Path) -> None:
    data = bytearray(video.read_bytes())
    with LiveReading(str(video)) as reading:
        packets = [packet.pos for packet in reading._container.demux(reading._stream) if packet.pos is not None]
    for place in packets[10:13]:
        data[place + 4 : place + 12] = b"\xff" * 8
    path = tmp_path / "broken.mp4"
    path.write_bytes(data)
    arrivals = [signal for signal in FileSource(path, ManualClock(), 0).signals(never) if isinstance(signal, Arrival)]
    assert len(arrivals) <= 27
    assert sum(one.faults.broken for one in arrivals) == 30 - len(arrivals)


def test_what_cannot_be_opened_at_first_is_an_error(video: Path) -> None:
    source = NetworkSource("rtsp://camera/1", ManualClock(), Scripted(video, ["refused"]))
    with pytest.raises(VideoError, match="refused"):
        next(iter(source.signals(never)))


def test_the_simulator_goes_on_with_another_operation() -> None:
    clock = ManualClock()
    source = SimulatedSource(clock, minutes=2, seed=1, speed=0, cases=2, rate=1, size_wh=(160, 120))
    arrivals = [signal for signal in source.signals(never) if isinstance(signal, Arrival)]
    assert len(arrivals) == 240
    assert arrivals[-1].case_seconds == 239
    assert arrivals[30].paint().shape == (120, 160, 3)


def test_a_frozen_picture_has_the_same_mark(tmp_path: Path, video: Path) -> None:
    path = tmp_path / "frozen.mkv"
    with VideoWriter(path, 64, 48, 10) as writer:
        for _ in range(5):
            writer.write(np.full((48, 64, 3), 77, np.uint8))
    with LiveReading(str(path)) as reading:
        assert len({picture.mark for picture in reading.pictures()}) == 1
    with LiveReading(str(video)) as reading:
        assert len({picture.mark for picture in reading.pictures()}) > 20


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("nothing.mp4", "no such file"),
        ("simulator:x", "seed is a whole number"),
        ("gopher://host/1", "gopher is none of"),
        ("/dev/video99", "cannot be opened"),
    ],
)
def test_what_is_no_source_is_one_line(name: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        next(iter(open_source(name, ManualClock()).signals(never)))


def test_only_files_have_a_speed() -> None:
    with pytest.raises(InputError, match="--speed"):
        open_source("rtsp://camera/1", ManualClock(), speed=2)


def test_passwords_are_not_shown() -> None:
    assert shown_address("rtsp://a:b@host:554/x") == "rtsp://host:554/x"
    assert shown_address("rtsp://host/x?user=a&password=b") == "rtsp://host/x?..."
    assert shown_address("/dev/video0") == "/dev/video0"


def arrival(index: int, mark: int | None = None) -> Arrival:
    return Arrival(
        index, float(index), float(index), index if mark is None else mark, (2, 2), lambda: np.zeros((2, 2, 3), np.uint8)
    )


def test_the_newest_picture_wins_and_the_others_are_counted() -> None:
    box = Mailbox(lossless=False)
    box.put(LinkEvent(LinkState.CONNECTED, 0.0, "x"))
    for index in range(5):
        box.put(arrival(index, mark=7 if index in (1, 2) else None))
    taken = box.take(0)
    assert taken is not None
    assert taken.arrival is not None
    assert (taken.arrival.index, taken.dropped, taken.duplicates, len(taken.events)) == (4, 4, 1, 1)
    empty = box.take(0)
    assert empty is not None
    assert empty.arrival is None


def test_nothing_is_lost_where_the_source_waits() -> None:
    box = Mailbox(lossless=True)

    def give() -> None:
        for index in range(50):
            box.put(arrival(index))
        box.close()

    giver = threading.Thread(target=give)
    giver.start()
    taken = []
    while (one := box.take(1.0)) is not None:
        taken += [one.arrival.index] if one.arrival is not None else []
    giver.join()
    assert taken == list(range(50))


def test_what_ends_the_reader_reaches_the_loop() -> None:
    box = Mailbox(lossless=False)
    box.close(VideoError("x", "cannot be opened"))
    with pytest.raises(VideoError):
        box.take(0)
