"""A place to which WebRTC senders can send: the WHIP protocol (RFC 9725) over HTTP, one sender at a time.

POST of an offer to the path answers 201 with ours and the Location of the session; DELETE there ends it. Candidates that trickle
(PATCH) are not taken: the offer must hold them. No STUN or TURN server is asked. Audio is refused in the answer, never received.
Pages in a browser (requests with an Origin) are refused, so that no web page can send to the machine it is read on.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import queue
import secrets
import threading
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, cast

import h11
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from av.video.frame import VideoFrame

from medgrpo.core import VideoError

_MOST_BYTES = 65536
_REQUEST_SECONDS = 10.0
_BUSY_SECONDS = 1.0
"""A sender that has been silent for so long gives way to a new one."""
_STARTING_SECONDS = 10.0
_WAITING_PICTURES = 50


@dataclass(frozen=True, slots=True, eq=False)
class Sent:
    """A picture of the sender `session`; without one (`why`) that sender is gone."""

    session: str
    frame: VideoFrame | None
    why: str = ""


@dataclass(slots=True)
class _Session:
    """The sender now. `heard` is when its last picture came (or its offer), in steady seconds."""

    id: str
    peer: RTCPeerConnection
    heard: float
    started: bool = False
    tasks: list[asyncio.Task[None]] = field(default_factory=list[asyncio.Task[None]])


class _Refused(Exception):
    """The request is answered with this status."""

    def __init__(self, status: int, why: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(why)
        self.status, self.headers = status, headers


class WhipEndpoint:
    """Use as a context manager: within it a thread listens. `sent` holds what comes, the oldest pictures dropped where nobody takes
    them. `token` None: none is asked for. VideoError when the port cannot be had."""

    def __init__(self, host: str, port: int, path: str, token: str | None, silence_seconds: float) -> None:
        self._host, self._port, self._path, self._token, self._silence = host, port, path, token, silence_seconds
        self.sent: queue.Queue[Sent] = queue.Queue(_WAITING_PICTURES)
        self._session: _Session | None = None
        self._ready, self._failed = threading.Event(), ""
        self._loop = asyncio.new_event_loop()
        self._ending = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="whip", daemon=True)
        logging.getLogger("aiortc").setLevel(logging.ERROR)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait(10.0)
        if self._failed:
            raise VideoError(f"webrtc://{self._host}:{self._port}{self._path}", f"cannot be listened to: {self._failed}")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._ending.set)
        self._thread.join(5.0)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        try:
            server = await asyncio.start_server(self._request, self._host, self._port)
        except OSError as error:
            self._failed = error.strerror or str(error)
            self._ready.set()
            return
        self._ready.set()
        async with server:
            await self._ending.wait()
        if self._session is not None:
            await self._end(self._session, "the watch has ended")

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request on a connection, then it is closed."""
        connection = h11.Connection(h11.SERVER, max_incomplete_event_size=_MOST_BYTES)
        try:
            async with asyncio.timeout(_REQUEST_SECONDS):
                try:
                    request, body = await _read(connection, reader)
                    status, headers, answer = await self._answered(request, body)
                except _Refused as refused:
                    status, headers, answer = refused.status, refused.headers, str(refused).encode() + b"\n"
                except h11.RemoteProtocolError as error:
                    status, headers, answer = error.error_status_hint, (), f"{error}\n".encode()
                if connection.our_state in (h11.IDLE, h11.SEND_RESPONSE):
                    told = [*headers, ("content-length", str(len(answer))), ("connection", "close")]
                    writer.write(connection.send(h11.Response(status_code=status, headers=told)) or b"")
                    writer.write(connection.send(h11.Data(data=answer)) or b"")
                    writer.write(connection.send(h11.EndOfMessage()) or b"")
                    await writer.drain()
        except (OSError, TimeoutError):
            pass  # whoever asked went away or was too slow: there is nobody to tell
        finally:
            writer.close()

    async def _answered(self, request: h11.Request, body: bytes) -> tuple[int, tuple[tuple[str, str], ...], bytes]:
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in request.headers}
        method, target = request.method.decode(), request.target.decode("latin-1").partition("?")[0]
        if "origin" in headers:
            raise _Refused(403, "pages in a browser may not send here")
        if self._token is not None:
            given = headers.get("authorization", "").removeprefix("Bearer ").strip()
            if not hmac.compare_digest(given.encode(), self._token.encode()):
                raise _Refused(401, "the bearer token is missing or wrong", (("www-authenticate", "Bearer"),))
        session = self._session
        if session is not None and hmac.compare_digest(target.encode(), f"{self._path}/{session.id}".encode()):
            if method != "DELETE":
                raise _Refused(405, "candidates that trickle are not taken; DELETE ends the session", (("allow", "DELETE"),))
            await self._end(session, "the sender ended")
            return 200, (), b""
        if target != self._path:
            raise _Refused(404, "there is no such path")
        if method != "POST":
            raise _Refused(405, "POST an offer here", (("allow", "POST"),))
        if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/sdp":
            raise _Refused(415, "an offer is application/sdp")
        if session is not None and time.monotonic() - session.heard < (_BUSY_SECONDS if session.started else _STARTING_SECONDS):
            raise _Refused(409, "another sender is sending", (("retry-after", "2"),))
        made, answer = await self._accepted(body)
        place = (("content-type", "application/sdp"), ("location", f"{self._path}/{made}"))
        return 201, place, answer.encode()

    async def _accepted(self, offer: bytes) -> tuple[str, str]:
        """The new session's name and our answer. _Refused when the offer cannot be taken."""
        if self._session is not None:
            await self._end(self._session, "another sender took over")
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        session = self._session = _Session(secrets.token_urlsafe(16), peer, time.monotonic())

        def tracked(track: MediaStreamTrack) -> None:
            if track.kind == "video" and not session.tasks:
                session.tasks.append(asyncio.ensure_future(self._take(session, track)))

        async def changed() -> None:
            if peer.connectionState in ("failed", "closed"):
                await self._end(session, f"the connection is {peer.connectionState}")

        peer.on("track", tracked)
        peer.on("connectionstatechange", changed)
        try:
            await peer.setRemoteDescription(RTCSessionDescription(offer.decode(), "offer"))
            if not any(one.kind == "video" for one in peer.getTransceivers()):
                raise ValueError("it offers no video")
            for one in peer.getTransceivers():
                one.direction = "recvonly" if one.kind == "video" else "inactive"
            await peer.setLocalDescription(await peer.createAnswer())
        except Exception as error:  # an offer is anybody's text, and what its readers raise is not documented
            await self._end(session, "its offer was refused")
            raise _Refused(400, f"the offer cannot be taken: {error or type(error).__name__}") from error
        return session.id, peer.localDescription.sdp

    async def _take(self, session: _Session, track: MediaStreamTrack) -> None:
        """Pictures as they come, until the sender is silent for too long."""
        why = "the sender ended"
        try:
            while self._session is session:
                patience = self._silence if session.started else _STARTING_SECONDS
                received = cast(Awaitable[VideoFrame], track.recv())  # pyright: ignore[reportUnknownMemberType] - open in its types
                frame = await asyncio.wait_for(received, patience)
                session.heard, session.started = time.monotonic(), True
                self._put(Sent(session.id, frame))
        except TimeoutError:
            why = f"the sender was silent for {self._silence:g} s"
        except MediaStreamError:
            pass
        await self._end(session, why)

    async def _end(self, session: _Session, why: str) -> None:
        if self._session is not session:
            return
        self._session = None
        if session.started:
            self._put(Sent(session.id, None, why))
        this = asyncio.current_task()
        for task in session.tasks:
            if task is not this:
                task.cancel()
        await session.peer.close()

    def _put(self, sent: Sent) -> None:
        while True:
            try:
                self.sent.put_nowait(sent)
            except queue.Full:
                self.sent.get_nowait()
            else:
                return


async def _read(connection: h11.Connection, reader: asyncio.StreamReader) -> tuple[h11.Request, bytes]:
    """A whole request. _Refused when its body is too long; h11's error when it is none."""
    request, body = None, b""
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            if connection.they_are_waiting_for_100_continue:
                raise _Refused(417, "send the offer at once")
            connection.receive_data(await reader.read(_MOST_BYTES))
        elif isinstance(event, h11.Request):
            request = event
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > _MOST_BYTES:
                raise _Refused(413, f"an offer has at most {_MOST_BYTES} bytes")
        elif isinstance(event, h11.EndOfMessage) and request is not None:
            return request, body
        else:
            raise ConnectionResetError("closed before a request was whole")
