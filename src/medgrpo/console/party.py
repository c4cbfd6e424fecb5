"""Under which name browsers keep passkeys for this console: that of the address they came by, if it is one that they take."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from medgrpo.cases import Party
from medgrpo.console.settings import Settings


@dataclass(frozen=True, slots=True)
class NoParty:
    """Why there can be no passkeys here: the key of the text that says so, and an address that would do (empty: there is none)."""

    key: str
    address: str = ""


def party_of(host: str, settings: Settings) -> Party | NoParty:
    """`host`: the request's Host header, of which it is known that it is ours (guard.envelope).

    Browsers keep passkeys for names, never for addresses such as 127.0.0.1, and ask for them only over TLS or on localhost.
    """
    name, colon, port = host.lower().rpartition(":")
    name, port = (name, f":{port}") if colon and port.isdecimal() else (host.lower(), "")
    scheme = "https" if settings.tls else "http"
    if _is_address(name):
        other = next(iter(settings.names), "localhost" if settings.loopback else "") if settings.tls else "localhost"
        return NoParty("passkeys.needs_name", f"{scheme}://{other}{port}/") if other else NoParty("passkeys.needs_name_given")
    if not settings.tls and name != "localhost":
        return NoParty("passkeys.needs_tls")
    return Party(name, f"{scheme}://{name}{port}")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
