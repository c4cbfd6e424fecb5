"""Sessions: a random token in a cookie, its hash in this process's memory. Signing in always gives a new one."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from medgrpo.cases import ANSWER_SECONDS, Ceremony, Purpose
from medgrpo.console.people import User

LIFE_SECONDS = 12 * 3600.0
"""A day in theatre; afterwards one signs in anew, whatever happened in between."""
_MOST = 10_000


@dataclass(slots=True)
class Session:
    """`user` None: a visitor who has not signed in. `csrf` stands in this session's forms and nowhere else."""

    user: User | None
    csrf: str
    until_seconds: float
    asked: dict[Purpose, tuple[Ceremony, float]] = field(default_factory=dict[Purpose, tuple[Ceremony, float]])
    """What its passkey is being asked, one question of each kind at a time, and until when an answer counts."""

    def csrf_matches(self, given: str) -> bool:
        return hmac.compare_digest(self.csrf.encode(), given.encode())


class Sessions:
    """Forgotten when the process ends: everybody then signs in again. At most 10,000; the oldest visitors go first."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._sessions: OrderedDict[bytes, Session] = OrderedDict()

    def begin(self, user: User | None) -> tuple[str, Session]:
        """A new token for the cookie, and its session."""
        self._make_room()
        token = secrets.token_urlsafe(32)
        session = Session(user, secrets.token_urlsafe(32), self._seconds() + LIFE_SECONDS)
        self._sessions[_hashed(token)] = session
        return token, session

    def find(self, token: str | None) -> Session | None:
        """The session of a token, unless it has ended."""
        session = None if token is None else self._sessions.get(_hashed(token))
        if session is None or session.until_seconds <= self._seconds():
            return None
        return session

    def ask(self, session: Session, ceremony: Ceremony) -> None:
        """One question of that kind at a time: the one before is void."""
        session.asked[ceremony.purpose] = (ceremony, self._seconds() + ANSWER_SECONDS)

    def answered(self, session: Session, purpose: Purpose) -> Ceremony | None:
        """The question that an answer has come to, taken away: a second one comes too late, whatever becomes of this."""
        ceremony, until = session.asked.pop(purpose, (None, 0.0))
        return ceremony if until > self._seconds() else None

    def end(self, token: str | None) -> None:
        if token is not None:
            self._sessions.pop(_hashed(token), None)

    def _make_room(self) -> None:
        if len(self._sessions) < _MOST:
            return
        now = self._seconds()
        for key in [key for key, one in self._sessions.items() if one.until_seconds <= now]:
            del self._sessions[key]
        while len(self._sessions) >= _MOST:
            visitor = next((key for key, one in self._sessions.items() if one.user is None), None)
            self._sessions.pop(visitor if visitor is not None else next(iter(self._sessions)))


def _hashed(token: str) -> bytes:
    """So that a picture of the memory, or a timing, gives no token away."""
    return hashlib.sha256(token.encode()).digest()
