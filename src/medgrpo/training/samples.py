"""Labelled videos -> training pictures in memory, cut and scaled by the very functions that perception uses at work."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch

from medgrpo.core import Box
from medgrpo.sources import LabelledFrame, LabelledVideo
from medgrpo.training.fit import Boxes, Samples
from medgrpo.training.recipe import PerceptionRecipe
from medgrpo.video import Image, endoscope_circle, read_image, resize

_MARGIN = 1.125  # pictures are kept a little larger than the network's input, so that augmentation has detail to zoom into


def load_samples(recipe: PerceptionRecipe, videos: Sequence[LabelledVideo], progress: Callable[[int, int], None]) -> Samples:
    """All frames of the videos as `Samples`; boxes are carried into the coordinates of the endoscope's circle."""
    height, width = round(recipe.height * _MARGIN), round(recipe.width * _MARGIN)
    total = sum(len(video.frames) for video in videos)
    images = torch.empty(total, 3, height, width, dtype=torch.uint8)
    boxes: list[Boxes] = []
    owner: list[int] = []
    for number, video in enumerate(videos):
        for frame in video.frames:
            picture = read_image(frame.image)
            circle = endoscope_circle(picture)
            images[len(boxes)] = torch.from_numpy(resize(picture, width, height, circle)).permute(2, 0, 1)
            boxes.append(_boxes(frame, circle))
            owner.append(number)
            progress(len(boxes), total)
    presence = {
        name: torch.from_numpy(np.concatenate([video.presence()[name] for video in videos])) for name in videos[0].presence()
    }
    return Samples(images, presence, boxes, torch.tensor(owner))


def _boxes(frame: LabelledFrame, circle: Box) -> Boxes:
    kinds: list[int] = []
    places: list[tuple[float, float, float, float]] = []
    wide, high = circle.x1 - circle.x0, circle.y1 - circle.y0
    for instance in frame.instances:
        box = instance.instrument_box
        if instance.instrument is not None and box is not None:
            x, y = box.centre_xy
            kinds.append(instance.instrument)
            places.append(((x - circle.x0) / wide, (y - circle.y0) / high, (box.x1 - box.x0) / wide, (box.y1 - box.y0) / high))
    table = torch.tensor(places, dtype=torch.float32).reshape(-1, 4)
    return torch.tensor(kinds, dtype=torch.long), table[:, :2], table[:, 2:]


def network_input(recipe: PerceptionRecipe, picture: Image) -> torch.Tensor:
    """(1, height, width, 3) uint8, as `Specialist.prepare` gives it."""
    return torch.from_numpy(resize(picture, recipe.width, recipe.height, endoscope_circle(picture)))[None]
