"""The two runs that are compared: the whole main job, and OpenCV's decoder with the same model in a plain loop."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from medgrpo.analysis import AnalysisOptions, StageClock, analyze
from medgrpo.bench.figures import RunFigures, figures
from medgrpo.bench.inference import inference_clock
from medgrpo.core import MissingExtra, VideoError
from medgrpo.perception import Perceiver
from medgrpo.video import Frame


def measure_ours(video: Path, looks_per_second: float, perceiver: Perceiver) -> RunFigures:
    """`medgrpo analyze` of one video, its results thrown away."""
    with tempfile.TemporaryDirectory() as folder, inference_clock() as inference:
        options = AnalysisOptions(looks_per_second=looks_per_second)
        result = analyze(video, Path(folder) / "out", options, perceiver)
    seconds = result.header.video.duration_seconds or result.timeline.duration_seconds
    summary = result.summary
    return figures("medgrpo", seconds, summary.reading.frames_decoded, summary.looks, inference.split(result.stage_seconds))


def measure_peer(video: Path, looks_per_second: float, perceiver: Perceiver) -> RunFigures:
    """Every frame decoded by OpenCV, the frames of the same grid given to the same model: no reasoning, no records, no report."""
    try:
        import cv2
    except ImportError as error:
        raise MissingExtra("medgrpo bench", "bench", "OpenCV") from error
    capture = cv2.VideoCapture(str(video))
    if not capture.isOpened():
        raise VideoError(video, "OpenCV cannot open it")
    rate = capture.get(cv2.CAP_PROP_FPS)
    watch = StageClock()
    frames = looks = 0
    perceiver.reset()
    try:
        with inference_clock() as inference:
            while True:
                with watch.timed("decode"):
                    read, picture = capture.read()
                if not read:
                    break
                seconds = frames / rate
                frames += 1
                if seconds < looks / looks_per_second:
                    continue
                with watch.timed("decode"):
                    picture = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
                with watch.timed("perception"):
                    perceiver.look(Frame(frames - 1, seconds, np.asarray(picture, dtype=np.uint8)))
                looks += 1
    finally:
        capture.release()
    if not frames:
        raise VideoError(video, "OpenCV decodes no frame of it")
    name = f"OpenCV {cv2.__version__} decode and the same model in a plain loop"
    return figures(name, frames / rate, frames, looks, inference.split({**watch.seconds}))
