"""A case on disk: video, pictures at 1 a second, labels in CholecT50's own format, and the whole truth."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from medgrpo.core import whole_file
from medgrpo.knowledge import INSTRUMENTS, PHASES, TARGETS, TRIPLETS, VERBS
from medgrpo.simulation.case import Case, FrameTruth
from medgrpo.simulation.script import Event, PhaseSpan
from medgrpo.video import VideoWriter, encode_jpeg

Progress = Callable[[int, int], None]
"""Called with (frames done, frames in all)."""

NOTICE = "SIMULATED by medgrpo: drawn, not filmed. It tests software and is no evidence of accuracy on real surgery."
_FORMAT = "medgrpo-simulation-truth/1"


def write_case(
    case: Case, out_dir: Path | str, *, video: bool = True, frames: bool = False, progress: Progress | None = None
) -> Path:
    """Writes the case into `out_dir` (made if absent) and gives that folder. Every file appears whole or not at all.

    Always: truth.json (phases, actions, events, deviations), truth.jsonl (one line a frame), labels/SIMxxxx.json.
    video: case.mp4. frames: videos/SIMxxxx/<second>.jpg at 1 a second, so that the folder reads as CholecT50's.
    With `video=False` only the seconds are labelled, in truth.jsonl too, and only they are drawn.
    """
    folder = Path(out_dir)
    folder.mkdir(parents=True, exist_ok=True)
    indices = range(case.frame_count) if video else [math.ceil(s * case.frame_rate) for s in range(_whole_seconds(case))]
    total = (case.frame_count if video else 0) + (_whole_seconds(case) if frames else 0)
    done = 0
    if frames:
        pictures = folder / "videos" / case.name
        pictures.mkdir(parents=True, exist_ok=True)
        for second in range(_whole_seconds(case)):
            write_pieces(pictures / f"{second:06d}.jpg", [encode_jpeg(case.picture_at(float(second)))])
            done += 1
            if progress is not None:
                progress(done, total)
    if video:
        _write_video(case, folder / "case.mp4", done, total, progress)
    (folder / "labels").mkdir(exist_ok=True)
    write_pieces(folder / "labels" / f"{case.name}.json", [json_text(labels(case))])
    segments = _Segments(1.0 / float(case.frame_rate) if video else 1.0)
    truths = (case.truth_at(case.seconds(index), index) for index in indices)
    write_pieces(folder / "truth.jsonl", (json_text(_frame_record(truth)) + "\n" for truth in map(segments.see, truths)))
    write_pieces(folder / "truth.json", [json_text(_case_record(case, segments.finished()), indent=1)])
    return folder


def labels(case: Case) -> dict[str, Any]:
    """The label file of CholecT50 for the frame at every whole second; a second without visible instrument has an empty list."""
    seconds = range(_whole_seconds(case))
    return {
        "info": {
            "dataset": "medgrpo-simulation", "version": 1.5, "description": NOTICE, "contributor": "medgrpo",
            "bbox format": "[x1,y1,bw,bh] == [top_left_x, top_left_y, box_width, box_height]",
        },
        "licenses": {"id": 2, "name": "Apache-2.0"},
        "categories": {
            "instrument": dict(_numbered(INSTRUMENTS)), "verb": dict(_numbered(VERBS)), "target": dict(_numbered(TARGETS)),
            "phase": dict(_numbered(PHASES)), "triplet": dict(_numbered(triplet.name for triplet in TRIPLETS)),
        },
        "video": case.name,
        "fps": 1,
        "num_frames": len(seconds),
        "annotations": {str(s): [i.to_vector() for i in case.truth_at(float(s)).instances()] for s in seconds},
    }  # fmt: skip


def action_segments(truths: Iterable[FrameTruth], frame_seconds: float) -> list[dict[str, Any]]:
    """Runs of frames in which a triplet is seen: triplet, start and end in seconds, by start."""
    segments = _Segments(frame_seconds)
    for truth in truths:
        segments.see(truth)
    return segments.finished()


class _Segments:
    """Collects the runs while frames pass by, so that hours of truth need not be held at once."""

    def __init__(self, frame_seconds: float) -> None:
        self._frame_seconds = frame_seconds
        self._running: dict[str, list[float]] = {}
        self._done: list[dict[str, Any]] = []

    def see(self, truth: FrameTruth) -> FrameTruth:
        seen = {tip.triplet.name for tip in truth.tips}
        for name in [name for name in self._running if name not in seen]:
            self._close(name)
        for name in seen:
            self._running.setdefault(name, [truth.seconds, truth.seconds])[1] = truth.seconds + self._frame_seconds
        return truth

    def finished(self) -> list[dict[str, Any]]:
        for name in list(self._running):
            self._close(name)
        return sorted(self._done, key=lambda segment: (segment["start_seconds"], segment["triplet"]))

    def _close(self, name: str) -> None:
        start, end = self._running.pop(name)
        self._done.append({"triplet": name, "start_seconds": round(start, 3), "end_seconds": round(end, 3)})


def _write_video(case: Case, path: Path, done: int, total: int, progress: Progress | None) -> None:
    width, height = case.size_wh
    tags = {"title": f"medgrpo simulation {case.name}", "comment": f"medgrpo simulation, seed {case.seed}. {NOTICE}"}
    with VideoWriter(path, width, height, case.frame_rate, tags) as writer:
        for index in range(case.frame_count):
            writer.write(case.picture_at(case.seconds(index)))
            if progress is not None:
                progress(done + index + 1, total)


def _whole_seconds(case: Case) -> int:
    return math.floor(case.seconds(case.frame_count - 1)) + 1


def _frame_record(truth: FrameTruth) -> dict[str, Any]:
    return {
        "frame": truth.index, "seconds": round(truth.seconds, 4), "phase": truth.phase, "view": truth.view.value,
        "tips": [
            {"triplet": tip.triplet.name, "box_xyxy": [round(v, 4) for v in tip.box_xyxy.xyxy]} for tip in truth.tips
        ],
        "smoke": round(truth.smoke, 3), "blood_fraction": round(truth.blood_fraction, 4),
        "critical_view": list(truth.critical_view),
    }  # fmt: skip


def _case_record(case: Case, actions: list[dict[str, Any]]) -> dict[str, Any]:
    def span(thing: PhaseSpan | Event) -> dict[str, float]:
        return {"start_seconds": round(thing.span.start_seconds, 3), "end_seconds": round(thing.span.end_seconds, 3)}

    script = case.script
    return {
        "format": _FORMAT, "notice": NOTICE, "case": case.name, "procedure": case.procedure_id, "seed": case.seed,
        "size_wh": list(case.size_wh), "frame_rate": str(case.frame_rate), "frames": case.frame_count,
        "duration_seconds": script.duration_seconds, "deviations": [d.value for d in script.deviations],
        "phases": [{"phase": part.phase, **span(part)} for part in script.phases],
        "actions": actions,
        "events": [{"kind": event.kind.value, "target": event.target, **span(event)} for event in script.events],
    }  # fmt: skip


def _numbered(names: Iterable[str]) -> Iterable[tuple[str, str]]:
    return ((str(k), name) for k, name in enumerate(names))


def json_text(value: object, indent: int | None = None) -> str:
    """JSON with letters of every script as they are."""
    return json.dumps(value, indent=indent, ensure_ascii=False)


def write_pieces(path: Path, pieces: Iterable[str | bytes]) -> None:
    """One after the other into a file that appears whole; several processes may draw the same case."""
    with whole_file(path, process=True) as hidden, hidden.open("wb") as file:
        for piece in pieces:
            file.write(piece.encode() if isinstance(piece, str) else piece)
