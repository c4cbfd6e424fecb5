"""Senders of live video for tests, one for each protocol: the program ffmpeg, and a small RTSP server around it."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

FFMPEG = shutil.which("ffmpeg")


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def needs(protocol: str) -> None:
    """Skips, with the reason, where the program cannot send this."""
    if FFMPEG is None:
        pytest.skip("the program ffmpeg is not installed")
    known = subprocess.run([FFMPEG, "-hide_banner", "-protocols"], capture_output=True, text=True, check=True).stdout.split()
    if protocol not in known:
        pytest.skip(f"this ffmpeg is built without {protocol}")


def ffmpeg(run: int, *out: str, cwd: Path | None = None, size: str = "160x120", rate: int = 25) -> subprocess.Popen[bytes]:
    """Drawn pictures at their own speed, with noise (of `run`), so that no two are alike and no run gives another one's."""
    assert FFMPEG is not None
    drawn = f"testsrc2=size={size}:rate={rate},noise=alls=30:allf=t:all_seed={run}"
    given = [FFMPEG, "-nostdin", "-v", "error", "-re", "-f", "lavfi", "-i", drawn]
    coded = ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "25", "-pix_fmt", "yuv420p"]
    return subprocess.Popen([*given, *coded, *out], cwd=cwd, stderr=subprocess.DEVNULL)


class Sender:
    """`begin` sends, `cut` kills the sender as it stands (no goodbye)."""

    def __init__(self, address: str, start: Callable[[int], subprocess.Popen[bytes]]) -> None:
        self.address, self._start, self._process, self._run = address, start, None, 0
        self.ends: list[Callable[[], None]] = []
        self.cuts: list[Callable[[], None]] = []

    def begin(self) -> None:
        self._run += 1
        self._process = self._start(self._run)

    def cut(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        for cut in self.cuts:
            cut()

    def close(self) -> None:
        self.cut()
        for end in self.ends:
            end()


def udp() -> Sender:
    address = f"udp://127.0.0.1:{free_port(socket.SOCK_DGRAM)}"
    return Sender(address, lambda run: ffmpeg(run, "-f", "mpegts", f"{address}?pkt_size=1316"))


def tcp() -> Sender:
    address = f"tcp://127.0.0.1:{free_port()}"
    return Sender(address, lambda run: ffmpeg(run, "-f", "mpegts", f"{address}?listen"))


def rtmp() -> Sender:
    address = f"rtmp://127.0.0.1:{free_port()}/live/theatre"
    return Sender(address, lambda run: ffmpeg(run, "-f", "flv", "-listen", "1", address))


def srt() -> Sender:
    address = f"srt://127.0.0.1:{free_port(socket.SOCK_DGRAM)}"
    return Sender(address, lambda run: ffmpeg(run, "-f", "mpegts", f"{address}?mode=listener"))


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        del format, args


def hls(folder: Path) -> Sender:
    """Segments of a second, served by Python's own web server, which stays when the sender is cut off: its playlist goes stale."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    out = ["-f", "hls", "-hls_time", "1", "-hls_list_size", "4", "-hls_flags", "delete_segments", "live.m3u8"]
    sender = Sender(f"http://127.0.0.1:{server.server_port}/live.m3u8", lambda run: ffmpeg(run, *out, cwd=folder))
    sender.ends += [server.shutdown, server.server_close]
    return sender


class RtspServer:
    """One stream, over the control connection (interleaved): what ffmpeg sends as RTP is handed on to whoever plays it."""

    def __init__(self, folder: Path) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._rtp.bind(("127.0.0.1", 0))
        self._sdp, self._clients, self._playing = folder / "stream.sdp", list[socket.socket](), list[socket.socket]()
        self.address = f"rtsp://127.0.0.1:{self._listener.getsockname()[1]}/theatre"
        for work in (self._accept, self._relay):
            threading.Thread(target=work, daemon=True).start()

    def start(self, run: int) -> subprocess.Popen[bytes]:
        self._sdp.unlink(missing_ok=True)
        port = self._rtp.getsockname()[1]
        return ffmpeg(run, "-f", "rtp", "-sdp_file", str(self._sdp), f"rtp://127.0.0.1:{port}?pkt_size=1200")

    def cut(self) -> None:
        self._sdp.unlink(missing_ok=True)
        for client in self._clients:
            client.close()
        self._clients.clear()
        self._playing.clear()

    def close(self) -> None:
        self.cut()
        self._listener.close()
        self._rtp.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._clients.append(client)
            threading.Thread(target=self._talk, args=(client,), daemon=True).start()

    def _talk(self, client: socket.socket) -> None:
        with client, client.makefile("rb") as lines:
            try:
                while (asked := lines.readline().decode().split()) != []:
                    headers = {}
                    while (line := lines.readline().decode().strip()) != "":
                        name, _, value = line.partition(":")
                        headers[name.lower()] = value.strip()
                    client.sendall(self._answer(asked[0], headers["cseq"]))
                    if asked[0] == "PLAY":
                        self._playing.append(client)
            except (OSError, ValueError):
                return  # the other side went

    def _answer(self, method: str, number: str) -> bytes:
        head, body = [f"CSeq: {number}", "Session: 1"], b""
        if method == "OPTIONS":
            head.append("Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN")
        elif method == "DESCRIBE":
            if not self._sdp.exists():
                return f"RTSP/1.0 404 Not Found\r\nCSeq: {number}\r\n\r\n".encode()
            body = self._sdp.read_bytes().removeprefix(b"SDP:\n")
            head += ["Content-Type: application/sdp", f"Content-Base: {self.address}/", f"Content-Length: {len(body)}"]
        elif method == "SETUP":
            head.append("Transport: RTP/AVP/TCP;unicast;interleaved=0-1")
        return "\r\n".join(["RTSP/1.0 200 OK", *head, "", ""]).encode() + body

    def _relay(self) -> None:
        while True:
            try:
                data = self._rtp.recv(65536)
            except OSError:
                return
            for client in list(self._playing):
                try:
                    client.sendall(b"$\x00" + len(data).to_bytes(2, "big") + data)
                except OSError:
                    self._playing.remove(client)


def rtsp(folder: Path) -> Sender:
    server = RtspServer(folder)
    sender = Sender(server.address, server.start)
    sender.cuts.append(server.cut)
    sender.ends.append(server.close)
    return sender
