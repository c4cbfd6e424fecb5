"""The one client of endpoints that speak OpenAI's chat completions: retries, time limits, usage; through the standard library.

A key is taken from the environment (MEDGRPO_MODEL_KEY) and sent nowhere but to the endpoint; it is in no message and no card.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import socket
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from medgrpo.core import InputError, ModelError
from medgrpo.models.model import Completion, Failure

KEY_VARIABLE = "MEDGRPO_MODEL_KEY"
_CONCERNS_ALL = {401: "the key is refused", 403: "the key may not use this model", 404: "there is no such address or model"}
_FOR_A_MOMENT = {408, 409, 425, 429}


class _Message(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Usage(BaseModel):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Answer(BaseModel):
    choices: list[_Choice]
    usage: _Usage | None = None
    model: str = ""


@dataclass(frozen=True, slots=True)
class Prices:
    """Per million tokens, in the endpoint's currency."""

    prompt: float
    reply: float

    def of(self, usage: _Usage | None) -> float | None:
        if usage is None or usage.prompt_tokens is None or usage.completion_tokens is None:
            return None
        return (usage.prompt_tokens * self.prompt + usage.completion_tokens * self.reply) / 1e6


def check_listening(url: str, seconds: float = 5.0) -> None:
    """ModelError at once when nobody takes a connection at this address: before work that would be for nothing without it.

    Through a proxy nothing is known before the first request, so that nothing is checked.
    """
    parts = urllib.parse.urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme in urllib.request.getproxies() and not urllib.request.proxy_bypass(host):
        return
    try:
        socket.create_connection((host, parts.port or (443 if parts.scheme == "https" else 80)), seconds).close()
    except OSError as error:
        raise ModelError(
            f"{url}: nobody answers there ({error.strerror or error}); start the endpoint, or mend the address"
        ) from error


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`url` is the endpoint's base, such as http://localhost:8000/v1, `name` the model's name there.

    What fails for a moment (no connection, a time limit, 408, 409, 425, 429, 5xx) is asked again `tries - 1` times, after
    `pause_seconds`, then twice as long each time with some chance in it, or as long as the endpoint's Retry-After says.
    """

    url: str
    name: str
    timeout_seconds: float = 300.0
    tries: int = 5
    pause_seconds: float = 1.0
    longest_pause_seconds: float = 60.0
    prices: Prices | None = None

    def __post_init__(self) -> None:
        if not self.url.startswith(("http://", "https://")):
            raise InputError(
                f"--model: {self.url!r} is no http address; give the base of the endpoint, as http://localhost:8000/v1"
            )
        if not self.name:
            raise InputError(f"{self.url}: give the model's name there as well")

    @property
    def address(self) -> str:
        return self.url.rstrip("/") + "/chat/completions"

    def complete(self, prompt: str) -> str:
        """One answer to a text at temperature 0; ModelError when there is none."""
        answer = self.ask([{"role": "user", "content": prompt}], {"temperature": 0})
        if isinstance(answer, Failure):
            raise ModelError(answer.reason)
        return answer.text

    def ask(self, messages: Sequence[Mapping[str, Any]], settings: Mapping[str, Any]) -> Completion | Failure:
        """One answer, verbatim. ModelError for what concerns every request: a refused key, no such model."""
        body = json.dumps({"model": self.name, "messages": list(messages), **settings}).encode()
        headers = {"Content-Type": "application/json"}
        if key := os.environ.get(KEY_VARIABLE):
            headers["Authorization"] = f"Bearer {key}"
        began = time.perf_counter()
        reason = ""
        for attempt in range(self.tries):
            wanted: float | None = None
            try:
                request = urllib.request.Request(self.address, body, headers)
                with urllib.request.urlopen(request, timeout=self.timeout_seconds) as answer:
                    return self._read(answer.read(), began)
            except urllib.error.HTTPError as error:
                with error:  # it holds the connection
                    reason, wanted, said = f"{error.code} {error.reason}", _retry_after(error), _said(error)
                if error.code in _CONCERNS_ALL:
                    raise ModelError(f"{self.address}: {self.name}: refused ({reason}): {_CONCERNS_ALL[error.code]}") from error
                if error.code < 500 and error.code not in _FOR_A_MOMENT:
                    return Failure(f"{self.address}: {self.name}: refused ({reason}): {said}", lasting=True)
            except (OSError, http.client.HTTPException) as error:  # no connection, a time limit, an answer that breaks off
                reason = str(error) or type(error).__name__
            if attempt + 1 < self.tries:
                time.sleep(self._pause(attempt) if wanted is None else min(wanted, self.longest_pause_seconds))
        return Failure(f"{self.address}: {self.name}: no answer after {self.tries} tries: {reason}", lasting=False)

    def _pause(self, attempt: int) -> float:
        longest = min(self.longest_pause_seconds, self.pause_seconds * 2**attempt)
        return longest * random.uniform(0.5, 1.0)  # requests that failed together do not come back together

    def _read(self, content: bytes, began: float) -> Completion | Failure:
        try:
            answer = _Answer.model_validate_json(content)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]["msg"]
            return Failure(f"{self.address}: does not answer as a chat completion does: {first}", lasting=True)
        if not answer.choices:
            return Failure(f"{self.address}: {self.name}: the answer holds no choice", lasting=True)
        choice, usage = answer.choices[0], answer.usage
        if choice.finish_reason == "content_filter":
            return Failure(f"{self.address}: {self.name}: the endpoint's content filter held the answer back", lasting=True)
        finish: Literal["stop", "length"] = "length" if choice.finish_reason == "length" else "stop"
        return Completion(
            text=choice.message.content or "",
            finish=finish,
            prompt_tokens=None if usage is None else usage.prompt_tokens,
            completion_tokens=None if usage is None else usage.completion_tokens,
            seconds=time.perf_counter() - began,
            cost=None if self.prices is None else self.prices.of(usage),
        )


def _retry_after(error: urllib.error.HTTPError) -> float | None:
    said = error.headers.get("Retry-After", "")
    return float(said) if said.isdecimal() else None


def _said(error: urllib.error.HTTPError) -> str:
    """The start of what the endpoint wrote about its refusal."""
    try:
        return " ".join(error.read(500).decode("utf-8", "replace").split()) or "no reason given"
    except OSError:
        return "its reason broke off"
