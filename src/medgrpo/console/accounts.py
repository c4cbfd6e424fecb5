"""The console's people, as the store of cases knows them."""

from __future__ import annotations

from medgrpo.cases import User as Account
from medgrpo.cases import Users as Accounts
from medgrpo.console.people import User
from medgrpo.core import AccessError


class StoreUsers:
    """Fulfils `people.Users`. A disabled account is nobody."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    def any(self) -> bool:
        return any(not one.disabled for one in self._accounts.all())

    def verify(self, name: str, password: str) -> User | None:
        try:
            return _user(self._accounts.proven(name, password))
        except AccessError:
            return None

    def find(self, name: str) -> User | None:
        account = self._accounts.find(name)
        return None if account is None or account.disabled else _user(account)


def _user(account: Account) -> User:
    return User(account.name, account.role)
