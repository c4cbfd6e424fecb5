"""A console over a folder of cases, with people who may sign in, asked in this process without any network."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette", reason="the extra `serve` is not installed")

from starlette.testclient import TestClient

from medgrpo.audit import Entry, Journal, SigningKey
from medgrpo.console import NoUsers, Role, Settings, User, make_app
from medgrpo.stream import SystemClock, stamped
from tests.console import reviewing

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


CALOT, CLIPPING = "carlot-triangle-dissection", "clipping-and-cutting"


class Writing:
    """A case that is being watched, as its record has it: every method writes what the session would."""

    def __init__(self, folder: Path, key: SigningKey) -> None:
        self.folder, self.number = folder, 0
        site = {"procedure": "laparoscopic_cholecystectomy", "role": "partner", "name": "theatre 3"}
        about = {"source": "a test", "model": "scripted@1", "medgrpo": "0", "site": site}
        self.journal = Journal(folder / "record", key, partial(stamped, SystemClock()), about)

    def tick(
        self, seconds: float, phase: str | None = CALOT, blind: str | None = None, domain: str = "laparoscopic cholecystectomy"
    ) -> Entry:
        self.number += 1
        look = None if blind else {"not_assessed": None, "domain": domain}
        body = {"number": self.number, "seconds": seconds, "look": look, "blind": blind, "phase": phase, "latency_ms": 40.0}
        return self.journal.append("tick", body)

    def channel(self, channel: str, state: str, why: str, priority: str = "Me", kind: str = "Oth", **more: Any) -> Entry:
        body = {"channel": channel, "state": state, "why": why, "priority": priority, "kind": kind, "since_seconds": 1.0}
        shown = {"citations": [], "where_xyxy": [], "confidence": None, "expected_next": None, "advice": None}
        return self.journal.append("channel", body | shown | more)

    def decision(self, decision: str, channel: str, seconds: float, alert: str | None = None, **more: Any) -> Entry:
        body = {"decision": decision, "channel": channel, "seconds": seconds, "why": "because", "priority": "Me", "alert": alert}
        shown = {"presence": None if alert is None else "On", "audible": False, "over_budget": False, "by": None}
        return self.journal.append(more.pop("kind", "decision"), body | shown | more)

    def bleeding(self, seconds: float, alert: str = "A0001") -> Entry:
        """Said, in the upper left, with everything that one wants to know."""
        self.channel(
            "bleeding", "alert", "blood spreads in the view", citations=["sages-strategies"], where_xyxy=[[0.1, 0.1, 0.3, 0.3]],
            confidence=0.8, expected_next="Clipping and division (96%)", advice="Compress first.",
        )  # fmt: skip
        return self.decision("said", "bleeding", seconds, alert, why="blood spreads in the view", priority="Hi", audible=True)

    def goal(self, goal: str, level: str) -> Entry:
        body = {"goal": goal, "phase": CALOT, "level": level, "why": "actions towards it are seen", "since_seconds": 2.0}
        return self.journal.append("goal", body | {"citations": ["sages-critical-view"]})

    def forecast(self, seconds: float) -> Entry:
        option = {"kind": "phase", "id": CLIPPING, "probability": 0.9, "in_seconds": 300.0}
        time = {
            "kind": "phase",
            "id": CLIPPING,
            "probability": 0.9,
            "low_seconds": 60.0,
            "middle_seconds": 300.0,
            "high_seconds": 900.0,
        }
        body = {"type": "forecast", "seconds": seconds, "options": [option], "actions": [], "times": [time], "remaining": None}
        return self.journal.append("settled", body)

    def thought(self, seconds: float) -> Entry:
        cue = {"words": "fat is being dissected", "key_seconds": 3.0, "confidence": 0.7, "basis": "seen"}
        missing = {"words": "Rouvière's sulcus", "why": "not visible to this perception", "note": ""}
        ground = {"words": "Stay above that line.", "citations": ["connor-2013"]}
        body = {
            "type": "thought", "seconds": seconds, "question": "Where to go on?", "decision": "continue_dissection",
            "text": "It cannot be judged.", "abstain": "its landmarks are not seen", "cues_seen": [cue], "cues_missing": [missing],
            "grounds": [ground], "risks": [], "expected_next": [],
        }  # fmt: skip
        return self.journal.append("settled", body)

    def scene(self) -> None:
        """The triangle is being dissected, nothing is wrong."""
        self.journal.append("link", {"state": "connected", "why": "a test", "seconds": 0.0})
        for channel in ("bleeding", "clip_before_dissection", "division_before_clip", "energy_without_view", "view"):
            self.channel(channel, "monitoring", "watched")
        self.channel("critical_view", "not assessed", "this version grades no pictures")
        for channel in ("video_lost", "video_frozen", "model_late"):
            self.channel(channel, "monitoring", "as it should be", "Lo", "Tec")
        span = {"start_seconds": 0.0, "end_seconds": 4.0}
        self.journal.append("settled", {"type": "phase", "phase": "preparation", "span": span, "reason": None})
        self.goal("triangle_cleared", "under way")
        self.forecast(5.0)
        self.thought(5.0)
        self.tick(5.0)


@pytest.fixture
def key(tmp_path: Path) -> SigningKey:
    return SigningKey.at(tmp_path / "key.pem")


@pytest.fixture
def writing(cases: Path, key: SigningKey) -> Iterator[Writing]:
    """The case `second`, under way."""
    case = Writing(cases / "second", key)
    yield case
    case.journal.leave()


@pytest.fixture(scope="session")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What every office is a copy of; the live path takes its time, once."""
    return reviewing.raw(tmp_path_factory.mktemp("raw"))


@pytest.fixture
def office(raw: Path, tmp_path: Path) -> Iterator[reviewing.Office]:
    with reviewing.office(tmp_path, raw) as office:
        yield office
