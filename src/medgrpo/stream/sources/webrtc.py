"""A WebRTC sender (OBS, GStreamer, FFmpeg, a robot): it sends to us. `webrtc://HOST:PORT/PATH` is where we listen, by WHIP.

A sender that breaks off is lost like any other source; whoever sends next goes on with the same case.
"""

from __future__ import annotations

import ipaddress
import os
import queue
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from medgrpo.core import InputError, MissingExtra, VideoError
from medgrpo.stream.arrival import LinkEvent, LinkState, Signal
from medgrpo.stream.clock import Clock
from medgrpo.stream.sources.network import NetworkSource
from medgrpo.video import ArrivingFrames, LivePicture

if TYPE_CHECKING:
    from medgrpo.stream.whip import WhipEndpoint

TOKEN = "MEDGRPO_WHIP_TOKEN"
"""The environment variable that holds the bearer token; needed unless HOST is this machine's loopback address."""
_LEAST_TOKEN = 16
_SILENCE_SECONDS = 3.0


class WebRtcSource:
    """InputError where the address is none, or listens beyond this machine without a token."""

    def __init__(self, address: str, clock: Clock, token: str | None = None) -> None:
        self.name, self.waits = address, False
        self._clock = clock
        self._host, self._port, self._path = _parted(address)
        self._token = token if token is not None else os.environ.get(TOKEN) or None
        if self._token is None and not _is_loopback(self._host):
            raise InputError(f"{address}: others could send here: set {TOKEN} to a bearer token, or listen on 127.0.0.1")
        if self._token is not None and len(self._token) < _LEAST_TOKEN:
            raise InputError(f"{TOKEN}: a token has at least {_LEAST_TOKEN} characters")

    def signals(self, stop: Callable[[], bool]) -> Iterator[Signal]:
        """MissingExtra without the extra `webrtc`."""
        try:
            from medgrpo.stream.whip import WhipEndpoint
        except ImportError as error:
            raise MissingExtra("WebRTC", "webrtc", error.name or "aiortc") from error
        with WhipEndpoint(self._host, self._port, self._path, self._token, _SILENCE_SECONDS) as endpoint:
            yield LinkEvent(LinkState.AWAITED, self._clock.seconds(), f"no sender has come yet, listening at {self.name}")
            yield from NetworkSource(self.name, self._clock, lambda _: _Sender(endpoint, stop)).signals(stop)


class _Sender:
    """The next sender's pictures, as a connection; waits for one as long as nobody says stop."""

    bursts = finished = False

    def __init__(self, endpoint: WhipEndpoint, stop: Callable[[], bool]) -> None:
        self._endpoint, self._stop = endpoint, stop

    def pictures(self) -> Iterator[LivePicture]:
        frames, session = ArrivingFrames(), None
        while not self._stop():
            try:
                sent = self._endpoint.sent.get(timeout=0.2)
            except queue.Empty:
                continue
            if sent.frame is not None and session in (None, sent.session):
                session = sent.session
                yield frames.picture(sent.frame, 0)
            elif session is not None:
                raise VideoError("webrtc", sent.why or "another sender took over")

    def close(self) -> None:
        """The endpoint goes on listening."""


def _parted(address: str) -> tuple[str, int, str]:
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise InputError(f"{address}: {error}") from error
    if parts.scheme != "webrtc" or not host or not port or parts.username or parts.query or len(parts.path) < 2:
        raise InputError(f"{address}: give the place to listen at as webrtc://127.0.0.1:PORT/NAME (the token in {TOKEN})")
    return host, port, parts.path.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
