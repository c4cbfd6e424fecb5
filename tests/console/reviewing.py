"""A console with a store of cases: an analysed one with its video, a watched one with kept pictures, people with accounts."""

from __future__ import annotations

import re
import shutil
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import argon2
from starlette.testclient import TestClient

from medgrpo.audit import SigningKey
from medgrpo.cases import Case, CaseStore, Role, open_store, read_folder
from medgrpo.console import Settings, StoreUsers, make_app
from tests.cases import made

PASSWORD = "four words are enough"
HTML = {"accept": "text/html"}


@dataclass
class Office:
    store: CaseStore
    settings: Settings
    analysed: Case
    watched: Case


def raw(folder: Path) -> Path:
    """The folders of both cases, and the video, made once: the live path takes its time."""
    video = made.filmed(folder / "one.mp4")
    made.analysed(folder / "cases" / "one", looks=150, video=video)
    made.watched(folder / "cases" / "theatre", SigningKey.at(folder / "record.pem"))
    read_folder(folder / "cases" / "theatre")  # its timeline is kept there
    return folder


@contextmanager
def office(folder: Path, raw: Path) -> Iterator[Office]:
    """Copies of these, in a store of their own. Passwords cost next to nothing here."""
    from medgrpo.cases import passwords

    usual, passwords._HASHER = passwords._HASHER, argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    cases = folder / "cases"
    shutil.copytree(raw, folder, dirs_exist_ok=True)
    try:
        with open_store(folder / "store.db", folder / "record.pem") as store:
            for name, full_name, role in (
                ("ada", "Dr Ada Stein", Role.CLINICIAN),
                ("ben", "Dr Ben Wu", Role.CLINICIAN),
                ("vera", "Vera Klein", Role.VIEWER),
                ("rob", "Rob Roth", Role.ADMINISTRATOR),
            ):
                store.users.add(name, full_name, role, PASSWORD)
            analysed = store.add(cases / "one", video=folder / "one.mp4")
            yield Office(store, Settings(cases), analysed, store.add(cases / "theatre"))
    finally:
        passwords._HASHER = usual


@contextmanager
def running(office: Office) -> Iterator[str]:
    """The address of a console that listens on a port of loopback, in a thread."""
    import uvicorn

    app = make_app(office.settings, StoreUsers(office.store.users), office.store)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join(10)


@dataclass
class Person:
    """A browser without a screen, signed in or not."""

    client: TestClient

    def csrf(self) -> str:
        found = re.search(r'<meta name="csrf" content="([^"]+)">', self.client.get("/sign-in").text)
        assert found is not None
        return found[1]

    def post(self, path: str, fields: Mapping[str, object]):
        return self.client.post(path, data={**fields, "csrf": self.csrf()}, headers={"origin": self.origin}, follow_redirects=False)

    def send(self, path: str, **values: object):
        """As a script of our pages does."""
        headers = {"origin": self.origin, "x-csrf-token": self.csrf(), "accept": "application/json"}
        return self.client.post(path, json=values, headers=headers)

    @property
    def origin(self) -> str:
        return str(self.client.base_url).rstrip("/")

    def sign_in(self, name: str) -> Person:
        assert self.post("/sign-in", {"name": name, "password": PASSWORD, "to": "/review"}).status_code == 303
        return self
