"""CholecTrack20 -> questions about one instrument while it stays in view: where it is, and what it does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from medgrpo.sources.captions import act_predicate, region_caption
from medgrpo.sources.card import Source, SourceCard
from medgrpo.sources.cholectrack20 import NUMBERS_PER_SECOND, Tool, TrackedVideo, tracked_videos
from medgrpo.sources.medvidbench import BenchmarkRecord, ClipBounds
from medgrpo.sources.problem import Problem
from medgrpo.sources.questions import Clip, rate_for, region, track
from medgrpo.sources.runs import label_runs, spaced, windows
from medgrpo.sources.tracks import LONGEST_TRACK_SECONDS, SHORTEST_TRACK_SECONDS, stops

LONGEST_GAP = 3 * NUMBERS_PER_SECOND
"""A track goes on over missing seconds up to this; its number says that it is the same."""


def _records(folder: Path) -> Iterator[BenchmarkRecord | Problem]:
    for video in tracked_videos(folder):
        if isinstance(video, Problem):
            yield video
        else:
            yield from _of_video(video)


def _of_video(video: TrackedVideo) -> Iterator[BenchmarkRecord]:
    followed: dict[int, dict[int, Tool]] = {}
    for number, tools in video.frames.items():
        for tool in tools:
            followed.setdefault(tool.track, {})[number] = tool
    numbers = {number: {tool.track for tool in tools} for number, tools in video.frames.items()}
    for start, end, one in label_runs(numbers, LONGEST_GAP):
        for first, last in windows(start, end, LONGEST_TRACK_SECONDS * NUMBERS_PER_SECOND):
            held = {number: tool for number, tool in followed[one].items() if first <= number <= last}
            if len(held) > 1 and max(held) - min(held) >= SHORTEST_TRACK_SECONDS * NUMBERS_PER_SECOND:
                yield from _of_track(video, held)


def _of_track(video: TrackedVideo, held: dict[int, Tool]) -> Iterator[BenchmarkRecord]:
    first, last = min(held), max(held)
    inside = [number for number in video.frames if first <= number <= last]
    clip = _clip(video, inside)
    kinds = Counter((tool.name, tool.held_by) for tool in held.values())
    name, held_by = kinds.most_common(1)[0][0]
    if len(kinds) > 1:  # the tool changes hands or name: no words fit the whole of it
        return
    others = [tool for number in inside for tool in video.frames[number] if number not in held or tool is not held[number]]
    same = [tool for tool in others if tool.name == name]
    thing = name if not same else f"{name} in {held_by}" if held_by else ""
    found = stops({number: tool.box for number, tool in held.items()}, NUMBERS_PER_SECOND)
    if found is not None and thing and not any(tool.held_by == held_by for tool in same):
        yield track(clip, thing, found.boxes, found.stride_seconds)
    words = f"{name} in {held_by}" if held_by else name
    boxes = [tool.box for tool in held.values()]
    yield region(clip, boxes[0], region_caption(words, boxes, video.width, video.height, _does(list(held.values()))))


def _does(tools: Sequence[Tool]) -> str:
    """The action that is labelled in more than half of the frames."""
    acts = Counter(tool.act for tool in tools if tool.act is not None)
    act, count = acts.most_common(1)[0] if acts else (None, 0)
    return act_predicate(tools[0].name, *act) if act is not None and 2 * count > len(tools) else ""


def _clip(video: TrackedVideo, inside: list[int]) -> Clip:
    first, last = inside[0], inside[-1]
    seconds = (last - first) / NUMBERS_PER_SECOND
    rate = rate_for(seconds)
    numbers = spaced(inside, float(NUMBERS_PER_SECOND / rate))
    return Clip(
        "CholecTrack20",
        video.name,
        video.split == "Training",
        first / NUMBERS_PER_SECOND,
        last / NUMBERS_PER_SECOND,
        tuple(f"{video.split}/{video.name}/Frames/{number:06d}.png" for number in numbers),
        numbers,
        rate,
        ClipBounds("input_video_frame", str(first), str(last)),
        dollars=True,
    )


CHOLECTRACK20 = Source(
    SourceCard(
        name="CholecTrack20",
        licence="CC BY-NC-SA 4.0",
        where="CAMMA, University of Strasbourg, on Synapse (syn53182642), by form",
        tasks=("spatiotemporal_grounding", "region_caption"),
        left_out="VID30 and VID31 (their labels belong to other pictures); an object that its words do not tell from another; the "
        "captions are templates, where MedVidBench's are a language model's",
        on_real_files=False,
    ),
    _records,
)
