"""What a passkey is asked for: a challenge that holds its purpose, the person, and the very text that is to be signed.

The challenge is the SHA-256 of all of that, and a passkey signs the challenge (WebAuthn): its answer to one question is none to
another, be it about another version, another text, another person or another moment.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from medgrpo.audit import digest_of
from medgrpo.cases.values import Passkey
from medgrpo.core import AccessError

ANSWER_SECONDS = 120
"""So long an answer may take; browsers are told, the console holds to it."""


class Purpose(StrEnum):
    REGISTER = "register"
    SIGN_IN = "sign in"
    SIGN_REPORT = "sign report"


@dataclass(frozen=True, slots=True)
class Party:
    """Who asks: `id` is the name under which browsers keep passkeys (a host's name, never an address), `origin` the page's."""

    id: str
    origin: str


@dataclass(frozen=True, slots=True)
class Document:
    """A version of a case's report, by its number and the SHA-256 of its text."""

    case_id: str
    number: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Ceremony:
    """One question to a passkey, for one answer. `user` None: whoever signs in; the passkey says who that is."""

    purpose: Purpose
    party: Party
    user: str | None = None
    document: Document | None = None
    nonce: str = field(default_factory=lambda: secrets.token_hex(32))

    def __post_init__(self) -> None:
        if (self.purpose is Purpose.SIGN_REPORT) != (self.document is not None):
            raise ValueError("a document belongs to signing a report, and to nothing else")
        if (self.purpose is Purpose.SIGN_IN) != (self.user is None):
            raise ValueError("only who signs in is not known beforehand")

    @property
    def values(self) -> dict[str, Any]:
        """What the challenge is made of; kept with a signature, so that it can be made again."""
        asked: dict[str, Any] = {"purpose": self.purpose.value, "party": self.party.id, "user": self.user, "nonce": self.nonce}
        if self.document is not None:
            asked |= {"case": self.document.case_id, "number": self.document.number, "sha256": self.document.sha256}
        return asked

    @property
    def challenge(self) -> bytes:
        return bytes.fromhex(digest_of(self.values))


class PasskeyFault(StrEnum):
    """Why an answer does not count. Each has its line in the console's texts."""

    UNREADABLE = "unreadable"
    UNKNOWN = "unknown"
    REVOKED = "revoked"
    OTHER_USER = "other_user"
    OTHER_PARTY = "other_party"
    INACTIVE = "inactive"
    OTHER_QUESTION = "other_question"
    """Its challenge is not the one that was asked: of another document, or used before."""
    OTHER_ORIGIN = "other_origin"
    NOT_VERIFIED = "not_verified"
    """The device did not ask its owner for fingerprint, face or PIN."""
    COUNTED_BACK = "counted_back"
    """Its counter has not gone on: there may be a copy of it."""
    WRONG = "wrong"
    TAKEN = "taken"


_TOLD = {
    PasskeyFault.UNREADABLE: "the answer of the passkey cannot be read",
    PasskeyFault.UNKNOWN: "this passkey is not known here",
    PasskeyFault.REVOKED: "this passkey was revoked",
    PasskeyFault.OTHER_USER: "this passkey belongs to somebody else",
    PasskeyFault.OTHER_PARTY: "this passkey was made for another name of the console",
    PasskeyFault.INACTIVE: "the user of this passkey is not active",
    PasskeyFault.OTHER_QUESTION: "the passkey answered another question than this one",
    PasskeyFault.OTHER_ORIGIN: "the passkey was asked by another page",
    PasskeyFault.NOT_VERIFIED: "the device did not verify its owner",
    PasskeyFault.COUNTED_BACK: "the passkey's counter has not gone on: there may be a copy of it",
    PasskeyFault.WRONG: "the signature of the passkey is not genuine",
    PasskeyFault.TAKEN: "this passkey is registered already",
}


class PasskeyError(AccessError):
    """A passkey's answer that does not count, and why; `passkey`: which one answered, where that is sure enough to be told."""

    def __init__(self, fault: PasskeyFault, passkey: Passkey | None = None) -> None:
        self.fault, self.passkey = fault, passkey
        super().__init__(_TOLD[fault])
