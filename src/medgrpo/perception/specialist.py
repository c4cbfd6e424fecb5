"""One ONNX network and its card: picture -> calibrated logits, tips and domain distances. Knows nothing of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
import onnxruntime  # pyright: ignore[reportMissingTypeStubs]
from numpy.typing import NDArray

from medgrpo.core import Box, ModelError
from medgrpo.knowledge import INSTRUMENTS
from medgrpo.perception.card import HEADS, Head, SpecialistCard, load_card
from medgrpo.perception.observation import Tip
from medgrpo.video import Image, resize

Row = NDArray[np.float32]
_STRIDE = 16
_FEWEST_TIP_PROBABILITY = 0.15
_MOST_TIPS = 6
_SAME_TIP_IOU = 0.5


class _Named(Protocol):
    name: str


class _Session(Protocol):
    """What we use of onnxruntime.InferenceSession, which has no types of its own."""

    def get_outputs(self) -> Sequence[_Named]: ...

    def run(self, outputs: Sequence[str], inputs: dict[str, NDArray[np.uint8]]) -> list[Row]: ...


@dataclass(frozen=True, slots=True, eq=False)
class RawLook:
    """Calibrated logits per head (classes,); tips in the whole picture's coordinates; distance per gate of the card."""

    logits: dict[Head, Row]
    tips: tuple[Tip, ...]
    distances: tuple[float, ...]


class Specialist:
    """Runs on the CPU. `threads` 0 lets onnxruntime choose."""

    def __init__(self, onnx: Path, threads: int = 0) -> None:
        self.card: SpecialistCard = load_card(onnx)
        runtime = cast(Any, onnxruntime)
        options = runtime.SessionOptions()
        options.intra_op_num_threads = threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # spinning would steal the decoder's core
        try:
            session = runtime.InferenceSession(onnx.read_bytes(), options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise ModelError(f"{onnx}: onnxruntime cannot load it ({error})") from error
        self._session = cast(_Session, session)
        self._outputs = tuple(output.name for output in self._session.get_outputs())

    def prepare(self, image: Image, circle: Box) -> NDArray[np.uint8]:
        """The network's input (1, height, width, 3): the circle's box, scaled."""
        return resize(image, self.card.width, self.card.height, circle)[None]

    def look(self, prepared: NDArray[np.uint8], circle: Box) -> RawLook:
        values = self._session.run(self._outputs, {"images": prepared})
        found = {name: value[0] for name, value in zip(self._outputs, values, strict=True)}
        logits: dict[Head, Row] = {}
        for head in HEADS:
            if head != "tip":
                platt = self.card.calibration[head]
                logits[head] = found[head] * np.float32(platt.slope) + np.float32(platt.offset if head != "phase" else 0.0)
        return RawLook(logits, self._tips(found["tips"], circle), tuple(float(value) for value in found["distances"]))

    def _tips(self, tips: Row, circle: Box) -> tuple[Tip, ...]:
        """Local maxima of the heat maps, best first, at most one of a class in a place."""
        kinds = len(INSTRUMENTS)
        platt = self.card.calibration["tip"]
        heat = tips[:kinds]
        padded = np.pad(heat, ((0, 0), (1, 1), (1, 1)), constant_values=-np.inf)
        rows, columns = heat.shape[1:]
        around = np.max([padded[:, y : y + rows, x : x + columns] for y in range(3) for x in range(3)], axis=0)
        probability = sigmoid(heat * np.float32(platt.slope) + np.float32(platt.offset))
        peaks = np.argwhere((heat >= around) & (probability >= _FEWEST_TIP_PROBABILITY))
        found: list[Tip] = []
        for kind, row, column in sorted(peaks.tolist(), key=lambda peak: -float(probability[tuple(peak)])):
            x, y, log_width, log_height = (float(value) for value in tips[kinds:, row, column])
            half_width, half_height = (float(np.exp(min(size, 4.0))) / 2 for size in (log_width, log_height))
            centre_x, centre_y = column + min(1.0, max(0.0, x)), row + min(1.0, max(0.0, y))
            edges_x = [(centre_x + side * half_width) / columns for side in (-1, 1)]
            edges_y = [(centre_y + side * half_height) / rows for side in (-1, 1)]
            box = _in_picture(edges_x, edges_y, circle)
            name = INSTRUMENTS[kind]
            if all(tip.instrument != name or tip.box_xyxy.iou(box) < _SAME_TIP_IOU for tip in found):
                found.append(Tip(name, box, float(probability[kind, row, column])))
            if len(found) == _MOST_TIPS:
                break
        return tuple(found)


def _in_picture(edges_x: list[float], edges_y: list[float], circle: Box) -> Box:
    xs = [circle.x0 + min(1.0, max(0.0, edge)) * (circle.x1 - circle.x0) for edge in edges_x]
    ys = [circle.y0 + min(1.0, max(0.0, edge)) * (circle.y1 - circle.y0) for edge in edges_y]
    return Box.clipped(xs[0], ys[0], xs[1], ys[1])


def sigmoid(values: Row) -> Row:
    return cast(Row, 1 / (1 + np.exp(-np.clip(values, -30, 30))))
