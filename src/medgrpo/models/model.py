"""What a video-language model is to the rest of medgrpo: requests in, completions out, in order. One backend, one file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from pydantic import Field

from medgrpo.core import Config
from medgrpo.video import SampledClip, Sampling


@dataclass(frozen=True, slots=True)
class Turn:
    """A question with its clip and the reply that was right: what a one-shot example shows the model before it is asked."""

    prompt: str
    clip: SampledClip | None
    reply: str


@dataclass(frozen=True, slots=True)
class Request:
    """One question. `clip` is None for a question about text alone (a judge's). `key` names it in logs and result files."""

    key: str
    prompt: str
    clip: SampledClip | None
    max_new_tokens: int
    system: str = ""
    temperature: float = 0.0
    seed: int = 0
    shots: tuple[Turn, ...] = ()

    def __post_init__(self) -> None:
        if self.max_new_tokens < 1 or not 0 <= self.temperature < float("inf"):
            raise ValueError(f"{self.key}: max_new_tokens >= 1 and temperature >= 0, got {self.max_new_tokens}, {self.temperature}")


@dataclass(frozen=True, slots=True)
class Completion:
    """A reply, verbatim. `finish` is `length` when the token budget cut it. Token counts are None where the backend tells none.

    `seconds` is the call's wall time (in a batch, the request's share of it); `cost` in the endpoint's currency, None if not known.
    """

    text: str
    finish: Literal["stop", "length"]
    prompt_tokens: int | None
    completion_tokens: int | None
    seconds: float
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a request has no reply. `lasting`: asking again cannot help (refused, too long, a clip that cannot be read)."""

    reason: str
    lasting: bool


class ModelCard(Config):
    """What a result file says of the model: everything that may change an answer."""

    name: str
    backend: str
    revision: str
    """Hash or version of the weights; empty where an endpoint does not tell."""
    sampling: Sampling | None
    """How clips are sampled for it; None for a model that sees no clips."""
    details: dict[str, str] = Field(default_factory=dict)
    """Library versions, dtype, device, prompt form."""


class Model(Protocol):
    """Anything that answers. A request that fails is a `Failure` in its place, never an exception, never a made-up reply.

    Errors that concern all requests (no such model, no memory at load, refused key) are raised as `ModelError`.
    """

    @property
    def card(self) -> ModelCard: ...

    async def generate(self, requests: Sequence[Request]) -> list[Completion | Failure]:
        """One result per request, in order. The backend chooses how to batch them; at most len(requests) run at once."""
        ...
