"""Run as a program: `whip_sender.py URL SECONDS [TOKEN]` sends drawn pictures by WebRTC.

After so long, or at SIGTERM, it says goodbye (DELETE)."""

from __future__ import annotations

import asyncio
import http.client
import signal
import sys
from contextlib import suppress
from urllib.parse import urlsplit

import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription, VideoStreamTrack
from av.video.frame import VideoFrame


class Drawn(VideoStreamTrack):
    """Noise, so that no two pictures are alike; 30 a second, as its base class paces them."""

    async def recv(self) -> VideoFrame:
        stamp, base = await self.next_timestamp()
        image = np.random.default_rng(stamp).integers(0, 255, (15, 20, 3), np.uint8).repeat(8, 0).repeat(8, 1)
        frame = VideoFrame.from_ndarray(image, format="rgb24")
        frame.pts, frame.time_base = stamp, base
        return frame


def asked(url: str, method: str, body: str, token: str, kind: str = "application/sdp") -> tuple[int, str, str]:
    """Status, Location, answer."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    headers = {"Content-Type": kind, **({"Authorization": f"Bearer {token}"} if token else {})}
    connection.request(method, parts.path, body, headers)
    response = connection.getresponse()
    found = response.status, response.headers.get("Location", ""), response.read().decode()
    connection.close()
    return found


async def send(url: str, seconds: float, token: str) -> None:
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    peer.addTrack(Drawn())
    await peer.setLocalDescription(await peer.createOffer())
    status, place, answer = asked(url, "POST", peer.localDescription.sdp, token)
    if status != 201:
        sys.exit(f"{status} {answer}")
    await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    with suppress(TimeoutError):
        await asyncio.wait_for(ended.wait(), seconds)
    parts = urlsplit(url)
    asked(f"http://{parts.netloc}{place}", "DELETE", "", token)
    await peer.close()


if __name__ == "__main__":
    asyncio.run(send(sys.argv[1], float(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else ""))
