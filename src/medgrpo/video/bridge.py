"""A stream whose protocol the FFmpeg inside PyAV lacks (its wheels are built without SRT), through the program `ffmpeg`: unpacked
from its protocol and repacked as MPEG-TS, never decoded there."""

from __future__ import annotations

import os
import select
import shutil
import subprocess

from medgrpo.core import VideoError

_OPENING_SECONDS = 10.0
_ENDING_SECONDS = 2.0


class Bridge:
    """A readable file for PyAV. VideoError when the program is missing. `failure` says afterwards why nothing more came: the
    program's own words, or that the stream was silent for `silence_seconds` (at least 10 s before its first byte); None where it
    ended by itself. `shown` is the address as it may be told.

    The address stands in the program's arguments, where other users of this machine can read it, a passphrase included.
    """

    def __init__(self, address: str, shown: str, silence_seconds: float) -> None:
        program = shutil.which("ffmpeg")
        scheme = address.partition("://")[0]
        if program is None:
            raise VideoError(shown, f"{scheme} is not built into PyAV here: install the program ffmpeg, which is then used")
        self._address, self._shown, self._silence = address, shown, silence_seconds
        self._begun = False
        self.failure: str | None = None
        asked = [program, "-nostdin", "-v", "error", "-analyzeduration", "1000000", "-i", address]
        asked += ["-map", "0:v:0", "-c", "copy", "-f", "mpegts", "-flush_packets", "1", "pipe:1"]
        self._process = subprocess.Popen(asked, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def read(self, size: int) -> bytes:
        """Up to `size` bytes, as they come; none when nothing more will. Never raises: PyAV would print it."""
        assert self._process.stdout is not None
        patience = self._silence if self._begun else max(_OPENING_SECONDS, self._silence)
        if self.failure is None and not select.select([self._process.stdout], [], [], patience)[0]:
            self.failure = f"silent for {patience:g} s"
        data = b"" if self.failure is not None else os.read(self._process.stdout.fileno(), size)
        if not data and not self._begun and self.failure is None:
            self.failure = self._why()
        self._begun = True
        return data

    def close(self) -> None:
        """End the program."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_ENDING_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()

    def _why(self) -> str:
        """What the program said last, without the address."""
        assert self._process.stderr is not None
        lines = self._process.stderr.read().decode(errors="replace").replace(self._address, self._shown).split("\n")
        said = [line.strip() for line in lines if line.strip()]
        return said[-1] if said else "the program ffmpeg ended without a word"
