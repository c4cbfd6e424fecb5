"""A model that replays replies: for tests, demos and answers that were made elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from medgrpo.core import DataError
from medgrpo.models.model import Completion, Failure, ModelCard, Request
from medgrpo.video import Sampling

_REPLIES = TypeAdapter(dict[str, str])


class ScriptedModel:
    """Replies by the request's key, or by a function of the request; a key without a reply is a lasting failure. Never cuts."""

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


def open_scripted(path: Path) -> ScriptedModel:
    """Replies from a JSON file: one object, request key -> reply. DataError when it is none."""
    try:
        replies = _REPLIES.validate_json(path.read_bytes())
    except OSError as error:
        raise DataError(path, f"the scripted replies cannot be read ({error.strerror})") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise DataError(path, f"is no JSON object of request keys and replies: {where} {first['msg']}") from error
    return ScriptedModel(replies, name=path.name)


def _by_key(replies: Mapping[str, str]) -> Callable[[Request], str | Failure]:
    def answer(request: Request) -> str | Failure:
        if request.key in replies:
            return replies[request.key]
        return Failure(f"no scripted reply for {request.key}", lasting=True)

    return answer
