"""The perceiver's memory and gate, with scripted specialists in place of networks."""

import threading
from dataclasses import dataclass, field

import numpy as np
import pytest

from medgrpo.core import Box, ModelError
from medgrpo.knowledge import INSTRUMENTS, PHASES, TARGETS, TRIPLETS, VERBS
from medgrpo.perception import HEADS, IMAGE_MEASURES, CausalPerceiver, Domain, DomainGate, Platt, SpecialistCard
from medgrpo.perception.specialist import RawLook
from medgrpo.video import Frame

COUNTS = dict(zip(HEADS[:5], (len(INSTRUMENTS), len(VERBS), len(TARGETS), len(TRIPLETS), len(PHASES)), strict=True))
GENERATOR = np.random.default_rng(0)
TISSUE = (np.array([150, 80, 65]) + GENERATOR.normal(0, 30, (120, 160, 1)) * np.array([1, 0.6, 0.5])).clip(0, 255).astype(np.uint8)
BLACK = np.zeros_like(TISSUE)


def card(*gates: Domain, memory_seconds: float = 2.0) -> SpecialistCard:
    return SpecialistCard(
        name="scripted",
        onnx_sha256="0" * 64,
        height=64,
        width=96,
        calibration={head: Platt(slope=1, offset=0) for head in HEADS},
        memory_seconds=dict.fromkeys(HEADS, memory_seconds),
        gates=tuple(DomainGate(domain=gate, limit=1.0) for gate in gates),
        trained_on=(),
        data="",
        licence="",
        recipe={},
        figures={},
        made_by="test",
    )


@dataclass
class Scripted:
    card: SpecialistCard
    grasper_logit: float = 0.0
    distances: tuple[float, ...] = (0.5,)
    looked: int = field(default=0)

    def prepare(self, image: np.ndarray, circle: Box) -> np.ndarray:
        return image

    def look(self, prepared: np.ndarray, circle: Box) -> RawLook:
        self.looked += 1
        logits = {head: np.zeros(count, np.float32) for head, count in COUNTS.items()}
        logits["instrument"][0] = self.grasper_logit
        return RawLook(logits, (), self.distances)


def frame(seconds: float, image: np.ndarray = TISSUE) -> Frame:
    return Frame(round(seconds * 25), seconds, image)


def test_logits_are_averaged_over_the_past_with_the_heads_memory():
    scripted = Scripted(card(Domain.CHOLECYSTECTOMY, memory_seconds=2.0))
    perceiver = CausalPerceiver((scripted,))
    perceiver.look(frame(0.0))
    scripted.grasper_logit = 4.0
    keep = np.exp(-1.0 / 2.0)
    expected = 1 / (1 + np.exp(-4.0 * (1 - keep)))
    assert perceiver.look(frame(1.0)).seen.instruments[0] == pytest.approx(expected, abs=1e-4)


def test_a_long_gap_or_a_step_back_in_time_forgets():
    scripted = Scripted(card(Domain.CHOLECYSTECTOMY))
    perceiver = CausalPerceiver((scripted,))
    perceiver.look(frame(100.0))
    scripted.grasper_logit = 4.0
    for seconds in (200.0, 10.0):
        assert perceiver.look(frame(seconds)).seen.instruments[0] == pytest.approx(1 / (1 + np.exp(-4.0)), abs=1e-4)
        scripted.grasper_logit = 4.0


def test_outside_the_known_domain_nothing_is_named_and_the_reason_is_given():
    observation = CausalPerceiver((Scripted(card(Domain.CHOLECYSTECTOMY), distances=(1.4,)),)).look(frame(0))
    assert observation.seen is None
    assert observation.domain is Domain.UNKNOWN
    assert "not laparoscopic cholecystectomy" in observation.not_assessed


def test_one_odd_look_does_not_switch_the_domain():
    scripted = Scripted(card(Domain.CHOLECYSTECTOMY))
    perceiver = CausalPerceiver((scripted,))
    for tick in range(10):
        perceiver.look(frame(tick * 0.2))
    scripted.distances = (9.0,)
    assert perceiver.look(frame(2.0)).domain is Domain.CHOLECYSTECTOMY
    for tick in range(11, 60):
        last = perceiver.look(frame(tick * 0.2))
    assert last.domain is Domain.UNKNOWN


def test_the_nearer_domain_chooses_the_specialist():
    first = Scripted(card(Domain.CHOLECYSTECTOMY, Domain.SIMULATED), distances=(3.0, 0.4))
    second = Scripted(card(Domain.SIMULATED), grasper_logit=5.0)
    observation = CausalPerceiver((first, second)).look(frame(0))
    assert observation.domain is Domain.SIMULATED
    assert (first.looked, second.looked) == (1, 1)
    assert observation.seen.instruments[0] > 0.99


def test_a_black_picture_is_not_assessed_and_no_network_is_asked():
    scripted = Scripted(card(Domain.CHOLECYSTECTOMY))
    perceiver = CausalPerceiver((scripted,))
    perceiver.look(frame(0))
    dark = perceiver.look(frame(0.2, BLACK))
    assert dark.seen is None
    assert "black" in dark.not_assessed
    assert dark.domain is Domain.CHOLECYSTECTOMY  # what is known of the video is not forgotten
    assert scripted.looked == 1


def test_a_look_names_what_it_rests_on_and_nothing_that_was_only_at_hand():
    first = Scripted(card(Domain.CHOLECYSTECTOMY, Domain.SIMULATED), distances=(0.4, 3.0))
    second = Scripted(card(Domain.SIMULATED).model_copy(update={"name": "of drawings"}))
    perceiver = CausalPerceiver((first, second))
    assert "of drawings" in perceiver.model
    assert perceiver.look(frame(0)).model == first.card.model_id
    assert perceiver.look(frame(0.2, BLACK)).model == IMAGE_MEASURES
    first.distances = (9.0, 9.0)
    strange = CausalPerceiver((first, second)).look(frame(0))
    assert strange.domain is Domain.UNKNOWN
    assert strange.model == first.card.model_id, "the first alone was asked"
    assert second.looked == 0


def test_restored_memory_gives_the_same_looks_bit_for_bit():
    scripted = Scripted(card(Domain.CHOLECYSTECTOMY))
    perceiver, other = CausalPerceiver((scripted,)), CausalPerceiver((scripted,))
    for tick in range(7):
        scripted.grasper_logit = 0.37 * tick
        perceiver.look(frame(tick * 0.2))
    other.restore(perceiver.memory())
    assert other.look(frame(1.6)) == perceiver.look(frame(1.6))
    assert other.memory() == perceiver.memory()


def test_as_many_specialists_as_domains():
    with pytest.raises(ModelError, match="tells 2 domains apart, but 1 models were given"):
        CausalPerceiver((Scripted(card(Domain.CHOLECYSTECTOMY, Domain.SIMULATED)),))


def test_where_a_video_needs_two_networks_both_are_asked_at_once_and_say_the_same():
    meeting = threading.Barrier(2, timeout=10)  # breaks, and with it the look, if one waits for the other to end

    @dataclass
    class Meeting(Scripted):
        meets: bool = False

        def look(self, prepared: np.ndarray, circle: Box) -> RawLook:
            if self.meets:
                meeting.wait()
            return super().look(prepared, circle)

    first = Meeting(card(Domain.CHOLECYSTECTOMY, Domain.SIMULATED), distances=(3.0, 0.4))
    second = Meeting(card(Domain.SIMULATED), grasper_logit=5.0)
    perceiver = CausalPerceiver((first, second))
    before = perceiver.look(frame(0))
    first.meets = second.meets = True
    after = perceiver.look(frame(0.2))
    assert after.seen == before.seen
    assert (first.looked, second.looked) == (2, 2)


def test_a_picture_is_scaled_once_for_networks_of_one_size():
    scaled: list[int] = []

    @dataclass
    class Scaling(Scripted):
        def prepare(self, image: np.ndarray, circle: Box) -> np.ndarray:
            scaled.append(self.card.width)
            return image

    first = Scaling(card(Domain.CHOLECYSTECTOMY, Domain.SIMULATED), distances=(3.0, 0.4))
    perceiver = CausalPerceiver((first, Scaling(card(Domain.SIMULATED))))
    perceiver.look(frame(0))
    scaled.clear()
    perceiver.look(frame(0.2))
    assert scaled == [96]
    wider = card(Domain.SIMULATED).model_copy(update={"width": 128})
    other = CausalPerceiver((first, Scaling(wider)))
    other.look(frame(0))
    scaled.clear()
    other.look(frame(0.2))
    assert scaled == [96, 128]


def test_a_network_that_fails_beside_another_fails_the_look():
    @dataclass
    class Failing(Scripted):
        fails: bool = False

        def look(self, prepared: np.ndarray, circle: Box) -> RawLook:
            if self.fails:
                raise ModelError("no memory left")
            return super().look(prepared, circle)

    second = Failing(card(Domain.SIMULATED))
    perceiver = CausalPerceiver((Scripted(card(Domain.CHOLECYSTECTOMY, Domain.SIMULATED), distances=(3.0, 0.4)), second))
    perceiver.look(frame(0))
    second.fails = True
    with pytest.raises(ModelError, match="no memory left"):
        perceiver.look(frame(0.2))
