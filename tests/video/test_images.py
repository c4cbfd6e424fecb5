"""Still pictures: known colours in and out, scaling, coding."""

import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from medgrpo.core import Box, InputError, VideoError
from medgrpo.video import encode_jpeg, encode_png, read_image, resize

COLOURS = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (20, 3, 3), (200, 100, 50), (255, 255, 255), (0, 0, 0)]


def plain(colour: tuple[int, int, int], width: int = 64, height: int = 48) -> np.ndarray:
    return np.full((height, width, 3), colour, np.uint8)


@pytest.mark.parametrize("colour", COLOURS)
def test_png_and_jpeg_of_another_program_keep_their_colours(colour: tuple[int, int, int], tmp_path: Path) -> None:
    for name, tolerance in (("a.png", 0), ("a.jpg", 2)):
        cv2.imwrite(str(tmp_path / name), plain(colour)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 100])
        assert np.abs(read_image(tmp_path / name).astype(int) - colour).max() <= tolerance


@pytest.mark.parametrize("colour", COLOURS)
def test_encoded_pictures_are_read_alike_by_another_program(colour: tuple[int, int, int]) -> None:
    for data, tolerance in ((encode_png(plain(colour)), 0), (encode_jpeg(plain(colour), 95), 3)):
        theirs = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1].astype(int)
        assert theirs.shape == (48, 64, 3)
        assert np.abs(theirs - colour).max() <= tolerance


def test_png_of_noise_and_odd_size_is_lossless(tmp_path: Path) -> None:
    image = np.random.default_rng(0).integers(0, 256, (57, 101, 3), dtype=np.uint8)
    (tmp_path / "a.png").write_bytes(encode_png(image[:, ::-1]))
    assert np.array_equal(read_image(tmp_path / "a.png"), image[:, ::-1])


def test_jpeg_quality_orders_sizes() -> None:
    image = np.random.default_rng(0).integers(0, 256, (57, 101, 3), dtype=np.uint8)
    sizes = [len(encode_jpeg(image, quality)) for quality in (1, 40, 70, 88, 100)]
    assert sizes == sorted(set(sizes))
    with pytest.raises(InputError):
        encode_jpeg(image, 0)


def test_grey_alpha_and_sixteen_bit_pngs(tmp_path: Path) -> None:
    for name, array in {
        "grey": np.full((4, 4), 90, np.uint8),
        "alpha": np.full((4, 4, 4), 90, np.uint8),
        "deep": np.full((4, 4, 3), 90 * 257, np.uint16),
    }.items():
        cv2.imwrite(str(tmp_path / f"{name}.png"), array)
        image = read_image(tmp_path / f"{name}.png")
        assert image.shape == (4, 4, 3)
        assert np.abs(image.astype(int) - 90).max() <= 1, name


@pytest.mark.parametrize("content", [b"", b"text", b"\xff\xd8\xff\xe0broken", b"\x89PNG\r\n\x1a\nbroken", b"GIF89a"])
def test_what_is_no_picture_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(VideoError, match=r"a\.jpg"):
        read_image(tmp_path / "a.jpg")
    with pytest.raises(VideoError, match="No such file"):
        read_image(tmp_path / "b.jpg")


def test_png_that_promises_a_huge_picture_is_refused(tmp_path: Path) -> None:
    content = bytearray(encode_png(plain((1, 2, 3))))
    content[16:24] = (60_000).to_bytes(4, "big") * 2
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(VideoError):
        read_image(tmp_path / "a.png")


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("size", [(320, 256), (101, 57), (1, 1), (2000, 3)])
def test_constant_pictures_stay_constant(colour: tuple[int, int, int], size: tuple[int, int]) -> None:
    scaled = resize(plain(colour, 854, 480), *size)
    assert scaled.shape == (size[1], size[0], 3)
    assert np.abs(scaled.astype(int) - colour).max() <= 1


def test_resize_agrees_with_area_averaging_and_repeats() -> None:
    image = np.random.default_rng(0).integers(0, 256, (480, 854, 3), dtype=np.uint8)
    scaled = resize(image, 320, 256)
    theirs = cv2.resize(image, (320, 256), interpolation=cv2.INTER_AREA)
    assert np.abs(scaled.astype(int) - theirs).max() <= 2
    assert np.array_equal(scaled, resize(image, 320, 256))
    assert np.array_equal(resize(image, 854, 480), image)


def test_resize_crops_first_and_takes_any_strides() -> None:
    image = np.zeros((100, 200, 3), np.uint8)
    image[25:75, 50:150] = (10, 200, 90)
    inside = resize(image, 30, 30, Box(0.25, 0.25, 0.75, 0.75))
    assert np.abs(inside.astype(int) - (10, 200, 90)).max() <= 1
    assert resize(image, 5, 5, Box(1, 1, 1, 1)).shape == (5, 5, 3)
    assert np.array_equal(resize(image[::-1, ::-1], 50, 25), resize(np.ascontiguousarray(image[::-1, ::-1]), 50, 25))
    with pytest.raises(InputError):
        resize(image, 0, 5)


@pytest.mark.slow
def test_resize_takes_under_two_milliseconds() -> None:
    image = np.zeros((480, 854, 3), np.uint8)
    spent: list[float] = []
    for _ in range(30):
        start = time.perf_counter()
        resize(image, 320, 256)
        spent.append(time.perf_counter() - start)
    assert min(spent) < 0.002
