"""The networks in the package: they load, they know their own pictures, and they keep silent on others."""

from pathlib import Path

import numpy as np
import pytest

from medgrpo.knowledge import INSTRUMENTS
from medgrpo.perception import SHIPPED, Domain, Observation, load_card, load_perceiver
from medgrpo.video import Frame, open_video, resize

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
CLIPS = sorted((SHARED / "cholec_clips").glob("*.mp4"))
WEIGHTS = Path(__file__).resolve().parents[2] / "src" / "medgrpo" / "perception" / "weights"
needs_clips = pytest.mark.skipif(not CLIPS, reason=f"the real clips are not beside the project ({SHARED})")


@pytest.fixture(scope="module")
def perceiver():
    return load_perceiver()


def watch(perceiver, images: list[np.ndarray]) -> list[Observation]:
    perceiver.reset()
    return [perceiver.look(Frame(place, place * 0.5, image)) for place, image in enumerate(images)]


@pytest.mark.parametrize("name", SHIPPED)
def test_each_network_has_its_card_with_licence_data_and_figures(name: str):
    card = load_card(WEIGHTS / f"{name}.onnx")
    assert card.trained_on
    assert card.data
    assert card.licence
    assert card.figures["instrument_map"] is not None
    assert (WEIGHTS / f"{name}.onnx").stat().st_size < 20_000_000


def strange_pictures() -> dict[str, np.ndarray]:
    generator = np.random.default_rng(0)
    ramp = np.linspace(0, 255, 320, dtype=np.float32)
    bars = np.zeros((240, 320, 3), np.uint8)
    for place, colour in enumerate(
        [(255, 255, 255), (255, 255, 0), (0, 255, 255), (0, 255, 0), (255, 0, 255), (255, 0, 0), (0, 0, 255)]
    ):
        bars[:, place * 46 : place * 46 + 46] = colour
    red_blobs = np.zeros((240, 320, 3), np.uint8)
    red_blobs[...] = (150, 60, 50)
    red_blobs[::16] = (230, 190, 170)
    return {
        "noise": generator.integers(0, 255, (240, 320, 3), np.uint8),
        "grey ramp": np.broadcast_to(ramp[None, :, None], (240, 320, 3)).astype(np.uint8),
        "test card": bars,
        "red stripes": red_blobs,
        "page of text": np.where(generator.random((240, 320, 1)) < 0.1, 20, 240).astype(np.uint8).repeat(3, 2),
    }


@pytest.mark.parametrize("kind", list(strange_pictures()))
def test_what_is_no_operation_is_not_assessed(perceiver, kind: str):
    last = watch(perceiver, [strange_pictures()[kind]] * 8)[-1]
    assert last.seen is None, kind
    assert last.not_assessed


@needs_clips
@pytest.mark.parametrize("clip", CLIPS, ids=lambda path: path.stem)
def test_real_operations_it_never_saw_are_recognised_as_such(perceiver, clip: Path):
    with open_video(clip) as source:
        observations = watch(perceiver, [frame.image for frame in source.looks(0.5)])
    assessed = [observation for observation in observations if observation.seen is not None]
    assert all(observation.domain is Domain.CHOLECYSTECTOMY for observation in assessed)
    # VID05 looks at a blurred red wall, and leaves the body, for a good third of its 32 s
    assert len(assessed) > (0.5 if clip.stem == "VID05_01858" else 0.85) * len(observations)


@needs_clips
def test_a_bipolar_forceps_in_a_real_clip_is_seen(perceiver):
    clip = next(path for path in CLIPS if path.stem == "VID43_297-306")
    with open_video(clip) as source:
        observations = watch(perceiver, [frame.image for frame in source.looks(1.0)])
    bipolar = [observation.seen.instruments[INSTRUMENTS.index("bipolar")] for observation in observations if observation.seen]
    assert np.median(bipolar) > 0.5  # it is in the picture nearly all the time (looked at by hand)


@needs_clips
def test_size_and_mirroring_change_little(perceiver):
    with open_video(CLIPS[-1]) as source:
        frame = next(iter(source.looks(1.0, 10.0)))
    first, small, mirrored = (
        np.array(watch(perceiver, [image])[0].seen.instruments)
        for image in (frame.image, resize(frame.image, 640, 360), frame.image[:, ::-1].copy())
    )
    assert np.abs(first - small).max() < 0.25
    assert np.abs(first - mirrored).max() < 0.05  # the network looks at both sides anyway
