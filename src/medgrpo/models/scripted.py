"""A model that replays replies: for tests, demos and answers that were made elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from medgrpo.models.model import Completion, Failure, ModelCard, Request
from medgrpo.video import Sampling


class ScriptedModel:
    """Replies by the request's key, or by a function of the request; a key without a reply is a lasting failure."""

    def __init__(
        self,
        replies: Mapping[str, str] | Callable[[Request], str | Failure],
        name: str = "scripted",
        sampling: Sampling | None = None,
    ) -> None:
        self._answer = replies if callable(replies) else _by_key(replies)
        self.card = ModelCard(name=name, backend="scripted", revision="", sampling=sampling)

    async def generate(self, requests: Sequence[Request]) -> list[Completion | Failure]:
        return [self._one(request) for request in requests]

    def _one(self, request: Request) -> Completion | Failure:
        reply = self._answer(request)
        return reply if isinstance(reply, Failure) else Completion(reply, "stop", None, None, 0.0)


def _by_key(replies: Mapping[str, str]) -> Callable[[Request], str | Failure]:
    def answer(request: Request) -> str | Failure:
        if request.key in replies:
            return replies[request.key]
        return Failure(f"no scripted reply for {request.key}", lasting=True)

    return answer
