"""Our patches are transformers' patches: its own methods run on the same pictures."""

from __future__ import annotations

import enum
import importlib
import importlib.machinery
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from medgrpo.core import InputError
from medgrpo.models import VideoForm, patchify
from medgrpo.video import SampledClip, Sampling, scale_bicubic

CLIP = VideoForm(
    patch_size=14,
    temporal_patch_size=2,
    merge_size=2,
    mean=(0.48145466, 0.4578275, 0.40821073),
    std=(0.26862954, 0.26130258, 0.27577711),
)
HALF = VideoForm(patch_size=16, temporal_patch_size=2, merge_size=2, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))


@pytest.fixture
def processors(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """transformers' video processors, whose module wants torchvision for one function: subtract, divide."""
    torch = pytest.importorskip("torch", reason="needs the extra `models`")
    backends = importlib.import_module("transformers.image_processing_backends")
    before = set(sys.modules)
    modules = {}
    for name in ("torchvision", "torchvision.transforms", "torchvision.transforms.v2", "torchvision.transforms.v2.functional"):
        module = types.ModuleType(name)
        module.__path__, module.__spec__ = [], importlib.machinery.ModuleSpec(name, None)
        monkeypatch.setitem(sys.modules, name, module)
        modules[name] = module
        parent, _, leaf = name.rpartition(".")
        if parent:
            setattr(modules[parent], leaf, module)
    functional: Any = modules["torchvision.transforms.v2.functional"]
    functional.InterpolationMode = enum.Enum("InterpolationMode", "NEAREST BILINEAR BICUBIC BOX HAMMING LANCZOS NEAREST_EXACT")
    functional.normalize = lambda pictures, mean, std, inplace: (
        (pictures - torch.as_tensor(mean).view(-1, 1, 1)) / torch.as_tensor(std).view(-1, 1, 1)
    )
    monkeypatch.setattr(backends, "tvF", functional, raising=False)
    found = {}
    for family, name in (("qwen2_vl", "Qwen2VLVideoProcessor"), ("qwen3_vl", "Qwen3VLVideoProcessor")):
        module = importlib.import_module(f"transformers.models.{family}.video_processing_{family}")
        found[family] = (object.__new__(getattr(module, name)), module.smart_resize)
    yield found
    for name in set(sys.modules) - before:
        if name.startswith("transformers.") and "video_processing" in name:
            del sys.modules[name]


@pytest.mark.parametrize(("family", "form"), [("qwen2_vl", CLIP), ("qwen3_vl", HALF)])
@pytest.mark.parametrize("frames", [1, 4, 5])
def test_values_and_grid_are_those_of_transformers(
    processors: dict[str, Any], noise: Callable[..., SampledClip], family: str, form: VideoForm, frames: int
) -> None:
    torch = pytest.importorskip("torch", reason="needs the extra `models`")
    clip = noise(frames, width=3 * form.side_multiple, height=2 * form.side_multiple)
    processor, _ = processors[family]
    pictures = torch.from_numpy(np.stack(clip.images)).permute(0, 3, 1, 2)[None]
    scaled = processor.rescale_and_normalize(pictures, True, 1 / 255, True, form.mean, form.std)
    rows, *grid = processor.patchify(scaled, form.patch_size, form.merge_size, form.temporal_patch_size)
    ours = patchify(clip, form)
    assert list(ours.grid_thw) == grid
    np.testing.assert_allclose(ours.values(), rows[0].numpy(), rtol=0, atol=2e-6)


def test_a_still_from_its_own_size_on_is_that_of_transformers_still_processor(noise: Callable[..., SampledClip]) -> None:
    module = pytest.importorskip("transformers.models.qwen2_vl.image_processing_pil_qwen2_vl")
    pillow = pytest.importorskip("PIL.Image")
    sampling = Sampling()
    limits = {"shortest_edge": sampling.least_pixels, "longest_edge": sampling.most_pixels}
    theirs = module.Qwen2VLImageProcessorPil(patch_size=14, temporal_patch_size=2, merge_size=2, size=limits)
    for width, height in ((854, 480), (480, 854), (320, 180)):
        image = noise(1, width=width, height=height).images[0]
        expected = theirs([pillow.fromarray(image)], return_tensors="np")
        size = sampling.scaled_size(width, height)
        clip = noise(1, width=size[0], height=size[1])
        clip.images[0][:] = scale_bicubic(image, *size)
        ours = patchify(clip, CLIP)
        assert list(ours.grid_thw) == expected["image_grid_thw"][0].tolist()
        np.testing.assert_allclose(ours.values(), expected["pixel_values"], rtol=0, atol=2e-6)


def test_sizes_are_those_of_transformers(processors: dict[str, Any]) -> None:
    _, smart_resize = processors["qwen2_vl"]
    sampling = Sampling()
    random = np.random.default_rng(0)
    sizes = [(854, 480), (1920, 1080), (640, 480), (480, 854), (1, 1), (27, 3000), *random.integers(8, 2400, (600, 2)).tolist()]
    for width, height in sizes:
        rows, columns = smart_resize(height, width, 28, sampling.least_pixels, sampling.most_pixels)
        assert sampling.scaled_size(width, height) == (columns, rows)
    assert sampling.scaled_size(854, 480) == (252, 140)


def test_times_of_temporal_patches_are_the_mean_of_first_and_last_picture(noise: Callable[..., SampledClip]) -> None:
    patches = patchify(noise(3, "0.5", seconds=(0.0, 2.0, 5.0)), CLIP)
    assert patches.grid_seconds == (1.0, 5.0)
    assert patches.seconds_per_grid == 4.0
    assert patches.tokens == 2 * 2 * 3


def test_a_clip_of_the_wrong_size_is_refused(noise: Callable[..., SampledClip]) -> None:
    with pytest.raises(InputError, match="84x56 do not cut into merged patches of 32"):
        patchify(noise(), HALF)


def test_whole_frames_are_one_row_each_colour_outermost(noise: Callable[..., SampledClip]) -> None:
    form = VideoForm(
        patch_size=32, temporal_patch_size=1, merge_size=1, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5), tokens_per_patch=4
    )
    clip = noise(3, width=32, height=32)
    patches = patchify(clip, form)
    assert (patches.grid_thw, patches.tokens) == ((3, 1, 1), 12)
    expected = np.stack(clip.images).transpose(0, 3, 1, 2).reshape(3, -1) / 127.5 - 1
    np.testing.assert_allclose(patches.values(), expected, rtol=0, atol=2e-6)


def test_a_model_that_knows_squares_alone_gets_squares() -> None:
    sampling = Sampling(side_multiple=32, square=True)
    assert [sampling.scaled_size(*size) for size in ((854, 480), (16, 9), (32, 32))] == [(32, 32)] * 3
