"""A language model behind any endpoint that speaks OpenAI's chat completions, through the standard library."""

from __future__ import annotations

import json
import os
import time
import urllib.error
import urllib.request
from dataclasses import dataclass

from pydantic import BaseModel, ValidationError

from medgrpo.core import InputError, ModelError

KEY_VARIABLE = "MEDGRPO_MODEL_KEY"
_TRIES = 3


class _Message(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    message: _Message


class _Answer(BaseModel):
    choices: list[_Choice]


@dataclass(frozen=True, slots=True)
class EndpointModel:
    """`url` is the endpoint's base, such as http://localhost:8000/v1. A key is taken from the environment, MEDGRPO_MODEL_KEY."""

    url: str
    name: str
    timeout_seconds: float = 300.0
    pause_seconds: float = 2.0

    def __post_init__(self) -> None:
        if not self.url.startswith(("http://", "https://")):
            raise InputError(
                f"--model: {self.url!r} is no http address; give the base of the endpoint, as http://localhost:8000/v1"
            )

    def complete(self, prompt: str) -> str:
        """One answer at temperature 0. What fails for a moment is tried again; then ModelError."""
        body = {"model": self.name, "temperature": 0, "messages": [{"role": "user", "content": prompt}]}
        headers = {"Content-Type": "application/json"}
        if key := os.environ.get(KEY_VARIABLE):
            headers["Authorization"] = f"Bearer {key}"
        address = self.url.rstrip("/") + "/chat/completions"
        reason = ""
        for left in range(_TRIES - 1, -1, -1):
            try:
                request = urllib.request.Request(address, json.dumps(body).encode(), headers)
                with urllib.request.urlopen(request, timeout=self.timeout_seconds) as answer:
                    return _content(address, answer.read())
            except urllib.error.HTTPError as error:
                if error.code < 500 and error.code != 429:
                    raise ModelError(f"{address}: {self.name}: refused ({error.code} {error.reason})") from error
                reason = f"{error.code} {error.reason}"
            except OSError as error:  # no connection, a time out
                reason = str(error)
            if left:
                time.sleep(self.pause_seconds)
        raise ModelError(f"{address}: {self.name}: no answer after {_TRIES} tries: {reason}")


def _content(address: str, answer: bytes) -> str:
    try:
        choices = _Answer.model_validate_json(answer).choices
    except ValidationError as error:
        raise ModelError(f"{address}: does not answer as a chat completion does: {error.errors()[0]['msg']}") from error
    return (choices[0].message.content or "") if choices else ""
