"""The client of endpoints against a server on this machine: what it sends, what it does when the server fails."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from medgrpo.core import InputError, ModelError
from medgrpo.models import Completion, Endpoint, Failure, Model, ModelOptions, Request, Turn, check_listening, open_model
from medgrpo.video import SampledClip, open_video, read_image

Noise = Callable[..., SampledClip]


class Server(ThreadingHTTPServer):
    """Answers in turn with what `answers` holds, then with a good answer; keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[tuple[int, bytes, dict[str, str]]] = []
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.wait_seconds = 0.0
        self.under_way = self.most_under_way = 0
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.asked.append(asked)
            self.server.keys.append(self.headers["Authorization"])
            self.server.under_way += 1
            self.server.most_under_way = max(self.server.most_under_way, self.server.under_way)
            code, body, headers = self.server.answers.pop(0) if self.server.answers else (200, answer("yes"), {})
        threading.Event().wait(self.server.wait_seconds)
        with self.server.lock:
            self.server.under_way -= 1
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Silence."""


def answer(text: str | None, finish: str = "stop") -> bytes:
    choice = {"message": {"role": "assistant", "content": text}, "finish_reason": finish}
    return json.dumps({"choices": [choice], "usage": {"prompt_tokens": 1000, "completion_tokens": 10}}).encode()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def client(server: Server, **changes: Any) -> Endpoint:
    return Endpoint(server.url, "m", **({"timeout_seconds": 5, "pause_seconds": 0, "tries": 3} | changes))


def model(server: Server, **changes: Any) -> Model:
    return open_model(server.url, ModelOptions(endpoint_model="m", **changes))


def ask(model: Model, *requests: Request) -> list[Completion | Failure]:
    return asyncio.run(model.generate(requests))


def test_a_text_is_answered_at_temperature_0(server: Server) -> None:
    assert client(server).complete("ask") == "yes"
    assert server.asked == [{"model": "m", "messages": [{"role": "user", "content": "ask"}], "temperature": 0}]


def test_the_key_comes_from_the_environment_alone(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MEDGRPO_MODEL_KEY", raising=False)
    client(server).complete("a")
    monkeypatch.setenv("MEDGRPO_MODEL_KEY", "secret")
    client(server).complete("b")
    assert server.keys == [None, "Bearer secret"]
    assert "secret" not in model(server).card.model_dump_json()


def test_what_fails_for_a_moment_is_asked_again(server: Server) -> None:
    server.answers = [(503, b"", {}), (429, b"", {"Retry-After": "0"})]
    assert client(server).complete("ask") == "yes"
    assert len(server.asked) == 3


def test_the_pause_grows_and_is_bounded(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("medgrpo.models.endpoint.time.sleep", pauses.append)
    server.answers = [(500, b"", {})] * 3 + [(429, b"", {"Retry-After": "7"}), (429, b"", {"Retry-After": "9999"}), (500, b"", {})]
    got = client(server, tries=6, pause_seconds=4, longest_pause_seconds=12).ask([], {})
    assert isinstance(got, Failure)
    assert not got.lasting
    assert "no answer after 6 tries: 500" in got.reason
    assert 2 <= pauses[0] <= 4 <= pauses[1] <= 8
    assert 6 <= pauses[2] <= 12
    assert pauses[3:] == [7, 12]


def test_a_time_limit_is_a_failure_that_may_pass(server: Server) -> None:
    server.wait_seconds = 0.5
    got = client(server, timeout_seconds=0.1, tries=2).ask([], {})
    assert isinstance(got, Failure)
    assert not got.lasting
    assert "timed out" in got.reason


def test_no_server_is_a_failure_that_may_pass() -> None:
    got = Endpoint("http://127.0.0.1:9/v1", "m", tries=2, pause_seconds=0).ask([], {})
    assert isinstance(got, Failure)
    assert not got.lasting


@pytest.mark.parametrize(("code", "words"), [(401, "the key is refused"), (403, "may not use"), (404, "no such address or model")])
def test_what_concerns_every_request_is_raised_at_once(server: Server, code: int, words: str) -> None:
    server.answers = [(code, b"", {})]
    with pytest.raises(ModelError, match=words):
        ask(model(server), Request("a", "?", None, 8))
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ((400, b'{"error": "too many tokens"}', {}), "too many tokens"),
        ((200, b"{}", {}), "does not answer as a chat completion does"),
        ((200, b"\xff", {}), "does not answer as a chat completion does"),
        ((200, b'{"choices": []}', {}), "holds no choice"),
        ((200, answer("", "content_filter"), {}), "content filter"),
    ],
)
def test_one_bad_request_fails_in_its_place(server: Server, given: tuple[int, bytes, dict[str, str]], words: str) -> None:
    server.answers = [given]
    first, second = ask(model(server, concurrency=1), Request("a", "?", None, 8), Request("b", "?", None, 8))
    assert isinstance(first, Failure)
    assert first.lasting
    assert words in first.reason
    assert isinstance(second, Completion)


def test_a_failure_is_a_model_error_for_who_wants_one_answer(server: Server) -> None:
    server.answers = [(500, b"", {})] * 3
    with pytest.raises(ModelError, match="no answer after 3 tries"):
        client(server).complete("ask")


def test_answers_are_verbatim_with_usage_and_cost(server: Server) -> None:
    server.answers = [
        (200, answer("  1.0-2.0 seconds.\n"), {}),
        (200, answer("cut", "length"), {}),
        (200, answer(None, "length"), {}),
    ]
    got = ask(model(server, concurrency=1, price_in=2.0, price_out=8.0), *(Request(str(n), "?", None, 8) for n in range(3)))
    first, second, third = got
    assert isinstance(first, Completion)
    assert (first.text, first.finish, first.prompt_tokens, first.completion_tokens) == ("  1.0-2.0 seconds.\n", "stop", 1000, 10)
    assert first.cost == pytest.approx(0.00208)
    assert isinstance(second, Completion)
    assert second.finish == "length"
    assert isinstance(third, Completion)
    assert third.text == ""


def test_no_more_are_under_way_than_allowed_and_the_order_is_kept(server: Server) -> None:
    server.wait_seconds = 0.03
    requests = [Request(str(n), f"question {n}", None, 8) for n in range(12)]
    assert len(ask(model(server, concurrency=3), *requests)) == 12
    assert server.most_under_way == 3


def test_frames_are_sent_as_pictures_each_with_its_time(server: Server, noise: Noise, tmp_path: Path) -> None:
    example, clip = noise(1, "1", seed=1), noise(2, "0.5", seed=2)
    shots = (Turn("When does tying happen?", example, "1.0-2.0 seconds."),)
    request = Request("a", "When?", clip, 8, "You watch operations.", 0.7, 5, shots)
    ask(model(server), request)
    sent = server.asked[0]
    assert (sent["max_tokens"], sent["temperature"], sent["seed"]) == (8, 0.7, 5)
    assert [turn["role"] for turn in sent["messages"]] == ["system", "user", "assistant", "user"]
    parts = sent["messages"][3]["content"]
    assert [part.get("text", "picture") for part in parts] == ["<0.0 seconds>", "picture", "<2.0 seconds>", "picture", "When?"]
    kind, _, data = parts[1]["image_url"]["url"].partition(";base64,")
    assert kind == "data:image/jpeg"
    (tmp_path / "a.jpg").write_bytes(base64.b64decode(data))
    assert read_image(tmp_path / "a.jpg").shape == clip.images[0].shape


def test_a_clip_is_sent_as_a_film_at_its_rate(server: Server, noise: Noise, tmp_path: Path) -> None:
    ask(model(server, send_video_as="video"), Request("a", "When?", noise(4, "0.5"), 8))
    kind, _, data = server.asked[0]["messages"][0]["content"][0]["video_url"]["url"].partition(";base64,")
    assert kind == "data:video/mp4"
    (tmp_path / "a.mp4").write_bytes(base64.b64decode(data))
    with open_video(tmp_path / "a.mp4") as video:
        assert [frame.seconds for frame in video.looks(0)] == [0.0, 2.0, 4.0, 6.0]


def test_what_cannot_be_an_endpoint_is_refused() -> None:
    with pytest.raises(InputError, match="no http address"):
        Endpoint("file:///etc/passwd", "m")
    with pytest.raises(InputError, match="--model-name"):
        open_model("http://127.0.0.1:9/v1")
    with pytest.raises(InputError, match="belong together"):
        open_model("http://127.0.0.1:9/v1", ModelOptions(endpoint_model="m", price_in=1.0))


def test_whoever_is_not_there_is_told_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        check_listening(f"http://127.0.0.1:{listening.getsockname()[1]}/v1")
    with pytest.raises(ModelError, match=r"^http://127\.0\.0\.1:9/v1: nobody answers there \(Connection refused\); start"):
        check_listening("http://127.0.0.1:9/v1")
