"""Where the console listens, and what it refuses to start with."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from medgrpo.core import InputError

_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
DEFAULT_PORT = 8600


@dataclass(frozen=True, slots=True)
class Settings:
    """`cases`: the folder whose folders are cases. `names`: how browsers may call this machine, beside `host` (no port)."""

    cases: Path
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    certificate: Path | None = None
    key: Path | None = None
    names: tuple[str, ...] = ()

    @property
    def tls(self) -> bool:
        return self.certificate is not None and self.key is not None

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def address(self) -> str:
        """What to type into a browser on this machine."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}/"

    @property
    def called(self) -> frozenset[str]:
        """The names in a request's Host header that are answered, without port: another one is another site's (DNS rebinding)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        loopback = _LOOPBACK_NAMES if self.loopback else ()
        return frozenset(name.lower() for name in (host, *loopback, *self.names))

    def check(self, *, users: bool) -> None:
        """InputError where it must not start: reachable from elsewhere without TLS, or without anybody who could sign in."""
        if not self.cases.is_dir():
            raise InputError(f"{self.cases}: no such folder: give the folder that holds the cases")
        for path in (self.certificate, self.key):
            if path is not None and not path.is_file():
                raise InputError(f"{path}: no such file: give certificate and key as PEM files")
        if (self.certificate is None) != (self.key is None):
            raise InputError("TLS needs both --certificate and --key")
        if self.loopback:
            return
        if not self.tls:
            raise InputError(f"{self.host} can be reached from other machines: give --certificate and --key, or leave --host out")
        if not users:
            raise InputError(f"{self.host} can be reached from other machines, and nobody can sign in: add a user first")
