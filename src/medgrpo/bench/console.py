"""`medgrpo bench console`: a console with many viewers on a live case, over plain HTTP: weight of the page, delays, processor.

The viewers are as sparing as they can be (no browser), so that what is measured is the console. They run on the same machine and
take their share of it.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np

from medgrpo.core import Config, InputError

_PICTURE_WIDTH = 640
_CLOCK_TICKS = 100
"""Of /proc/PID/stat, in a second (Linux)."""


class Weight(Config):
    """Bytes of the page and of everything that it loads, as they go over the line (gzip where it is used)."""

    page_bytes: int
    files_bytes: int
    files: int
    first_patch_bytes: int
    """The first event: everything that stands."""


class Viewed(Config):
    """`delay_ms`: from the time of day in a tick's entry to its arrival at a viewer. `cpu_share`: the console's, of one core."""

    viewers: int
    seconds: float
    events: int
    delay_mean_ms: float
    delay_p95_ms: float
    delay_max_ms: float
    pictures: int
    picture_bytes_mean: float
    first_picture_ms: float
    """From asking for the page to having the first picture, one viewer alone, the page's own files not loaded."""
    cpu_share: float
    memory_mb: float


@dataclass(slots=True)
class _Counts:
    delays_ms: list[float] = field(default_factory=list[float])
    pictures: int = 0
    picture_bytes: int = 0


class Viewer:
    """One browser's worth of requests to `host:port`: keeps its cookie."""

    def __init__(self, host: str, port: int, case: str) -> None:
        self._host, self._port, self.case = host, port, case
        self._cookie = ""

    async def get(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of one request on a connection of its own. InputError when nobody answers."""
        reader, writer = await self._asked(path, "close")
        status, headers = await self._head(reader)
        body = await reader.read()
        writer.close()
        if headers.get("transfer-encoding") == "chunked":
            raise InputError(f"{path}: answered in chunks where a whole answer was expected")
        return status, headers, body

    async def events(self, until: float, counts: _Counts) -> int:
        """Hear the case until then (steady clock); the bytes of the first event."""
        reader, writer = await self._asked(f"/cases/{self.case}/events", "keep-alive")
        status, _ = await self._head(reader)
        if status != 200:
            raise InputError(f"the console answered {status} to a viewer")
        first = 0
        while time.monotonic() < until:
            try:
                line = await asyncio.wait_for(reader.readline(), max(0.01, until - time.monotonic()))
            except TimeoutError:
                break
            if line.startswith(b'data: {"counter"'):
                now = time.time()
                first = first or len(line)
                tick = json.loads(line[6:])["things"].get("now", {}).get("tick")
                if tick is not None:
                    counts.delays_ms.append(1000 * (now - _seconds(tick["wall"])))
        writer.close()
        return first

    async def pictures(self, until: float, counts: _Counts) -> None:
        version = ""
        while time.monotonic() < until:
            status, headers, body = await self.get(f"/cases/{self.case}/picture?width={_PICTURE_WIDTH}&after={version}")
            if status == 200:
                version = json.loads(headers["x-picture"])["version"]
                counts.pictures += 1
                counts.picture_bytes += len(body)

    async def _asked(self, path: str, connection: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        try:
            reader, writer = await asyncio.open_connection(self._host, self._port, limit=16 << 20)
        except OSError as error:
            raise InputError(f"{self._host}:{self._port}: no console answers there: {error.strerror or error}") from error
        cookie = f"Cookie: {self._cookie}\r\n" if self._cookie else ""
        host = f"Host: {self._host}:{self._port}\r\n"
        head = f"GET {path} HTTP/1.1\r\n{host}Accept-Encoding: gzip\r\n{cookie}Connection: {connection}\r\n\r\n"
        writer.write(head.encode())
        await writer.drain()
        return reader, writer

    async def _head(self, reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
        status = int((await reader.readline()).split()[1])
        headers: dict[str, str] = {}
        while (line := (await reader.readline()).decode("latin-1").strip()) != "":
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        if "set-cookie" in headers:
            self._cookie = headers["set-cookie"].partition(";")[0]
        return status, headers


async def weigh(viewer: Viewer) -> Weight:
    """The page, the files it names and the files those import, each once."""
    _, _, page = await viewer.get(f"/cases/{viewer.case}?language=en")
    names = set(re.findall(r'/static/([\w.-]+)"', page.decode()))
    done: set[str] = set()
    files_bytes = 0
    while names - done:
        name = min(names - done)
        done.add(name)
        _, headers, body = await viewer.get(f"/static/{name}")
        files_bytes += len(body)
        if name.endswith(".js"):
            text = (gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body).decode()
            names |= set(re.findall(r'from "\./([\w.-]+)"', text))
    counts = _Counts()
    first = await viewer.events(time.monotonic() + 2.0, counts)
    return Weight(page_bytes=len(page), files_bytes=files_bytes, files=len(done), first_patch_bytes=first)


async def view(host: str, port: int, case: str, pid: int, viewers: int, seconds: float) -> Viewed:
    """`pid`: the console's process, whose processor time and memory are read (Linux)."""
    first = Viewer(host, port, case)
    began = time.monotonic()
    await first.get(f"/cases/{case}")
    status = 0
    while status != 200:
        status, _, _ = await first.get(f"/cases/{case}/picture?width=320&after=")
        if time.monotonic() - began > 30:
            raise InputError(f"{case}: no picture within 30 s: is `medgrpo watch` watching it?")
    first_ms = 1000 * (time.monotonic() - began)
    all_of_them = [Viewer(host, port, case) for _ in range(viewers)]
    for one in all_of_them:
        await one.get(f"/cases/{case}")
    counts = [_Counts() for _ in all_of_them]
    cpu, began = _cpu_seconds(pid), time.monotonic()
    until = began + seconds
    both = [one.events(until, count) for one, count in zip(all_of_them, counts, strict=True)]
    await asyncio.gather(*both, *(one.pictures(until, count) for one, count in zip(all_of_them, counts, strict=True)))
    took = time.monotonic() - began
    delays = [delay for count in counts for delay in count.delays_ms]
    if not delays:
        raise InputError(f"{case}: no entry came within {seconds:g} s: is `medgrpo watch` watching it?")
    pictures = sum(count.pictures for count in counts)
    return Viewed(
        viewers=viewers,
        seconds=took,
        events=len(delays),
        delay_mean_ms=float(np.mean(delays)),
        delay_p95_ms=float(np.percentile(delays, 95)),
        delay_max_ms=max(delays),
        pictures=pictures,
        picture_bytes_mean=sum(count.picture_bytes for count in counts) / max(1, pictures),
        first_picture_ms=first_ms,
        cpu_share=(_cpu_seconds(pid) - cpu) / took,
        memory_mb=_memory_mb(pid),
    )


def _cpu_seconds(pid: int) -> float:
    fields: Sequence[str] = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _CLOCK_TICKS


def _memory_mb(pid: int) -> float:
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def _seconds(wall: str) -> float:
    return datetime.fromisoformat(wall).timestamp()


@contextmanager
def started_console(case: Path) -> Generator[tuple[int, int]]:
    """A console of its own process over the folder around a case: its port and process id. InputError when it does not start.

    Its store of cases is its own and empty: nobody has an account there, and nobody's store is touched.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    main = "import sys; from medgrpo.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", main, "serve", "--cases", str(case.parent), "--port", str(port)]
    own = tempfile.TemporaryDirectory()
    command += ["--store", f"{own.name}/cases.db", "--record-key", f"{own.name}/record.pem"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError as error:
                if process.poll() is not None or time.monotonic() > until:
                    raise InputError(f"no console could be started over {case.parent}") from error
                time.sleep(0.1)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(20)
        own.cleanup()
