import numpy as np
import pytest

from medgrpo.core import Box
from medgrpo.perception import ViewState, measure_view

WHOLE = Box(0, 0, 1, 1)
GENERATOR = np.random.default_rng(0)


def picture(red: float, green: float, blue: float, grain: float = 40) -> np.ndarray:
    base = np.full((240, 320, 3), (red, green, blue), np.float32) + GENERATOR.normal(0, grain, (240, 320, 1)) * np.array(
        [1, 0.6, 0.5]
    )
    return base.clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("image", "state"),
    [
        (picture(150, 80, 65), ViewState.INSIDE),  # tissue with structure
        (picture(0, 0, 0, 0), ViewState.BLACK),
        (picture(6, 4, 4, 0), ViewState.BLACK),
        (picture(150, 80, 65, 0), ViewState.BLURRED),  # tissue colours, no structure at all
        (picture(120, 140, 150), ViewState.OUTSIDE),  # grey-blue, as a theatre's wall
        (picture(60, 130, 70), ViewState.OUTSIDE),  # green drapes
        (picture(200, 150, 140, 8), ViewState.OBSCURED),  # veiled: even the darkest channel is bright
    ],
)
def test_states(image: np.ndarray, state: ViewState):
    assert measure_view(image, WHOLE).state is state


def test_blood_is_the_share_of_fresh_red():
    image = picture(150, 80, 65, 10)
    image[:, :80] = (150, 20, 18)
    measured = measure_view(image, WHOLE)
    assert measured.blood_fraction == pytest.approx(0.25, abs=0.02)
    assert measure_view(picture(150, 80, 65, 10), WHOLE).blood_fraction == 0


def test_only_the_circle_is_measured():
    image = np.zeros((240, 320, 3), np.uint8)
    image[60:180, 80:240] = picture(150, 80, 65)[60:180, 80:240]
    inside = measure_view(image, Box(0.25, 0.25, 0.75, 0.75))
    assert inside.state is ViewState.INSIDE
    assert inside.brightness == pytest.approx(measure_view(picture(150, 80, 65), WHOLE).brightness, abs=0.02)
