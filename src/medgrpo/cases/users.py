"""The people who use the store: added, disabled, never removed, because their names stand under what they wrote."""

from __future__ import annotations

import re
from collections.abc import Callable

from medgrpo.cases.database import Database
from medgrpo.cases.passwords import aged, hashed, right
from medgrpo.cases.schema import sa, users
from medgrpo.cases.values import Role, User
from medgrpo.core import AccessError, InputError

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


class Users:
    """`now` gives the wall time: UTC, ISO 8601."""

    def __init__(self, database: Database, now: Callable[[], str]) -> None:
        self._database, self._now = database, now

    def all(self) -> tuple[User, ...]:
        with self._database.reading() as connection:
            return tuple(user_of(row) for row in connection.execute(sa.select(users).order_by(users.c.name)))

    def find(self, name: str) -> User | None:
        with self._database.reading() as connection:
            row = connection.execute(sa.select(users).where(users.c.name == name)).first()
        return None if row is None else user_of(row)

    def add(self, name: str, full_name: str, role: Role, password: str) -> User:
        """InputError when the name is taken or not one, or the password too short."""
        if not _NAME.fullmatch(name):
            raise InputError(f"{name!r}: a user's name has 1 to 64 of a-z, 0-9, dot, dash and underscore, a letter or digit first")
        if not full_name.strip() or len(full_name) > 200 or not full_name.isprintable():
            raise InputError("a user's full name stands under reports: give 1 to 200 printable characters")
        values = {"full_name": full_name.strip(), "password_hash": hashed(password), "role": role.value, "disabled": False}
        now = self._now()
        with self._database.writing() as connection:
            if connection.execute(sa.select(users.c.name).where(users.c.name == name)).first() is not None:
                raise InputError(f"{name}: there is such a user already")
            connection.execute(users.insert().values(name=name, created=now, changed=now, **values))
        return User(name, full_name.strip(), role, False, now, now)

    def change(self, name: str, *, role: Role | None = None, disabled: bool | None = None, password: str | None = None) -> User:
        """What is given is changed. InputError when there is no such user, or nobody would be left to keep the users."""
        values: dict[str, object] = {}
        if role is not None:
            values["role"] = role.value
        if disabled is not None:
            values["disabled"] = disabled
        if password is not None:
            values["password_hash"] = hashed(password)
        with self._database.writing() as connection:
            kept = connection.execute(sa.select(users).with_for_update()).all()
            row = next((one for one in kept if one.name == name), None)
            if row is None:
                raise InputError(f"{name}: there is no such user")
            others = [one for one in kept if one.role == Role.ADMINISTRATOR and not one.disabled and one.name != name]
            was = row.role == Role.ADMINISTRATOR and not row.disabled
            stays = values.get("role", row.role) == Role.ADMINISTRATOR and not values.get("disabled", row.disabled)
            if was and not stays and not others:
                raise InputError(f"{name}: is the last administrator: make another one first")
            connection.execute(users.update().where(users.c.name == name).values(changed=self._now(), **values))
            return user_of(connection.execute(sa.select(users).where(users.c.name == name)).one())

    def proven(self, name: str, password: str) -> User:
        """The user who has just given this password. AccessError, the same for a wrong name, a wrong one, a disabled user."""
        with self._database.reading() as connection:
            row = connection.execute(sa.select(users).where(users.c.name == name)).first()
        if not right(None if row is None else row.password_hash, password) or row is None or row.disabled:
            raise AccessError("name and password do not belong to an active user")
        if aged(row.password_hash):
            with self._database.writing() as connection:
                same = (users.c.name == name) & (users.c.password_hash == row.password_hash)
                connection.execute(users.update().where(same).values(password_hash=hashed(password)))
        return user_of(row)


def user_of(row: sa.Row[tuple[object, ...]]) -> User:
    return User(row.name, row.full_name, Role(row.role), bool(row.disabled), row.created, row.changed)
