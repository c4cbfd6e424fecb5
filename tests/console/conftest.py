"""A console over a folder of cases, with people who may sign in, asked in this process without any network."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="the extra `serve` is not installed")

from starlette.testclient import TestClient

from medgrpo.audit import Journal, SigningKey
from medgrpo.console import NoUsers, Role, Settings, User, make_app

HTML = {"accept": "text/html"}


@dataclass
class People:
    """Everybody has the same password; an account can be closed by taking it out of `roles`."""

    roles: dict[str, Role] = field(default_factory=lambda: {"vera": Role.VIEWER, "carl": Role.CLINICIAN, "ada": Role.ADMINISTRATOR})
    password: str = "correct horse battery"
    asked: int = 0

    def any(self) -> bool:
        return bool(self.roles)

    def verify(self, name: str, password: str) -> User | None:
        self.asked += 1
        return self.find(name) if password == self.password else None

    def find(self, name: str) -> User | None:
        return User(name, self.roles[name]) if name in self.roles else None


@dataclass
class Visitor:
    """A browser without a screen: keeps cookies, knows where its pages come from."""

    client: TestClient
    people: People

    @property
    def origin(self) -> dict[str, str]:
        return {"origin": str(self.client.base_url).rstrip("/")}

    def csrf(self, path: str = "/sign-in") -> str:
        found = re.search(r'<meta name="csrf" content="([^"]+)">', self.client.get(path).text)
        assert found is not None
        return found[1]

    def sign_in(self, name: str, password: str | None = None, to: str = "/"):
        given = self.people.password if password is None else password
        fields = {"name": name, "password": given, "to": to, "csrf": self.csrf()}
        return self.client.post("/sign-in", data=fields, headers=self.origin, follow_redirects=False)


@pytest.fixture
def people() -> People:
    return People()


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    """One closed case, `first`."""
    folder = tmp_path / "cases"
    key = SigningKey.at(tmp_path / "key.pem")
    with Journal(folder / "first" / "record", key, lambda: ("2026-01-01T08:00:00.000Z", 1.0), {"source": "test"}):
        pass
    return folder


@pytest.fixture
def local(cases: Path) -> Visitor:
    """On loopback, with nobody who could sign in."""
    app = make_app(Settings(cases), NoUsers())
    return Visitor(TestClient(app, base_url="http://127.0.0.1:8600", headers=HTML), People({}))


@pytest.fixture
def remote_settings(cases: Path, tmp_path: Path) -> Settings:
    certificate = tmp_path / "certificate.pem"
    certificate.write_text("only looked for, never read: the test's client speaks without TLS")
    return Settings(cases, "0.0.0.0", 443, certificate, certificate, names=("theatre-3",))


@pytest.fixture
def make_remote(remote_settings: Settings, people: People) -> Callable[[], Visitor]:
    """Browsers of a console that other machines can reach; all of them of the same console."""
    app = make_app(remote_settings, people)
    return lambda: Visitor(TestClient(app, base_url="https://theatre-3", headers=HTML), people)


@pytest.fixture
def remote(make_remote: Callable[[], Visitor]) -> Visitor:
    return make_remote()
