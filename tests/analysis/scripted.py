"""A perceiver that reads its script from the pixels, and a runner that analyses one video with it in a process of its own.

`python scripted.py VIDEO OUT [--existing resume] [--delay SECONDS] [--file-limit BYTES]`
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections import deque
from pathlib import Path

import numpy as np

from medgrpo.analysis import AnalysisOptions, Existing, analyze, stop_on_signals
from medgrpo.core import MedgrpoError
from medgrpo.knowledge import INSTRUMENTS, PHASES, TARGETS, TRIPLETS, VERBS
from medgrpo.perception import Domain, Observation, Seen, View, ViewState
from medgrpo.video import Frame

MEMORY_SECONDS = 2.0


class ScriptedPerceiver:
    """Red is the phase, green the triplet, blue the blood, each as its mean over the past two seconds: causal, with a memory."""

    def __init__(self, delay_seconds: float = 0.0, model: str = "scripted@1", domain: Domain = Domain.CHOLECYSTECTOMY) -> None:
        self.delay_seconds, self.model, self.domain = delay_seconds, model, domain
        self._past: deque[tuple[float, tuple[float, ...]]] = deque()

    def reset(self) -> None:
        self._past.clear()

    def memory(self) -> str:
        return json.dumps(list(self._past))

    def restore(self, memory: str) -> None:
        self._past = deque((seconds, tuple(colour)) for seconds, colour in json.loads(memory))

    def look(self, frame: Frame) -> Observation:
        time.sleep(self.delay_seconds)
        colour = tuple(float(value) for value in frame.image.mean(axis=(0, 1)) / 255)
        self._past.append((frame.seconds, colour))
        while self._past[0][0] < frame.seconds - MEMORY_SECONDS:
            self._past.popleft()
        red, green, blue = np.mean([colour for _, colour in self._past], axis=0).tolist()
        view = View(ViewState.INSIDE, brightness=(red + green + blue) / 3, sharpness=0.5, haze=0.1, blood_fraction=blue)
        if max(colour) < 0.04:
            view = View(ViewState.BLACK, 0.0, 0.0, 0.0, 0.0)
            return Observation(frame.seconds, view, self.domain, None, "the picture is black", self.model)
        triplet = TRIPLETS[min(99, int(green * 100))]
        rest = (1 - 0.85) / (len(PHASES) - 1)
        seen = Seen(
            instruments=tuple(0.9 if name == triplet.instrument else 0.05 for name in INSTRUMENTS),
            verbs=tuple(0.9 if name == triplet.verb else 0.05 for name in VERBS),
            targets=tuple(0.9 if name == triplet.target else 0.05 for name in TARGETS),
            triplets=tuple(0.5 + red / 3 if other is triplet else 0.01 for other in TRIPLETS),
            phases=tuple(0.85 if index == min(6, int(red * 7)) else rest for index in range(len(PHASES))),
            tips=(),
        )
        return Observation(frame.seconds, view, self.domain, seen, None, self.model)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("video", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--existing", type=Existing, default=Existing.REFUSE)
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--file-limit", type=int)
    args = parser.parse_args()
    if args.file_limit is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (args.file_limit, args.file_limit))
    try:
        with stop_on_signals() as stop:
            analyze(args.video, args.out, AnalysisOptions(), ScriptedPerceiver(args.delay), existing=args.existing, stop=stop)
    except MedgrpoError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
