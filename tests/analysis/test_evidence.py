"""Evidence pictures: the right frame for every second, whatever the order, without reading the video once for each."""

from __future__ import annotations

import random

import numpy as np
import pytest

from medgrpo.analysis.evidence import EvidencePictures, _runs
from medgrpo.core import VideoError
from medgrpo.video import VideoWriter, open_video


@pytest.fixture(scope="module")
def long_video(tmp_path_factory):
    path = tmp_path_factory.mktemp("evidence") / "long.mkv"
    with VideoWriter(path, 64, 32, 5) as writer:
        for number in range(300):
            writer.write(np.full((32, 64, 3), number % 250, dtype=np.uint8))
    return path


def test_every_picture_is_the_frame_of_its_second(long_video):
    wanted = [index / 5 for index in random.Random(1).sample(range(300), 150)]
    with open_video(long_video) as source:
        pictures = EvidencePictures(source, 0.2, wanted, 32, lambda: None)
        for seconds in wanted:
            image = pictures(seconds)
            assert image.shape == (16, 32, 3)
            assert abs(float(image.mean()) - round(seconds * 5) % 250) < 4


def test_a_second_that_is_no_look_is_said_to_be_missing(long_video):
    with open_video(long_video) as source:
        pictures = EvidencePictures(source, 0.2, [1.0, 1.03, 500.0], 640, lambda: None)
        assert pictures(1.0).shape == (32, 64, 3)
        for seconds in (1.03, 500.0):
            with pytest.raises(VideoError, match="not there any more"):
                pictures(seconds)


def test_the_check_can_stop_it(long_video):
    def check() -> None:
        raise KeyboardInterrupt

    with open_video(long_video) as source, pytest.raises(KeyboardInterrupt):
        EvidencePictures(source, 0.2, [1.0], 640, check)(1.0)


def test_neighbours_are_read_together():
    assert _runs([0.0, 9.0, 18.5, 40.0]) == [[0.0, 9.0, 18.5], [40.0]]
