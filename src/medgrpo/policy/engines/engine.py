"""What an engine is: prompts in, answers with the log-probabilities that they were drawn with out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from medgrpo.models import Encoded
from medgrpo.policy.rollout import Sampled

EngineName = Literal["network", "vllm"]


class Engine(Protocol):
    """Samples answers from the policy's distribution: at its temperature, no token of vision, ended by the end of the turn."""

    def sample(self, prompts: Sequence[Encoded], size: int, most_tokens: int, seed: int) -> list[list[Sampled]]:
        """For each prompt `size` answers of 1 to `most_tokens` tokens. The same weights, prompts and seed give the same answers.

        ModelError when what the engine read or said is not what is trained on.
        """
        ...

    def refresh(self) -> None:
        """The network has other weights than before: what is sampled from now on is sampled from them."""
        ...
