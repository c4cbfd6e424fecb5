"""Figures of a whole video, with a scripted perceiver in place of a network."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from medgrpo.core import Box
from medgrpo.evaluation import failure_gallery, measure_video, predict_video, summarise
from medgrpo.knowledge import INSTRUMENTS, PHASES, TARGETS, TRIPLETS, VERBS
from medgrpo.perception import Domain, Observation, Seen, Tip, View, ViewState
from medgrpo.sources import read_video
from medgrpo.video import Frame, encode_png

HOOK = [60, 2, 1.0, 0.25, 0.25, 0.5, 0.5, 2, 0, 1.0, -1, -1, -1, -1, 3]
EMPTY = Seen(*((0.0,) * len(names) for names in (INSTRUMENTS, VERBS, TARGETS, TRIPLETS)), (1.0,) + (0.0,) * (len(PHASES) - 1), ())
VIEW = View(ViewState.INSIDE, 0.4, 0.1, 0.1, 0.0)


class Oracle:
    """Sees the hook on the even seconds, where it is; on second `blind` it cannot look."""

    model = "oracle"

    def __init__(self, blind: int | None = None) -> None:
        self.blind, self.resets = blind, 0

    def look(self, frame: Frame) -> Observation:
        if frame.seconds == self.blind:
            return Observation(frame.seconds, VIEW, Domain.UNKNOWN, None, "the picture is black (image measure)", self.model)
        seen = EMPTY
        if frame.seconds % 2 == 0:
            row = [0.0] * len(INSTRUMENTS)
            row[2] = 0.9
            seen = replace(EMPTY, instruments=tuple(row), tips=(Tip("hook", Box(0.25, 0.25, 0.75, 0.75), 0.9),))
        return Observation(frame.seconds, VIEW, Domain.CHOLECYSTECTOMY, seen, None, self.model)

    def reset(self) -> None:
        self.resets += 1

    def memory(self) -> str:
        return ""

    def restore(self, memory: str) -> None:
        raise AssertionError("nothing is resumed here")


@pytest.fixture
def video(tmp_path: Path):
    (tmp_path / "labels").mkdir()
    (tmp_path / "videos" / "VID01").mkdir(parents=True)
    for second in range(6):
        (tmp_path / "videos" / "VID01" / f"{second:06d}.png").write_bytes(encode_png(np.full((40, 60, 3), 120, np.uint8)))
    annotations = {second: [HOOK] if second % 2 == 0 else [] for second in range(6)}
    (tmp_path / "labels" / "VID01.json").write_text(json.dumps({"annotations": annotations}))
    return read_video(tmp_path, "VID01")


def silent(done: int, total: int) -> None:
    pass


def test_an_oracle_is_perfect_and_every_figure_has_its_base_rate(video):
    perceiver = Oracle()
    figures = measure_video(predict_video(perceiver, video, silent))
    assert perceiver.resets == 1
    assert figures["instrument_map"] == 1.0
    assert figures["instrument_base_rate"] == 0.5  # of the classes that occur: the hook in 3 of 6 frames
    assert figures["instrument_positives"] == 3
    assert figures["tip_ap50"] == 1.0
    assert figures["verb_map"] == 0.5  # says nothing of verbs: chance
    assert figures["instrument_ece"] == pytest.approx(3 * 0.1 / 36, abs=1e-6)
    assert figures["not_assessed"] == {}


def test_a_frame_that_was_not_assessed_scores_nothing_and_is_counted(video):
    figures = measure_video(predict_video(Oracle(blind=2), video, silent))
    assert figures["not_assessed"] == {"the picture is black (image measure)": 1}
    assert figures["instrument_map"] == pytest.approx(1 / 3 + 1 / 3 + 1 / 3 * 3 / 6)  # the third hook only at the lowest score
    assert figures["tip_ap50"] == pytest.approx(2 / 3)


def test_the_summary_is_the_mean_over_videos(video):
    videos = [measure_video(predict_video(Oracle(blind), video, silent)) for blind in (None, 2)]
    summary = summarise(videos)
    assert summary["instrument_map"] == pytest.approx((1 + 5 / 6) / 2)
    assert summary["instrument_positives"] == 6
    assert summary["not_assessed"] == {"the picture is black (image measure)": 1}


def test_the_gallery_shows_what_was_missed_and_escapes_names(video):
    page = failure_gallery([predict_video(Oracle(blind=2), video, silent)], "<model>")
    assert "&lt;model&gt;" in page
    assert page.count("<img") == 1
    assert "VID01 at 00:02: probability 0.00; labelled: hook" in page
