"""What all handlers share: settings, people, sessions, limits. One per running console."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from pathlib import Path

from anyio.to_thread import run_sync

from medgrpo.console.guard.rates import Rates
from medgrpo.console.guard.sessions import Session, Sessions
from medgrpo.console.live.feed import Hub
from medgrpo.console.people import User, Users, local_user
from medgrpo.console.review.desk import Desk
from medgrpo.console.settings import Settings

_CASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_ASK_AGAIN_SECONDS = 5.0
"""For so long a closed account or a changed role may still be what it was."""


@dataclass(slots=True)
class Console:
    """`users`: see people.Users. The rest begins empty."""

    settings: Settings
    users: Users
    desk: Desk | None = None
    """Where cases are reviewed; None without a store of cases."""
    sessions: Sessions = field(default_factory=Sessions)
    requests: Rates = field(default_factory=lambda: Rates(burst=200, every_seconds=1 / 40))
    """Per session: a page that watches asks some ten times a second."""
    sign_ins: Rates = field(default_factory=lambda: Rates(burst=5, every_seconds=20.0))
    """Per name and address."""
    sign_ins_from: Rates = field(default_factory=lambda: Rates(burst=20, every_seconds=5.0))
    """Per address, whatever the name: guessing one password for many names."""
    hub: Hub = field(default_factory=Hub)
    closing: bool = False
    """The process is about to end: streams end by themselves."""
    _known: dict[str, tuple[float, User | None]] = field(default_factory=dict[str, tuple[float, User | None]])
    _anybody: tuple[float, bool] = (float("-inf"), False)

    async def user_of(self, session: Session) -> User | None:
        """Who that is now: the account as it stands, or whoever sits here where nobody has an account, or None."""
        if session.user is not None:
            return await self._as_it_stands(session.user.name)
        return None if await self.anybody() else local_user()

    async def anybody(self) -> bool:
        """Whether there are accounts. Once there are, it stays so until the console is started again."""
        asked, there_is = self._anybody
        if not there_is and time.monotonic() - asked > _ASK_AGAIN_SECONDS:
            there_is = await run_sync(self.users.any)
            self._anybody = (time.monotonic(), there_is)
        return there_is or not self.settings.loopback

    def case(self, name: str) -> Path | None:
        """The folder of a case; None when there is none of that name directly in the cases' folder."""
        if not _CASE.fullmatch(name):
            return None
        folder = self.settings.cases / name
        inside = folder.resolve().parent == self.settings.cases.resolve()
        return folder if inside and (folder / "record").is_dir() else None

    async def _as_it_stands(self, name: str) -> User | None:
        asked, user = self._known.get(name, (float("-inf"), None))
        if time.monotonic() - asked > _ASK_AGAIN_SECONDS:
            user = await run_sync(self.users.find, name)
            self._known[name] = (time.monotonic(), user)
        return user
