"""Clips around what was said: the very pictures where that may be, a reason in the record where not."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame

from medgrpo.audit import Entry, Journal, SigningKey, read_entries, verify
from medgrpo.knowledge import load_procedure
from medgrpo.stream import ClipKeeper, ClipSettings, FastLoop, FileSource, LiveSession, ManualClock, Privacy, Site, stamped
from medgrpo.stream.clips import ENCODED, REMUXED, clean_reach
from medgrpo.stream.clips import _Look as Look
from tests.stream import live

EARLY_CLIP = (
    (0.0, "preparation", "grasper,retract,gallbladder"),
    (20.0, "carlot-triangle-dissection", "hook,dissect,gallbladder"),
    (26.0, "clipping-and-cutting", "clipper,clip,cystic_duct"),
    (32.0, "clipping-and-cutting", "grasper,retract,gallbladder"),
)
SETTINGS = ClipSettings(keep=True, before_seconds=3, after_seconds=2)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """42 s, 10 pictures a second, a key frame every second."""
    path = tmp_path_factory.mktemp("video") / "v.mp4"
    noise = np.random.default_rng(5).integers(0, 255, (48, 500, 3), np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10, options={"g": "10", "sc_threshold": "0"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for place in range(420):
            frame = VideoFrame.from_ndarray(np.ascontiguousarray(noise[:, place : place + 64]), format="rgb24")
            frame.pts, frame.time_base = place, Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


class Case:
    def __init__(
        self,
        folder: Path,
        plot: tuple[Any, ...],
        video: Path | None,
        *,
        privacy: Privacy | None = None,
        every: float = 0.4,
        settings: ClipSettings = SETTINGS,
    ) -> None:
        clock, self.folder = ManualClock(), folder
        key = SigningKey.at(folder / "key.pem")
        source: Any = live.PlotSource(clock, [round(every * place, 3) for place in range(int(42 / every))])
        if video is not None:
            source = FileSource(video, clock, 0, keep=settings.limits)
        loop = FastLoop(
            live.PlotPerceiver(plot),
            load_procedure("cholecystectomy"),
            Site(privacy=privacy or Privacy(find_text=False)),
            clock,
            live=False,
        )
        clips = ClipKeeper(folder, settings, waits=True)
        with Journal(folder / "record", key, partial(stamped, clock), {}) as journal:
            self.session = LiveSession(source, loop, clock, journal, folder, every_seconds=every, clips=clips)
            self.session.run(lambda: False)
        found = [entry for _, _, entry, _ in read_entries(folder / "record") if isinstance(entry, Entry)]
        self.clips = [entry.body for entry in found if entry.kind == "clip"]
        self.said = [entry.body for entry in found if entry.kind == "decision" and entry.body["decision"] == "said"]


def frames(path: Path) -> dict[int, np.ndarray]:
    with av.open(str(path)) as container:
        return {round(1000 * frame.time): frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)}


def test_the_pictures_around_an_alert_are_kept_as_they_came(tmp_path: Path, video: Path) -> None:
    case = Case(tmp_path, EARLY_CLIP, video)
    (said,) = [one for one in case.said if one["channel"] == "clip_before_dissection"]
    (clip,) = [one for one in case.clips if one["alert"] == said["alert"]]
    assert clip["how"] == REMUXED
    assert said["seconds"] - 4 - 1e-3 <= clip["from_seconds"] <= said["seconds"] - 3
    assert said["seconds"] + 1.7 <= clip["until_seconds"] <= said["seconds"] + 2
    shown, given = frames(tmp_path / clip["file"]), frames(video)
    start = round(1000 * clip["from_seconds"])
    assert len(shown) == round(10 * (clip["until_seconds"] - clip["from_seconds"])) + 1
    assert all(np.array_equal(picture, given[start + at]) for at, picture in shown.items())
    found = verify(tmp_path / "record")
    assert found.genuine
    assert found.files >= 2, "the clip and the evidence picture"
    assert case.session.totals.clips == 1


def test_where_the_camera_was_outside_nothing_is_kept_of_it(tmp_path: Path, video: Path) -> None:
    said = next(one["seconds"] for one in Case(tmp_path, EARLY_CLIP, video).said if one["channel"] == "clip_before_dissection")
    away = (*EARLY_CLIP, (said + 1.0, "outside", ""))
    folder = tmp_path / "away"
    folder.mkdir()
    (clip,) = Case(folder, away, video).clips
    assert clip["until_seconds"] < said + 1.0, "it ends before the camera leaves the body"
    never = tmp_path / "never"
    never.mkdir()
    case = Case(never, EARLY_CLIP, video, privacy=Privacy(inside_seconds=1000, find_text=False))
    assert [one["not_kept"] for one in case.clips] == ["the camera was not surely inside the body"]
    assert not (never / "clips").exists()
    assert case.session.totals.clips_not_kept == 1


@pytest.mark.parametrize("privacy", [Privacy(masks_xyxy=((0, 0, 0.5, 1),), find_text=False), Privacy()])
def test_where_text_is_masked_or_looked_for_a_clip_is_made_of_what_was_shown(tmp_path: Path, video: Path, privacy: Privacy) -> None:
    (clip,) = Case(tmp_path, EARLY_CLIP, video, privacy=privacy).clips
    assert clip["how"] == ENCODED
    shown = frames(tmp_path / clip["file"])
    if privacy.masks_xyxy:
        assert all(picture[:, :28].max() < 40 < picture[:, 36:].max() for picture in shown.values())


def test_looks_too_far_apart_leave_pictures_that_nobody_looked_at(tmp_path: Path, video: Path) -> None:
    case = Case(tmp_path, EARLY_CLIP, video, every=1.0)
    assert ["no look within 0.5 s" in one["not_kept"] for one in case.clips] == [True]


def test_a_source_without_packets_is_encoded_once_as_it_was_shown(tmp_path: Path) -> None:
    case = Case(tmp_path, EARLY_CLIP, None, privacy=Privacy(masks_xyxy=((0, 0, 0.5, 1),), find_text=False))
    (clip,) = case.clips
    assert clip["how"] == ENCODED
    shown = frames(tmp_path / clip["file"])
    assert len(shown) >= 10
    for picture in shown.values():
        assert picture[:, :12].mean() < 25, "masked as it was shown"
        assert abs(picture[:, 24:].mean() - 90) < 15


def test_a_case_gone_on_with_writes_beside_and_a_changed_clip_is_found(tmp_path: Path, video: Path) -> None:
    Case(tmp_path, EARLY_CLIP, video)
    (tmp_path / "record").rename(tmp_path / "first")
    case = Case(tmp_path, EARLY_CLIP, video)
    (clip,) = case.clips
    assert clip["file"] == "clips/A0001-2.mp4"
    assert sorted(path.name for path in (tmp_path / "evidence").iterdir()) == ["A0001-2.jpg", "A0001.jpg"]
    assert verify(tmp_path / "first").genuine
    assert verify(tmp_path / "record").unrecorded == ("clips/A0001.mp4", "evidence/A0001.jpg")
    with (tmp_path / clip["file"]).open("r+b") as stream:
        stream.seek(500)
        stream.write(b"\x00\x01\x02")
    (fault,) = verify(tmp_path / "record").faults
    assert "clips/A0001-2.mp4 is not as it was written" in fault.what
    (tmp_path / clip["file"]).unlink()
    (fault,) = verify(tmp_path / "record").faults
    assert "cannot be read" in fault.what
    assert verify(tmp_path / "record", files_too=False).genuine


def test_a_disk_that_refuses_is_recorded(tmp_path: Path, video: Path) -> None:
    (tmp_path / "clips").write_text("in the way")
    case = Case(tmp_path, EARLY_CLIP, video)
    assert len(case.clips) == 1
    assert "not_kept" in case.clips[0]
    assert case.session.totals.looks == 105


def test_reach_by_hand() -> None:
    looks = [Look(0.0, None), Look(0.2, "x"), Look(0.4, None), Look(0.6, None), Look(0.8, None), Look(1.6, None)]
    assert clean_reach(looks, 0.6, 0.5) == (0.4, 0.8)
    assert clean_reach(looks, 0.6, 1.0) == (0.4, 1.6)
    assert clean_reach(looks, 0.2, 0.5) == "x"
    assert "no look within" in str(clean_reach(looks, 1.6, 0.5))
    assert "no longer kept" in str(clean_reach(looks, 9.0, 0.5))


def test_packets_are_held_only_where_clips_are_cut_from_them() -> None:
    """Up to 96 MiB that no clip would be made of: not where text is looked for (the default) or masked, nor where none is kept."""
    plain = Privacy(find_text=False)
    assert Site(clips=SETTINGS, privacy=plain).packets_held == SETTINGS.limits
    assert Site(clips=SETTINGS).packets_held is None
    assert Site(clips=SETTINGS, privacy=Privacy(find_text=False, masks_xyxy=((0, 0, 0.5, 0.1),))).packets_held is None
    assert Site(privacy=plain).packets_held is None
