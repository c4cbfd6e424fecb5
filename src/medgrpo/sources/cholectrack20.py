"""CholecTrack20: laparoscopic cholecystectomy with every instrument boxed and followed, once a second.

Layout: `Training|Validation|Testing/VIDxx/VIDxx.json` beside `Frames/000025.png`. A file holds `video` {name, split, width, height,
num_frames ...}, `categories` {tools: [{id, name}], operators: [{id, name}]} and `annotations`: frame number at 25 fps -> list of
instances {instrument, tool_bbox [x, y, width, height] in 0..1, operator, visibility_track, intracorporeal_track,
intraoperative_track, verb, target, phase, triplet, ...}. Keys lie 25 apart where no second is missing. Read in the data set's own
converter (CAMMA-public/cholectrack20, utils/conversion.py, README) and in parsers of people who have it; never run on real files.

Left alone: `phase`, whose numbers no file explains, and VID30 and VID31, whose labels are not those of their pictures (issue 10
of the repository).
Nwoye et al., CVPR 2025; CC BY-NC-SA 4.0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from medgrpo.core import DataError
from medgrpo.knowledge import TARGETS, VERBS
from medgrpo.sources.json_file import as_corners, as_list, as_object, as_text, as_whole, load_object
from medgrpo.sources.overlaps import is_doubtful
from medgrpo.sources.problem import Problem
from medgrpo.sources.tracks import pixel_box
from medgrpo.tasks import PixelBox

NUMBERS_PER_SECOND = 25
_SPLITS = ("Training", "Validation", "Testing")
_OPERATORS = {
    "MSLH": "the main surgeon's left hand",
    "MSRH": "the main surgeon's right hand",
    "ASRH": "the assistant surgeon's right hand",
}
_TOLERANCE = 0.01
"""How far a box may leave the picture, as a share of it, before it is a problem."""


@dataclass(frozen=True, slots=True)
class Tool:
    """One instrument in one frame. `track`: its number while it stays in view. `held_by`: "" where unknown or nobody.

    `act`: (verb, target) of CholecT50's vocabulary, in the few videos that have it.
    """

    name: str
    track: int
    held_by: str
    box: PixelBox
    act: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class TrackedVideo:
    """`frames`: number at 25 fps, in order -> its tools. `width`, `height` in pixels of the original frame."""

    name: str
    split: str
    width: int
    height: int
    frames: Mapping[int, tuple[Tool, ...]]


def tracked_videos(folder: Path) -> Iterator[TrackedVideo | Problem]:
    """Every video, and what is wrong with single frames or instruments, which are left out. DataError when there is none."""
    paths = sorted(path for split in _SPLITS for path in folder.glob(f"{split}/*/*.json"))
    if not paths:
        raise DataError(folder, "holds no CholecTrack20 labels: expected Training/VIDxx/VIDxx.json")
    for path in paths:
        name = path.parent.name
        if is_doubtful("CholecTrack20", name):
            yield Problem(
                path, name, "the labels of VID30 and VID31 are not those of their pictures (the data set's issue 10): left out"
            )
            continue
        wrong: list[Problem] = []
        try:
            video = _video(path, name, wrong)
        except (KeyError, ValueError) as error:
            said = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            yield Problem(path, name, said)
            continue
        except DataError as error:
            yield Problem(path, name, error.reason)
            continue
        yield from wrong
        yield video


def _video(path: Path, name: str, wrong: list[Problem]) -> TrackedVideo:
    content = load_object(path, "CholecTrack20")
    about = as_object(content["video"], "video")
    width, height = as_whole(about["width"], "video.width"), as_whole(about["height"], "video.height")
    if width <= 0 or height <= 0:
        raise ValueError(f"video: a picture of {width} x {height}")
    categories = as_object(content["categories"], "categories")
    tools, operators = _names(categories["tools"], "tools"), _names(categories["operators"], "operators")
    frames: dict[int, tuple[Tool, ...]] = {}
    for key, rows in as_object(content["annotations"], "annotations").items():
        try:
            if not re.fullmatch(r"\d{1,9}", key):
                raise ValueError("not the number of a frame")
            if int(key) in frames:
                raise ValueError("the frame occurs twice")
            found: dict[int, Tool] = {}
            for place, row in enumerate(as_list(rows, "instances"), 1):
                try:
                    tool = _tool(as_object(row, "instance"), tools, operators, (width, height))
                    if tool.track in found:
                        raise ValueError(f"track {tool.track} occurs twice")
                    found[tool.track] = tool
                except (KeyError, ValueError) as error:
                    said = f"{error} is missing" if isinstance(error, KeyError) else str(error)
                    wrong.append(Problem(path, f"frame {key}: instance {place}", said))
            frames[int(key)] = tuple(found.values())
        except ValueError as error:
            wrong.append(Problem(path, f"frame {key}", str(error)))
    stated = about.get("num_frames")
    if stated is not None and stated != len(frames):
        wrong.append(Problem(path, name, f"video.num_frames is {stated!r}, but {len(frames)} frames are labelled"))
    return TrackedVideo(name, path.parent.parent.name, width, height, dict(sorted(frames.items())))


def _names(value: object, where: str) -> dict[int, str]:
    rows = [as_object(row, f"categories.{where}") for row in as_list(value, f"categories.{where}")]
    return {as_whole(row["id"], f"categories.{where}"): as_text(row["name"], f"categories.{where}") for row in rows}


def _tool(row: dict[str, object], tools: Mapping[int, str], operators: Mapping[int, str], picture: tuple[int, int]) -> Tool:
    kind = as_whole(row["instrument"], "instrument")
    if kind not in tools:
        raise ValueError(f"instrument {kind} is none of the file's tools")
    operator = as_whole(row["operator"], "operator")
    if operator not in operators:
        raise ValueError(f"operator {operator} is none of the file's operators")
    x, y, wide, high = as_corners(row["tool_bbox"], "tool_bbox")
    width, height = picture
    if max(x, y, wide, high) > 1 + _TOLERANCE:
        raise ValueError(f"tool_bbox: {[x, y, wide, high]} is not in 0..1 of the picture")
    box = pixel_box(x * width, y * height, wide * width, high * height, (float(width), float(height)), _TOLERANCE * width)
    words = tools[kind].replace("-", " ").replace("_", " ").lower()
    held_by = next((said for short, said in _OPERATORS.items() if short in _short(operators[operator])), "")
    return Tool(words, as_whole(row["visibility_track"], "visibility_track"), held_by, box, _act(row))


def _short(name: str) -> str:
    """`main-surgeon-left-hand (MSLH)`, `MSLH` and `main-surgeon-left-hand` are one operator."""
    initials = "".join(word[0] for word in re.findall(r"[A-Za-z]+", name.split("(")[0]))
    return f"{name.upper()} {initials.upper()}"


def _act(row: dict[str, object]) -> tuple[str, str] | None:
    verb, target = row.get("verb", -1), row.get("target", -1)
    if isinstance(verb, int) and isinstance(target, int) and 0 <= verb < len(VERBS) and 0 <= target < len(TARGETS):
        return VERBS[verb], TARGETS[target]
    return None
