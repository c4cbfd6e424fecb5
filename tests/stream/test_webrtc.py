"""WebRTC for real: a sender in a process of its own is killed and another goes on; and what the endpoint refuses."""

from __future__ import annotations

import http.client
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("aiortc", reason="the extra webrtc is not installed")

from medgrpo.core import InputError, VideoError
from medgrpo.stream import Arrival, LinkEvent, ManualClock, SystemClock, WebRtcSource, open_source
from medgrpo.stream.whip import WhipEndpoint

TOKEN = "0123456789abcdef-theatre"


def port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.slow
def test_a_sender_that_is_killed_is_lost_and_the_next_goes_on() -> None:
    where = f"127.0.0.1:{port()}/theatre"
    source, found, stopped = WebRtcSource(f"webrtc://{where}", SystemClock(), TOKEN), list[Arrival | LinkEvent](), threading.Event()
    watch = threading.Thread(target=lambda: found.extend(source.signals(stopped.is_set)))
    watch.start()
    sender = Path(__file__).with_name("whip_sender.py")

    def sends() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, str(sender), f"http://{where}", "300", TOKEN])

    def wait(done: Callable[[], bool]) -> None:
        end = time.monotonic() + 60
        while not done():
            assert time.monotonic() < end, states()
            time.sleep(0.05)

    def states() -> list[str]:
        return [one.state.value for one in list(found) if isinstance(one, LinkEvent)]

    try:
        wait(lambda: bool(states()))  # it listens
        first = sends()
        wait(lambda: len(found) > 40)
        first.kill()
        first.wait()
        wait(lambda: "lost" in states())
        second = sends()
        wait(lambda: "reconnected" in states())
        second.terminate()
        wait(lambda: states().count("lost") == 2)
        assert second.wait(60) == 0
    finally:
        stopped.set()
        watch.join(10)
    assert states() == ["waiting for a sender", "connected", "lost", "reconnected", "lost"]
    whys = [one.why for one in found if isinstance(one, LinkEvent)]
    assert "silent for 3 s" in whys[2]
    assert "the sender ended" in whys[4], "a goodbye is told apart"
    arrivals = [one for one in found if isinstance(one, Arrival)]
    assert [one.index for one in arrivals] == list(range(len(arrivals)))
    assert all(one.stamp_seconds is not None for one in arrivals)
    apart = [
        (later.stamp_seconds or 0) - (earlier.stamp_seconds or 0) - (later.case_seconds - earlier.case_seconds)
        for earlier, later in zip(arrivals[:25], arrivals[8:33], strict=True)
    ]
    assert min(map(abs, apart)) < 0.5, "but for where this machine paused, both clocks go on alike"
    assert arrivals[3].paint().shape == (120, 160, 3)
    assert len({one.mark for one in arrivals}) > len(arrivals) / 2


@pytest.fixture(scope="module")
def endpoint() -> Iterator[int]:
    number = port()
    with WhipEndpoint("127.0.0.1", number, "/theatre", TOKEN, 3.0):
        yield number


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status"),
    [
        ("POST", "/theatre", "v=0", {"Content-Type": "application/sdp"}, 401),
        ("POST", "/theatre", "v=0", {"Content-Type": "application/sdp", "Authorization": "Bearer wrong"}, 401),
        ("DELETE", "/theatre/guess", "", {"Authorization": f"Bearer {TOKEN}"}, 404),
        ("GET", "/theatre", "", {"Authorization": f"Bearer {TOKEN}"}, 405),
        ("POST", "/other", "v=0", {"Authorization": f"Bearer {TOKEN}"}, 404),
        ("POST", "/theatre", "v=0", {"Content-Type": "text/plain", "Authorization": f"Bearer {TOKEN}"}, 415),
        ("POST", "/theatre", "no offer", {"Content-Type": "application/sdp", "Authorization": f"Bearer {TOKEN}"}, 400),
        ("POST", "/theatre", "v=0\r\n" * 20_000, {"Content-Type": "application/sdp", "Authorization": f"Bearer {TOKEN}"}, 413),
        ("POST", "/theatre", "v=0", {"Origin": "http://evil.example", "Authorization": f"Bearer {TOKEN}"}, 403),
    ],
)
def test_what_is_refused(endpoint: int, method: str, path: str, body: str, headers: dict[str, str], status: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", endpoint, timeout=60)
    connection.request(method, path, body, headers)
    response = connection.getresponse()
    assert (response.status, TOKEN in response.read().decode()) == (status, False)
    connection.close()


def test_what_is_no_http_is_refused_and_the_next_request_is_served(endpoint: int) -> None:
    import socket

    with socket.create_connection(("127.0.0.1", endpoint), timeout=60) as raw:
        raw.sendall(b"\x16\x03\x01 not http\r\n\r\n")
        assert raw.recv(100).startswith(b"HTTP/1.1 400")
    connection = http.client.HTTPConnection("127.0.0.1", endpoint, timeout=60)
    connection.request("POST", "/theatre", "v=0", {})
    assert connection.getresponse().status == 401
    connection.close()


def test_a_port_that_is_taken_is_one_line(endpoint: int) -> None:
    with pytest.raises(VideoError, match="cannot be listened to"):
        next(iter(WebRtcSource(f"webrtc://127.0.0.1:{endpoint}/theatre", ManualClock()).signals(lambda: True)))


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("webrtc://0.0.0.0:8890/theatre", "MEDGRPO_WHIP_TOKEN"),
        ("webrtc://127.0.0.1/theatre", "PORT"),
        ("webrtc://127.0.0.1:8890/", "NAME"),
        ("webrtc://127.0.0.1:99999/x", "Port out of range"),
    ],
)
def test_where_it_may_not_listen(address: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MEDGRPO_WHIP_TOKEN", raising=False)
    with pytest.raises(InputError, match=told):
        open_source(address, ManualClock())


def test_a_token_must_not_be_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDGRPO_WHIP_TOKEN", "short")
    with pytest.raises(InputError, match="16 characters"):
        open_source("webrtc://127.0.0.1:8890/theatre", ManualClock())
