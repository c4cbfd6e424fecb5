"""Any endpoint that speaks OpenAI's chat completions, for text alone, as a `Model` that a judge can ask."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from medgrpo.library import EndpointModel
from medgrpo.models import Completion, Failure, ModelCard, Request


class EndpointTexts:
    """One call per request, all of those given at once. A refusal (no key, no such model) is raised as ModelError at the first
    call, and so is an endpoint that does not answer at all."""

    def __init__(self, url: str, name: str, timeout_seconds: float) -> None:
        self._endpoint = EndpointModel(url, name, timeout_seconds)
        self.card = ModelCard(name=name, backend="chat completions", revision="", sampling=None, details={"url": url})

    async def generate(self, requests: Sequence[Request]) -> list[Completion | Failure]:
        """In order; token counts are not told."""
        return list(await asyncio.gather(*(asyncio.to_thread(self._one, request) for request in requests)))

    def _one(self, request: Request) -> Completion:
        start = time.monotonic()
        return Completion(self._endpoint.complete(request.prompt), "stop", None, None, time.monotonic() - start)
