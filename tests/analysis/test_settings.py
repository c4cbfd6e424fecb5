"""Which video it was: hashes worked out by hand, for a file and for a folder of images."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from pydantic import ValidationError

from medgrpo.analysis import AnalysisOptions, analyze, identify
from medgrpo.core import VideoError
from medgrpo.video import encode_png, open_video


def test_a_file_is_known_by_its_content(operation, tmp_path):
    with open_video(operation) as source:
        video = identify(operation, source.info)
        assert video.sha256 == hashlib.sha256(operation.read_bytes()).hexdigest()
        assert video.size_bytes == operation.stat().st_size
        assert (video.name, video.width, video.height, video.frame_rate) == ("operation.mp4", 96, 64, "10")
        with pytest.raises(VideoError, match="cannot be read: No such file"):
            identify(tmp_path / "gone.mp4", source.info)


def test_a_folder_of_images_is_known_by_its_files_and_can_be_analysed(scripted, tmp_path):
    folder, expected = tmp_path / "frames", hashlib.sha256()
    folder.mkdir()
    for second in range(30):
        content = encode_png(np.full((32, 48, 3), (120, 70, second), dtype=np.uint8))
        (folder / f"{second:06d}.png").write_bytes(content)
        expected.update(f"{second:06d}.png\0{len(content)}\0".encode() + content)
    with open_video(folder) as source:
        assert identify(folder, source.info).sha256 == expected.hexdigest()
    result = analyze(folder, tmp_path / "out", AnalysisOptions(), scripted.ScriptedPerceiver())
    assert result.header.video.name == "frames"
    assert result.summary.looks == 30
    assert result.report_path.exists()


def test_options_refuse_what_cannot_be():
    for wrong in ({"looks_per_second": 0}, {"looks_per_second": 61}, {"look_per_second": 5}):
        with pytest.raises(ValidationError):
            AnalysisOptions.model_validate(wrong)
    assert AnalysisOptions(looks_per_second=4).every_seconds == 0.25
