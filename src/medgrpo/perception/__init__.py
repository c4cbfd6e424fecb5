"""The fast causal specialist: frames -> Observation. onnxruntime and numpy, never torch."""

from medgrpo.perception.asking import Asking
from medgrpo.perception.card import HEADS, DomainGate, Head, Platt, SpecialistCard, load_card
from medgrpo.perception.observation import Domain, Observation, Perceiver, Seen, Tip, View, ViewState
from medgrpo.perception.perceiver import IMAGE_MEASURES, SHIPPED, CausalPerceiver, load_perceiver
from medgrpo.perception.specialist import Specialist
from medgrpo.perception.view import measure_view

__all__ = [
    "HEADS",
    "IMAGE_MEASURES",
    "SHIPPED",
    "Asking",
    "CausalPerceiver",
    "Domain",
    "DomainGate",
    "Head",
    "Observation",
    "Perceiver",
    "Platt",
    "Seen",
    "Specialist",
    "SpecialistCard",
    "Tip",
    "View",
    "ViewState",
    "load_card",
    "load_perceiver",
    "measure_view",
]
