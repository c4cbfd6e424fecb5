"""What is written reads as CholecT50 reads, agrees with the script, and is whole or absent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medgrpo.knowledge import TRIPLETS, Instance, Procedure
from medgrpo.simulation import Case, labels, simulate, write_case
from medgrpo.simulation.write import action_segments
from medgrpo.video import Image, open_video, read_image


class _Grey(Case):
    """The same case with grey pictures: drawing 120 of them is left to the slow test."""

    def picture_at(self, seconds: float, *, instruments: bool = True) -> Image:
        assert instruments
        width, height = self.size_wh
        return np.full((height, width, 3), int(seconds), np.uint8)


@pytest.fixture(scope="module")
def written(procedure: Procedure, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The labelled seconds of the case, without video."""
    case = simulate(procedure, 2, 7, size_wh=(320, 180), frame_rate=5)
    case.__class__ = _Grey
    return write_case(case, tmp_path_factory.mktemp("case"), video=False, frames=True)


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_the_folder_is_cholect50s(written: Path) -> None:
    content = _json(written / "labels/SIM0007.json")
    pictures = sorted((written / "videos/SIM0007").iterdir())
    assert [picture.name for picture in pictures] == [f"{second:06d}.jpg" for second in range(120)]
    picture = read_image(pictures[40])
    assert picture.shape == (180, 320, 3)
    assert abs(float(picture.mean()) - 40) < 2  # the name is the second
    assert set(content) == {"info", "licenses", "categories", "video", "fps", "num_frames", "annotations"}
    assert (content["fps"], content["num_frames"]) == (1, 120)
    assert list(content["annotations"]) == [str(second) for second in range(120)]
    assert content["categories"]["triplet"]["17"] == "grasper,retract,gallbladder"
    assert content["annotations"]["0"] == []  # the camera is still outside


def test_labels_decode_to_the_truth(case: Case) -> None:
    for second, vectors in labels(case)["annotations"].items():
        truth = case.truth_at(float(second))
        decoded = [Instance.from_vector(vector) for vector in vectors]
        assert [instance.triplet for instance in decoded] == [tip.triplet.index for tip in truth.tips]
        for instance, tip in zip(decoded, truth.tips, strict=True):
            assert instance.instrument_box is not None
            assert instance.instrument_box.xyxy == pytest.approx(tip.box_xyxy.xyxy, abs=1e-9)


def test_no_half_written_file_is_left(written: Path) -> None:
    assert not [path for path in written.rglob("*") if "unfinished" in path.name]


def test_truth_files_agree_with_the_script(case: Case, written: Path) -> None:
    truth = _json(written / "truth.json")
    lines = [json.loads(line) for line in (written / "truth.jsonl").read_text(encoding="utf-8").splitlines()]
    assert truth["deviations"] == ["none"]
    assert [part["phase"] for part in truth["phases"]] == [part.phase for part in case.script.phases]
    assert len(truth["events"]) == len(case.script.events)
    assert [line["seconds"] for line in lines] == list(range(120))
    for line in lines:
        inside = [p["phase"] for p in truth["phases"] if p["start_seconds"] <= line["seconds"] < p["end_seconds"]]
        assert inside == [line["phase"]]


def test_events_match_frames(case: Case) -> None:
    """Inside every clip and division event the frame shows that very action (unless the tip is out of the picture)."""
    seen = 0
    for event in case.script.events:
        verb = {"clip applied": "clip", "structure divided": "cut"}.get(event.kind.value)
        if verb is None:
            continue
        truth = case.truth_at((event.span.start_seconds + event.span.end_seconds) / 2)
        names = {tip.triplet.name.split(",", 1)[1] for tip in truth.tips}
        assert f"{verb},{event.target}" in names
        seen += 1
    assert seen >= 6


def test_action_segments_are_runs_of_frames(case: Case) -> None:
    truths = [case.truth_at(t / 5) for t in range(150, 200)]
    segments = action_segments(truths, 0.2)
    names = {triplet.name for triplet in TRIPLETS}
    total = sum(s["end_seconds"] - s["start_seconds"] for s in segments)
    assert all(s["triplet"] in names for s in segments)
    assert total == pytest.approx(sum(len({tip.triplet.name for tip in t.tips}) for t in truths) * 0.2, abs=1e-6)


@pytest.mark.slow
def test_the_video_holds_every_frame_and_says_simulated(procedure: Procedure, tmp_path: Path) -> None:
    case = simulate(procedure, 2, 7, size_wh=(160, 120), frame_rate=1)
    steps: list[tuple[int, int]] = []
    write_case(case, tmp_path, frames=True, progress=lambda done, total: steps.append((done, total)))
    with open_video(tmp_path / "case.mp4") as source:
        frames = list(source.looks(0.0))
        tags = dict(source.info.tags)
    assert len(frames) == case.frame_count == 120
    assert "medgrpo simulation" in tags["title"]
    assert "medgrpo simulation" in tags["comment"]
    assert steps[-1] == (240, 240)
    picture = read_image(tmp_path / "videos/SIM0007/000050.jpg")
    assert abs(picture.astype(int) - case.picture_at(50.0)).mean() < 8
    assert len((tmp_path / "truth.jsonl").read_text(encoding="utf-8").splitlines()) == 120
    assert abs(frames[100].image.astype(int) - case.picture_at(case.seconds(100))).mean() < 8


@pytest.mark.slow
def test_an_interrupted_case_leaves_no_video_behind(procedure: Procedure, tmp_path: Path) -> None:
    case = simulate(procedure, 2, 7, size_wh=(160, 120), frame_rate=2)

    def stop(done: int, total: int) -> None:
        if done == 20 < total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_case(case, tmp_path, progress=stop)
    assert list(tmp_path.iterdir()) == []
