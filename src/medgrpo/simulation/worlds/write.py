"""A world's case on disk: the video, pictures at one a second, and the whole truth."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from medgrpo.simulation.worlds.script import Segment, WorldFrame
from medgrpo.simulation.worlds.world import WorldCase
from medgrpo.simulation.write import NOTICE, Progress, json_text, write_pieces
from medgrpo.video import VideoWriter, encode_jpeg

FORMAT = "medgrpo-world-truth/1"


def write_world(
    case: WorldCase, out_dir: Path | str, *, video: bool = True, frames: bool = False, progress: Progress | None = None
) -> Path:
    """Writes the case into `out_dir` (made if absent) and gives that folder. Every file appears whole or not at all.

    Always: truth.json (phases, actions, deeds, skill), truth.jsonl (one line a frame; with `video=False` one a second).
    video: case.mp4. frames: frames/<second>.jpg at 1 a second.
    """
    folder = Path(out_dir)
    folder.mkdir(parents=True, exist_ok=True)
    seconds = range(math.floor(case.seconds(case.frame_count - 1)) + 1)
    total = (case.frame_count if video else 0) + (len(seconds) if frames else 0)
    done = 0
    if frames:
        (folder / "frames").mkdir(exist_ok=True)
        for second in seconds:
            write_pieces(folder / "frames" / f"{second:06d}.jpg", [encode_jpeg(case.picture_at(float(second)))])
            done += 1
            if progress is not None:
                progress(done, total)
    if video:
        width, height = case.size_wh
        tags = {"title": f"medgrpo simulation {case.name}", "comment": f"medgrpo simulation, seed {case.seed}. {NOTICE}"}
        with VideoWriter(folder / "case.mp4", width, height, case.frame_rate, tags) as writer:
            for index in range(case.frame_count):
                writer.write(case.picture_at(case.seconds(index)))
                if progress is not None:
                    progress(done + index + 1, total)
    indices = range(case.frame_count) if video else [math.ceil(second * case.frame_rate) for second in seconds]
    truths = (case.truth_at(case.seconds(index), index) for index in indices)
    write_pieces(folder / "truth.jsonl", (json_text(_frame(truth)) + "\n" for truth in truths))
    write_pieces(folder / "truth.json", [json_text(_case(case), indent=1)])
    return folder


def _frame(truth: WorldFrame) -> dict[str, Any]:
    return {
        "frame": truth.index,
        "seconds": round(truth.seconds, 4),
        "phase": truth.phase,
        "action": truth.action,
        "tools": [{"name": tool.name, "box_xyxy": [round(v, 4) for v in tool.box_xyxy.xyxy]} for tool in truth.tools],
    }


def _case(case: WorldCase) -> dict[str, Any]:
    script = case.script

    def part(segment: Segment) -> dict[str, Any]:
        return {
            "label": segment.label,
            "start_seconds": round(segment.span.start_seconds, 3),
            "end_seconds": round(segment.span.end_seconds, 3),
        }

    return {
        "format": FORMAT,
        "notice": NOTICE,
        "world": case.world,
        "case": case.name,
        "seed": case.seed,
        "size_wh": list(case.size_wh),
        "frame_rate": str(case.frame_rate),
        "frames": case.frame_count,
        "duration_seconds": script.duration_seconds,
        "labels": list(case.labels),
        "phases": [part(segment) for segment in script.phases],
        "actions": [part(segment) for segment in script.actions],
        "deeds": [
            {
                "tool": deed.tool,
                "verb": deed.verb,
                "target": deed.target,
                "start_seconds": round(deed.span.start_seconds, 3),
                "end_seconds": round(deed.span.end_seconds, 3),
            }
            for deed in script.deeds
        ],
        "skill": None if script.skill is None else dict(script.skill),
    }
