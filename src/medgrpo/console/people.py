"""Who may do what. The console knows people by this small protocol alone; the store of the department fulfils it."""

from __future__ import annotations

import getpass
from dataclasses import dataclass
from typing import Protocol

from medgrpo.cases import Role


@dataclass(frozen=True, slots=True)
class User:
    """`name` is what the record holds as `by`."""

    name: str
    role: Role


class Users(Protocol):
    """The people that may sign in. The calls may block (a password's hash is slow by design): they are made in a thread."""

    def any(self) -> bool:
        """Whether there is anybody. Where there is, everybody has to sign in, on loopback too."""
        ...

    def verify(self, name: str, password: str) -> User | None:
        """The user, if that is the password; None else, in about the same time whether or not the name exists."""
        ...

    def find(self, name: str) -> User | None:
        """The account as it stands now; None when it has been closed. Asked of whoever is signed in, every few seconds."""
        ...


class NoUsers:
    """Nobody can sign in: what the console starts with on loopback, where whoever sits at this machine is let in."""

    def any(self) -> bool:
        return False

    def verify(self, name: str, password: str) -> User | None:  # noqa: ARG002 - the protocol's arguments
        return None

    def find(self, name: str) -> User | None:  # noqa: ARG002
        return None


def local_user() -> User:
    """Whoever runs the console on this machine, by the name that the operating system knows; said to be not signed in."""
    return User(f"{getpass.getuser()} (not signed in)", Role.CLINICIAN)
