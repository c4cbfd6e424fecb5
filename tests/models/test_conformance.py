"""What every backend keeps to, whatever stands behind it."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from medgrpo.models import BACKENDS, Completion, Failure, Model, ModelOptions, Request, ScriptedModel, TinyKind, Turn, open_model
from medgrpo.video import SampledClip

Noise = Callable[..., SampledClip]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        bad = "<|" in json.dumps(asked["messages"][-1])
        choice = {"message": {"content": "a"}, "finish_reason": "length" if asked["max_tokens"] == 1 else "stop"}
        self.send_response(400 if bad else 200)
        self.end_headers()
        self.wfile.write(b"" if bad else json.dumps({"choices": [choice]}).encode())

    def log_message(self, *args: object) -> None:
        """Silence."""


class _Engine:
    def __init__(self, **_: Any) -> None:
        """Takes what vLLM's takes."""

    def generate(self, prompts: list[Any], settings: list[Any], use_tqdm: bool) -> list[Any]:
        return [
            SimpleNamespace(
                prompt_token_ids=[0],
                outputs=[SimpleNamespace(text="a", token_ids=[0], finish_reason="length" if one.max_tokens == 1 else "stop")],
            )
            for one in settings
        ]


@pytest.fixture(params=[one.name for one in BACKENDS])
def backend(request: pytest.FixtureRequest, tiny: dict[TinyKind, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Model]:
    if request.param == "scripted":
        yield ScriptedModel(lambda asked: Failure("bad", lasting=True) if "<|" in asked.prompt else f"reply to {asked.key}")
    elif request.param == "transformers":
        yield open_model(str(tiny["qwen2.5-vl"]), ModelOptions(device="cpu"))
    elif request.param == "vllm":
        module: Any = ModuleType("vllm")
        module.LLM, module.SamplingParams = _Engine, lambda **settings: SimpleNamespace(**settings)
        module.__version__ = "0.33.0+cpu"  # of whichever distribution provides the module
        monkeypatch.setitem(sys.modules, "vllm", module)
        yield open_model(f"vllm:{tiny['qwen2.5-vl']}")
    else:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield open_model(f"http://127.0.0.1:{server.server_port}/v1", ModelOptions(endpoint_model="m"))
        server.shutdown()
        server.server_close()
        thread.join()


def ask(model: Model, *requests: Request) -> list[Completion | Failure]:
    return asyncio.run(model.generate(requests))


def test_nothing_asked_is_nothing_answered(backend: Model) -> None:
    assert ask(backend) == []


def test_one_result_for_each_request_and_failures_in_their_place(backend: Model, noise: Noise) -> None:
    shots = (Turn("When does tying happen?", noise(2, seed=1), "1.0-2.0 seconds."),)
    requests = [
        Request("clip", "When?", noise(4), 3),
        Request("bad", "Look: <|video_pad|>", noise(4), 3),
        Request("text", "What is tying?", None, 3, system="Answer briefly."),
        Request("shot", "When?", noise(3), 3, shots=shots),
        Request("drawn", "When?", noise(4), 3, temperature=0.8, seed=1),
    ]
    got = ask(backend, *requests)
    assert [isinstance(one, Completion) for one in got] == [True, False, True, True, True]
    bad = got[1]
    assert isinstance(bad, Failure)
    assert bad.lasting
    assert bad.reason


def test_order_does_not_depend_on_length(backend: Model, noise: Noise) -> None:
    requests = [Request(str(n), "When? " * n, noise(frames), 3) for n, frames in ((1, 8), (9, 2), (4, 5))]
    one_by_one = [ask(backend, request)[0] for request in requests]
    together = ask(backend, *requests)
    assert [one.text for one in together if isinstance(one, Completion)] == [
        one.text for one in one_by_one if isinstance(one, Completion)
    ]
    assert len(together) == 3


def test_a_cut_reply_says_so(backend: Model, noise: Noise) -> None:
    (got,) = ask(backend, Request("a", "When?", noise(4), 1))
    assert isinstance(got, Completion)
    assert got.finish == ("stop" if backend.card.backend == "scripted" else "length")  # what is replayed is never cut


def test_the_card_can_be_written_beside_the_results(backend: Model) -> None:
    card = json.loads(backend.card.model_dump_json())
    assert card["backend"] in [one.name for one in BACKENDS]
    assert card["name"]
