"""What the store of cases speaks of: users, cases, corrections, versions of a report, signatures. All frozen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """Least first. A viewer reads. A clinician also answers alerts, corrects, edits and signs. An administrator keeps the users and
    answers alerts; corrects and signs nothing."""

    VIEWER = "viewer"
    CLINICIAN = "clinician"
    ADMINISTRATOR = "administrator"

    def may(self, least: Role) -> bool:
        """Whether whoever has this role is let in where `least` is needed. What clinicians alone may do asks for that very role."""
        roles = list(Role)
        return roles.index(self) >= roles.index(least)


@dataclass(frozen=True, slots=True)
class User:
    """`name` is what one logs in with; `full_name` what stands under a report. `changed` moves with every change of the user."""

    name: str
    full_name: str
    role: Role
    disabled: bool
    created: str
    changed: str


class CaseState(StrEnum):
    OPEN = "open"
    """Its record is not closed: the case is under way, or was cut off and may be gone on with."""
    FINISHED = "finished"


class ReportState(StrEnum):
    """Of a case's report. Only SIGNED and AMENDED may be shown without DRAFT."""

    NONE = "no report"
    DRAFT = "draft"
    SIGNED = "signed"
    AMENDING = "draft of an amendment"
    """The newest version is not signed, an earlier one is: that one still stands, and what is shown of the newest is a draft."""
    AMENDED = "amended"
    """The newest version is signed, and an earlier one was."""

    @classmethod
    def of(cls, versions: int, signed: int, newest_signed: bool) -> ReportState:
        """From the count of versions, the count of signed ones, and whether the newest is among these."""
        if not versions:
            return cls.NONE
        if not signed:
            return cls.DRAFT
        if not newest_signed:
            return cls.AMENDING
        return cls.SIGNED if signed == 1 else cls.AMENDED

    @property
    def final(self) -> bool:
        return self in (ReportState.SIGNED, ReportState.AMENDED)


@dataclass(frozen=True, slots=True)
class Case:
    """One case as the store knows it. Times are UTC in ISO 8601.

    `opened` of a watched case is its record's first entry, of an analysed video when the analysis was written. `statements` and
    `alerts` are counts. `video` is the file that pictures may be taken from, where one was named.
    """

    id: str
    name: str
    folder: str
    video: str | None
    procedure: str
    source: str
    opened: str
    closed: str | None
    state: CaseState
    duration_seconds: float
    statements: int
    alerts: int
    simulated: bool
    report: ReportState = ReportState.NONE
    versions: int = 0
    corrections: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """A case that a search found, and a sentence of it that holds one of the words (None where only its name or the like does)."""

    case: Case
    seconds: float | None
    text: str | None


class Verdict(StrEnum):
    REWORDED = "reworded"
    REJECTED = "rejected"
    CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True)
class Correction:
    """What a person said about a finding. `number` counts in the case, `nth` for this finding; `said` is what stood there before.

    `text` is what stands there from then on: None where it was rejected, `said` where it was confirmed.
    """

    case_id: str
    number: int
    finding_id: str
    nth: int
    verdict: Verdict
    said: str
    text: str | None
    reason: str
    by: str
    by_full_name: str
    at: str


@dataclass(frozen=True, slots=True)
class Passkey:
    """Of a user, for one name of the console (`party`). `synced`: its owner's other devices may hold it too."""

    credential_id: str
    user: str
    party: str
    name: str
    created: str
    used: str | None
    revoked: str | None
    revoked_by: str | None
    transports: tuple[str, ...]
    synced: bool


class Method(StrEnum):
    PASSWORD = "password"
    PASSKEY = "passkey"


@dataclass(frozen=True, slots=True)
class Signature:
    """`sha256` is that of the version's text in UTF-8, `by` the user who proved to be there when it was made: by giving the
    password, or by the passkey `credential_id`."""

    case_id: str
    number: int
    sha256: str
    by: str
    by_full_name: str
    at: str
    method: Method = Method.PASSWORD
    credential_id: str | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """A text of the report. `number` counts from 1, `parent` is the version it was edited from (0: the machine's draft)."""

    case_id: str
    number: int
    parent: int
    text: str
    sha256: str
    note: str
    by: str
    by_full_name: str
    at: str
    signature: Signature | None = None
