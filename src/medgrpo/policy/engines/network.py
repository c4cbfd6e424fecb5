"""The network that is trained samples by itself (`rollout`): one vision pass and one prefill per prompt, nothing held twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from medgrpo.models import Encoded, Encoder
from medgrpo.policy.engines.engine import Engine
from medgrpo.policy.policy import Policy
from medgrpo.policy.recipe import GrpoRecipe
from medgrpo.policy.rollout import Sampled, sample_groups
from medgrpo.policy.team import Team


class NetworkEngine:
    """In any number of processes; where weights lie in shares, inside `Spread.gathered`."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    def sample(self, prompts: Sequence[Encoded], size: int, most_tokens: int, seed: int) -> list[list[Sampled]]:
        """See Engine. Prompts that come together are sampled in the same steps."""
        generator = torch.Generator(self._policy.device).manual_seed(seed)
        return sample_groups(self._policy, [self._policy.prompt(one) for one in prompts], size, most_tokens, generator)

    def refresh(self) -> None:
        """Nothing to do: it is the network."""


def open_network(recipe: GrpoRecipe, encoder: Encoder, team: Team) -> tuple[Encoder, Callable[[Policy], Engine]]:
    """See `table.ENGINES`. It takes whatever the network takes."""
    del recipe, team
    return encoder, NetworkEngine
