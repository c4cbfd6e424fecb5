"""CholecT50: a folder of frames and label files -> labelled frames, one video at a time.

Layout: `videos/VIDxx/000013.jpg` (the file name is the second) and `labels/VIDxx.json` (annotations: second -> list of
vectors of 15 values, see medgrpo.knowledge.Instance). Licence of the original data: CC BY-NC-SA 4.0, never copied into the project.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from medgrpo.core import DataError
from medgrpo.knowledge import INSTRUMENTS, PHASES, TARGETS, TRIPLETS, VERBS, Instance

COUNTS = {
    "instrument": len(INSTRUMENTS),
    "verb": len(VERBS),
    "target": len(TARGETS),
    "triplet": len(TRIPLETS),
    "phase": len(PHASES),
}
"""Number of classes of each component, in the order in which medgrpo lists them everywhere."""


@dataclass(frozen=True, slots=True)
class LabelledFrame:
    """One labelled frame: its picture's path, its second in the video, and what is annotated in it."""

    image: Path
    seconds: int
    instances: tuple[Instance, ...]


@dataclass(frozen=True, slots=True)
class LabelledVideo:
    """The labelled frames of one video in order of time. `unlabelled` and `missing_images` count what was left out."""

    name: str
    frames: tuple[LabelledFrame, ...]
    unlabelled: int
    missing_images: int

    def presence(self) -> dict[str, NDArray[np.float32]]:
        """Per component an array (frames, classes) of 0 and 1: is the class annotated in the frame?"""
        found = {name: np.zeros((len(self.frames), count), np.float32) for name, count in COUNTS.items()}
        for row, frame in enumerate(self.frames):
            for instance in frame.instances:
                for name in COUNTS:
                    index = cast("int | None", getattr(instance, name))
                    if index is not None:
                        found[name][row, index] = 1
        return found


def list_videos(folder: Path) -> tuple[str, ...]:
    """Names of the videos of which both labels and pictures are there. DataError when there is none."""
    names = tuple(sorted(path.stem for path in folder.glob("labels/*.json") if (folder / "videos" / path.stem).is_dir()))
    if not names:
        raise DataError(folder, "holds no CholecT50 video: expected videos/VIDxx/*.jpg and labels/VIDxx.json")
    return names


def read_video(folder: Path, name: str) -> LabelledVideo:
    """Read the labels of one video and pair them with its pictures. DataError names the file and the second at fault."""
    label_path, image_folder = folder / "labels" / f"{name}.json", folder / "videos" / name
    if not label_path.is_file():
        raise DataError(label_path, f"no label file for {name}; there are {', '.join(list_videos(folder))}")
    try:
        content = json.loads(label_path.read_text(encoding="utf-8"))
        annotations = cast("dict[str, Sequence[Sequence[float]]]", content["annotations"])
        labelled = {int(second): rows for second, rows in annotations.items()}
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(label_path, f"not a CholecT50 label file ({error})") from error
    images = {int(path.stem): path for path in image_folder.glob("*") if path.suffix in (".jpg", ".png") and path.stem.isdigit()}
    frames: list[LabelledFrame] = []
    for second in sorted(labelled.keys() & images.keys()):
        try:
            instances = tuple(Instance.from_vector(row) for row in labelled[second])
        except (ValueError, TypeError) as error:
            raise DataError(label_path, f"second {second}: {error}") from error
        frames.append(LabelledFrame(images[second], second, instances))
    if not frames:
        raise DataError(image_folder, f"no picture belongs to a label of {label_path.name}")
    return LabelledVideo(name, tuple(frames), len(images.keys() - labelled.keys()), len(labelled.keys() - images.keys()))
