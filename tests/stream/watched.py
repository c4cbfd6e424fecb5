"""A source watched to its end through the real loop, for the tests of faults; films that have the same bytes every time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame

from medgrpo.audit import Entry, Journal, SigningKey, read_entries, verify
from medgrpo.cli.watching import Screen, summary
from medgrpo.knowledge import load_procedure
from medgrpo.models import Model
from medgrpo.stream import (
    FastLoop,
    LiveSession,
    LiveSource,
    ManualClock,
    Site,
    SlowLoop,
    SlowSettings,
    Tick,
    stamped,
)
from medgrpo.video import Image
from tests.stream import live

PLOT = ((0.0, "preparation", "grasper,retract,gallbladder"),)
CLIP_TOO_EARLY = (
    (0.0, "preparation", "grasper,retract,gallbladder"),
    (20.0, "carlot-triangle-dissection", "hook,dissect,gallbladder"),
    (26.0, "clipping-and-cutting", "clipper,clip,cystic_duct"),
    (32.0, "clipping-and-cutting", "grasper,retract,gallbladder"),
)
RISKS = ("bleeding", "clip_before_dissection", "division_before_clip", "energy_without_view", "phase_order")


class Case:
    """A source watched to its end: the screen's lines, the ticks, the record."""

    def __init__(
        self,
        folder: Path,
        capsys: pytest.CaptureFixture[str],
        source: LiveSource,
        clock: ManualClock,
        *,
        perceiver: Any = None,
        model: Model | None = None,
        listener: Callable[[Tick], None] = lambda _: None,
        every_seconds: float = 0.2,
    ) -> None:
        self.folder, self.ticks, self.key = folder, list[Tick](), SigningKey.at(folder / "key.pem")
        loop = FastLoop(perceiver or live.PlotPerceiver(PLOT), load_procedure("cholecystectomy"), Site(), clock, live=False)
        with Journal(folder / "record", self.key, partial(stamped, clock), {}) as journal, Screen() as screen, ExitStack() as stack:
            slow = None if model is None else stack.enter_context(SlowLoop(model, clock, SlowSettings(every_seconds=4)))
            self.session = LiveSession(
                source,
                loop,
                clock,
                journal,
                folder,
                every_seconds=every_seconds,
                listeners=[self.ticks.append, screen.show, listener],
                slow=slow,
                on_remark=screen.remark,
            )
            timeline = self.session.run(lambda: False)
        self.screen = capsys.readouterr().out + summary(self.session.totals, timeline, folder)

    def entries(self, kind: str) -> list[dict[str, Any]]:
        return [dict(entry.body) for entry in self.whole() if entry.kind == kind]

    def whole(self) -> list[Entry]:
        return [entry for _, _, entry, _ in read_entries(self.folder / "record") if isinstance(entry, Entry)]

    def decided(self, channel: str) -> list[str]:
        return [entry["decision"] for entry in self.entries("decision") if entry["channel"] == channel]

    def states(self, seconds: float) -> dict[str, str]:
        tick = next(tick for tick in self.ticks if tick.case_seconds >= seconds)
        return {report.channel: report.state.value for report in tick.channels}

    def genuine(self) -> bool:
        return verify(self.folder / "record", self.key.public).genuine


def every(step: float, until: float, start: float = 0.0) -> list[float]:
    return [round(start + step * place, 3) for place in range(round((until - start) / step))]


def moving(number: int, width: int = 160, height: int = 120) -> Image:
    return np.random.default_rng(number).integers(0, 255, (height // 8, width // 8, 3), np.uint8).repeat(8, 0).repeat(8, 1)


def film(path: Path, pictures: Sequence[Image], rate: int, **options: str) -> Path:
    """The same bytes every time, so that counts can be exact: what x264 makes of noise with its `mbtree` is not repeatable."""
    options = {"crf": "20", "preset": "veryfast", "threads": "2", "mbtree": "0"} | options
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=rate, options=options)
        stream.width, stream.height, stream.pix_fmt = pictures[0].shape[1], pictures[0].shape[0], "yuv420p"
        for place, image in enumerate(pictures):
            frame = VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts = place
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path
