"""The passkeys of users: made, answered with, revoked; never removed, because signatures name them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from medgrpo.cases.authenticators import Known, answered, credential_of, enrolled, enrolment, question
from medgrpo.cases.ceremony import Ceremony, Party, PasskeyError, PasskeyFault, Purpose
from medgrpo.cases.database import Database
from medgrpo.cases.schema import passkeys, sa, users
from medgrpo.cases.users import user_of
from medgrpo.cases.values import Passkey, Role, User
from medgrpo.core import AccessError, InputError

MOST_PASSKEYS = 20
"""Of one user, revoked ones aside: far more than anybody carries."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Who answered, with which passkey, and what can be checked again later: what was asked, and the answer to it."""

    user: User
    passkey: Passkey
    evidence: Mapping[str, Any]


class Passkeys:
    """`now` gives the wall time: UTC, ISO 8601."""

    def __init__(self, database: Database, now: Callable[[], str]) -> None:
        self._database, self._now = database, now

    def all(self, user: str | None = None) -> tuple[Passkey, ...]:
        """Of everybody, or of one user; the oldest first, revoked ones too."""
        chosen = sa.select(passkeys).order_by(passkeys.c.user, passkeys.c.created, passkeys.c.credential_id)
        if user is not None:
            chosen = chosen.where(passkeys.c.user == user)
        with self._database.reading() as connection:
            return tuple(_passkey(row) for row in connection.execute(chosen))

    def enrolment(self, ceremony: Ceremony, user: User) -> dict[str, Any]:
        """What the user's browser is asked to make a passkey."""
        return enrolment(ceremony, user, self.usable(user.name, ceremony.party))

    def question(self, ceremony: Ceremony) -> dict[str, Any]:
        """What a browser is asked. AccessError where the user has no passkey for this name of the console."""
        if ceremony.user is None:
            return question(ceremony, ())
        known = self.usable(ceremony.user, ceremony.party)
        if not known:
            raise AccessError(f"{ceremony.user}: has no passkey for {ceremony.party.id}")
        return question(ceremony, known)

    def add(self, ceremony: Ceremony, answer: Mapping[str, Any], name: str) -> Passkey:
        """The passkey that answered. PasskeyError where the answer does not hold; InputError for a name that is none."""
        if ceremony.purpose is not Purpose.REGISTER or ceremony.user is None:
            raise PasskeyError(PasskeyFault.OTHER_QUESTION)
        _named(name)
        made = enrolled(answer, ceremony)
        with self._database.writing() as connection:
            user = connection.execute(sa.select(users).where(users.c.name == ceremony.user).with_for_update()).first()
            if user is None or user.disabled:
                raise PasskeyError(PasskeyFault.INACTIVE)
            mine = passkeys.c.user == ceremony.user
            if connection.execute(sa.select(passkeys.c.user).where(passkeys.c.credential_id == made.credential_id)).first():
                raise PasskeyError(PasskeyFault.TAKEN)
            usable = sa.select(sa.func.count()).select_from(passkeys).where(mine & passkeys.c.revoked.is_(None))
            if connection.execute(usable).scalar_one() >= MOST_PASSKEYS:
                raise InputError(f"{ceremony.user}: has {MOST_PASSKEYS} passkeys: revoke one first")
            values: dict[str, Any] = {
                "credential_id": made.credential_id,
                "user": ceremony.user,
                "party": ceremony.party.id,
                "name": name.strip(),
                "public_key": made.public_key,
                "sign_count": made.sign_count,
                "transports": " ".join(made.transports),
                "synced": made.synced,
                "created": self._now(),
            }
            connection.execute(passkeys.insert().values(**values))
            return _found(connection, made.credential_id)

    def proven(self, ceremony: Ceremony, answer: Mapping[str, Any]) -> Answer:
        """Whose passkey has answered this question. PasskeyError, with its one reason, where that does not hold."""
        id = credential_of(answer)
        with self._database.writing() as connection:
            row = connection.execute(sa.select(passkeys).where(passkeys.c.credential_id == id).with_for_update()).first()
            if row is None:
                raise PasskeyError(PasskeyFault.UNKNOWN)
            if ceremony.user is not None and row.user != ceremony.user:
                raise PasskeyError(PasskeyFault.OTHER_USER)
            if row.revoked is not None:
                raise PasskeyError(PasskeyFault.REVOKED)
            if row.party != ceremony.party.id:
                raise PasskeyError(PasskeyFault.OTHER_PARTY)
            user = user_of(connection.execute(sa.select(users).where(users.c.name == row.user)).one())
            if user.disabled:
                raise PasskeyError(PasskeyFault.INACTIVE)
            try:
                count = answered(answer, ceremony, row.user, row.public_key, row.sign_count)
            except PasskeyError as error:
                raise PasskeyError(error.fault, _passkey(row)) from error
            values = {"sign_count": count, "used": self._now()}
            connection.execute(passkeys.update().where(passkeys.c.credential_id == id).values(**values))
            response = answer["response"]
            given = {name: response[name] for name in ("clientDataJSON", "authenticatorData", "signature")}
            evidence = {"asked": ceremony.values, "public_key": row.public_key, **given}
            return Answer(user, _found(connection, id), evidence)

    def revoke(self, credential_id: str, by: User) -> Passkey:
        """It answers for nobody any more. A user's own, or anybody's by an administrator; InputError where there is no such one."""
        with self._database.writing() as connection:
            row = connection.execute(sa.select(passkeys).where(passkeys.c.credential_id == credential_id).with_for_update()).first()
            if row is None or (row.user != by.name and by.role is not Role.ADMINISTRATOR):
                raise InputError("there is no such passkey of yours")
            if row.revoked is None:
                values = {"revoked": self._now(), "revoked_by": by.name}
                connection.execute(passkeys.update().where(passkeys.c.credential_id == credential_id).values(**values))
            return _found(connection, credential_id)

    def usable(self, user: str, party: Party) -> tuple[Known, ...]:
        """A user's that may answer at this name of the console."""
        mine = [one for one in self.all(user) if one.revoked is None and one.party == party.id]
        return tuple(Known(one.credential_id, one.transports) for one in mine)


def _named(name: str) -> None:
    if not name.strip() or len(name) > 100 or not name.isprintable():
        raise InputError("a passkey needs a name by which you know it again: 1 to 100 printable characters")


def _found(connection: sa.Connection, credential_id: str) -> Passkey:
    return _passkey(connection.execute(sa.select(passkeys).where(passkeys.c.credential_id == credential_id)).one())


def _passkey(row: sa.Row[Any]) -> Passkey:
    transports = tuple(row.transports.split())
    return Passkey(
        row.credential_id,
        row.user,
        row.party,
        row.name,
        row.created,
        row.used,
        row.revoked,
        row.revoked_by,
        transports,
        bool(row.synced),
    )
