"""Burned-in text is hidden in all that leaves: found by what stands still, by what is written, and by what the site says."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medgrpo.audit import Entry, Journal, SigningKey, read_entries
from medgrpo.core import InputError
from medgrpo.knowledge import load_procedure
from medgrpo.stream import (
    Arrival,
    Black,
    ChannelPolicy,
    Cover,
    FastLoop,
    FileSource,
    LiveSession,
    ManualClock,
    Privacy,
    Site,
    TextFinder,
    TextLimits,
    Tick,
    about_picture,
    blackened,
    load_site,
    stamped,
)
from medgrpo.stream.showing import picture_of
from medgrpo.stream.strokes import STROKE, stroke_masks
from medgrpo.video import Image, VideoWriter, read_image
from tests.stream import live

HEIGHT, WIDTH = 240, 320
SEGMENTS = ("abcdef", "bc", "abdeg", "abcdg", "bcfg", "acdfg", "acdefg", "abc", "abcdefg", "abcdfg")
PLACES = {
    "a": (0, 0, 2, 10),
    "b": (0, 8, 10, 10),
    "c": (8, 8, 18, 10),
    "d": (16, 0, 18, 10),
    "e": (8, 0, 18, 2),
    "f": (0, 0, 10, 2),
}
PLACES["g"] = (8, 0, 10, 10)


def scene(number: int) -> Image:
    """Smooth, moving, reddish, with a glint that wanders."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    wave = 90 + 50 * np.sin((rows + 7 * number) / 23) * np.cos((columns - 5 * number) / 31)
    image = np.stack([wave * 1.4, wave * 0.7, wave * 0.6], 2).astype(np.uint8)
    place = 20 + 13 * number % 180
    image[place : place + 4, place : place + 5] = 255
    return image


def write(image: Image, text: str, top: int, left: int, level: int = 235) -> Image:
    """Digits of seven segments, 18 pixels high, two thick."""
    image = image.copy()
    for place, letter in enumerate(text):
        for segment in SEGMENTS[int(letter)]:
            y0, x0, y1, x1 = PLACES[segment]
            image[top + y0 : top + y1, left + 14 * place + x0 : left + 14 * place + x1] = level
    return image


def hidden(finder: TextFinder, top: int, left: int, letters: int) -> float:
    black = blackened(np.full((HEIGHT, WIDTH, 3), 255, np.uint8), finder.cells)[..., 0] == 0
    return float(black[top : top + 18, left : left + 14 * letters - 4].mean())


def test_a_stroke_is_thin_and_stands_out_whatever_its_colour() -> None:
    image = np.full((64, 64, 3), 100, np.uint8)
    image[10:40, 10:13] = (255, 255, 0)
    image[10:40, 30:50] = 255
    image[50:52, 5:60] = 0
    found = stroke_masks(image, 50)
    bright = found["1 bright in brightest"]
    assert bright[20, 11] == 1
    assert bright[20, 40] == 0, "a block of twenty pixels is no stroke"
    assert found["1 dark in darkest"][51, 30] == 1
    assert found["1 dark in darkest"][20, 11] == 1, "yellow has no blue"
    assert set(np.unique(np.concatenate([mask.ravel() for mask in found.values()]))) <= {0, 1}
    assert STROKE == 8


def test_a_name_that_stands_over_a_moving_scene_is_hidden_in_time_and_the_scene_is_not() -> None:
    finder = TextFinder(TextLimits())
    for number in range(5):
        finder.look(number * 0.4, write(scene(number), "8365", 100, 120, 190))
    assert hidden(finder, 100, 120, 4) == 1.0
    assert finder.cells.mean() < 0.15
    clean = TextFinder(TextLimits())
    for number in range(12):
        clean.look(number * 0.4, scene(number))
    assert clean.cells.mean() < 0.05


def test_a_clock_whose_digits_run_is_hidden() -> None:
    finder = TextFinder(TextLimits(sudden_alternations=64))
    for number in range(8):
        digits = "".join(str((number * step + step) % 10) for step in (3, 7, 1, 9, 3, 7))
        finder.look(number * 0.4, write(scene(number), digits, 150, 60))
    assert hidden(finder, 150, 60, 6) > 0.95


def test_a_caption_that_appears_is_hidden_at_once_and_its_place_stays_hidden_for_a_while() -> None:
    limits = TextLimits()
    finder = TextFinder(limits)
    for number in range(6):
        finder.look(number * 0.4, scene(number))
    rows = scene(6)
    rows[100:112, 60:160:4] = 255
    rows[100:112, 61:160:4] = 255
    finder.look(6 * 0.4, rows)
    assert hidden(finder, 100, 62, 7) == 1.0
    for number in range(7, 6 + limits.kept_looks):
        finder.look(number * 0.4, scene(number))
    assert hidden(finder, 100, 62, 7) == 1.0
    for number in range(6 + limits.kept_looks, 8 + limits.kept_looks):
        finder.look(number * 0.4, scene(number))
    assert hidden(finder, 100, 62, 7) < 0.2


def test_looks_that_come_sooner_are_passed_over_and_another_size_begins_anew() -> None:
    finder = TextFinder(TextLimits())
    for number in range(20):
        finder.look(number * 0.05, write(scene(0), "88", 100, 100))
    assert hidden(finder, 100, 100, 2) < 1.0, "three looks were taken"
    for number in range(5):
        finder.look(2 + number * 0.4, write(scene(0), "88", 100, 100))
    assert hidden(finder, 100, 100, 2) == 1.0
    finder.look(9.0, np.zeros((100, 100, 3), np.uint8))
    assert not finder.cells.any()


@pytest.mark.parametrize("size", [(1080, 1920), (481, 855), (5, 3)])
def test_cells_cover_a_picture_of_any_size(size: tuple[int, int]) -> None:
    finder = TextFinder(TextLimits())
    finder.look(0.0, np.zeros((*size, 3), np.uint8))
    white = np.full((*size, 3), 255, np.uint8)
    assert blackened(white, finder.cells) is white
    assert not blackened(white, np.ones_like(finder.cells)).any()
    if size[0] > 100:
        corner = np.zeros_like(finder.cells)
        corner[0, 0] = True
        black = blackened(white, corner)[..., 0] == 0
        cell = 16 if size[0] == 1080 else 8
        assert black[:cell, :cell].all()
        assert black.sum() == cell * cell


SITE = """
[privacy]
masks_xyxy = [[0.0, 0.0, 0.25, 0.1]]
find_text = false
"""


def test_a_site_says_what_is_masked(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text(SITE)
    assert load_site(path).privacy == Privacy(masks_xyxy=((0.0, 0.0, 0.25, 0.1),), find_text=False)
    assert Site().privacy.find_text, "unless the site says otherwise"
    path.write_text("[privacy]\nmasks_xyxy = [[0.5, 0.0, 0.25, 0.1]]\n")
    with pytest.raises(InputError, match="left, top, right, bottom"):
        load_site(path)


def test_how_much_is_black_and_why_is_told_in_words() -> None:
    cover = Cover(Privacy(masks_xyxy=((0.0, 0.0, 0.5, 0.5), (0.25, 0.0, 0.5, 0.5)), find_text=True))
    for number in range(6):
        cover.look(number * 0.4, write(scene(number), "8365", 150, 220, 190))
        image = cover.over(scene(number), clear=True)
    assert cover.black.regions == pytest.approx(0.25, abs=0.02), "regions that lie over one another count once"
    assert 0.005 < cover.black.text < 0.2
    assert (image[..., :] == 0).all(axis=2).mean() == pytest.approx(cover.black.text + cover.black.regions, abs=0.02)
    assert cover.black.words.count("%") == 2
    assert "the site's settings name it" in cover.black.words
    assert Black().words == "nothing of the picture is black"
    assert [Black(now).is_another(Black(then)) for now, then in ((0.04, 0.0), (0.07, 0.04), (0.1, 0.04), (0.0, 0.001))] == [
        True,
        False,
        True,
        True,
    ]


class Case:
    """A real file through the real loop: ticks, evidence, record."""

    def __init__(self, folder: Path, site: Site, source: Any, clock: ManualClock, plot: tuple[Any, ...]) -> None:
        self.folder, self.ticks = folder, list[Tick]()
        loop = FastLoop(live.PlotPerceiver(plot), load_procedure("cholecystectomy"), site, clock, live=False)
        with Journal(folder / "record", SigningKey.at(folder / "key.pem"), partial(stamped, clock), {}) as journal:
            LiveSession(source, loop, clock, journal, folder, listeners=[self.ticks.append]).run(lambda: False)

    def entries(self) -> list[Entry]:
        return [entry for _, _, entry, _ in read_entries(self.folder / "record") if isinstance(entry, Entry)]

    def kept(self) -> list[Any]:
        found = [entry.body["evidence"] for entry in self.entries() if entry.kind == "decision" and entry.body.get("evidence")]
        return [one for one in found if "file" in one]

    def evidence(self) -> list[Path]:
        return [self.folder / str(one["file"]) for one in self.kept()]


def test_preview_and_evidence_hide_the_text_and_the_file_s_own_words_do_not_come_along(tmp_path: Path) -> None:
    """Text in the picture, a patient's name in the file's metadata: neither is in anything that was written."""
    import av

    plain, named = tmp_path / "plain.mp4", tmp_path / "named.mp4"
    with VideoWriter(plain, WIDTH, HEIGHT, 5) as writer:
        for number in range(60):
            writer.write(write(scene(number), "8365", 100, 120))
    with av.open(str(plain)) as given, av.open(str(named), "w") as made:
        made.metadata.update({"title": "MUELLER ANNA", "comment": "born 1.2.1950"})
        stream = made.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(given.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                made.mux(packet)
    assert b"MUELLER" in named.read_bytes()
    clock = ManualClock()
    plot = ((0.0, "preparation", "grasper,retract,gallbladder"), (5.0, "clipping-and-cutting", "clipper,clip,cystic_duct"))
    plot += ((7.0, "clipping-and-cutting", "grasper,retract,gallbladder"),)
    channels = {"clip_before_dissection": ChannelPolicy(on_after_seconds=0), "phase_order": ChannelPolicy(on_after_seconds=0)}
    case = Case(tmp_path, Site(channels=channels), FileSource(named, clock, 0), clock, plot)
    clear = [tick for tick in case.ticks if tick.case_seconds > 3 and tick.shown is not None]
    assert len(clear) > 40
    for tick in clear:
        assert tick.shown is not None
        assert tick.shown[100:118, 120:172].max() == 0
        assert tick.shown.mean() > 30, "the rest is shown"
    for tick in clear:
        assert tick.black is not None
        assert 0.01 < tick.black.text < 0.2
        assert about_picture(picture_of(tick, clear=True))["black"] == {"text": tick.black.text, "regions": 0.0}
    entries = case.entries()
    told = [entry.body for entry in entries if entry.kind == "black"]
    assert told, "the record says in words that something is black"
    assert all("of the picture is black because it looks like burned-in text" in body["why"] for body in told if body["text"])
    assert len(told) < 12, "when it changes, not with every look"
    assert all("looks like burned-in text" in str(one["black"]) for one in case.kept())
    pictures = case.evidence()
    assert pictures
    for path in pictures:
        assert read_image(path)[100:118, 120:172].max() < 16
        data = path.read_bytes()
        assert b"MUELLER" not in data
        assert markers(data) <= {0xE0, 0xDB, 0xC0, 0xC4}, "tables and the picture, nothing told about it"
    assert all(b"MUELLER" not in path.read_bytes() for path in (tmp_path / "record").iterdir())


def markers(data: bytes) -> set[int]:
    """Of a JPEG, up to its picture."""
    found, place = set(), 2
    while data[place + 1] != 0xDA:
        found.add(data[place + 1])
        place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    return found


def test_a_picture_of_another_size_is_dimmed_until_its_text_is_known() -> None:
    clock = ManualClock()
    plot = ((0.0, "preparation", "grasper,retract,gallbladder"),)
    loop = FastLoop(live.PlotPerceiver(plot), load_procedure("cholecystectomy"), Site(), clock, live=False)
    clear = []
    for number in range(50):
        clock.at(number / 5)
        image = scene(number) if number < 25 else np.ascontiguousarray(scene(number)[:, :300])
        arrival = Arrival(number, number / 5, number / 5, number + 1, (image.shape[1], HEIGHT), lambda image=image: image)
        loop.look(arrival, (), 0, 0)
        clear.append(loop.privacy.clear)
    assert [clear[place] for place in (9, 10, 24, 25, 30, 34)] == [False, True, True, False, False, False]
    assert clear[-1]
