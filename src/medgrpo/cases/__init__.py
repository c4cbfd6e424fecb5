"""Several cases: listed, searched, corrected, their reports signed, exported. Needs the extra `serve`."""

from medgrpo.cases.ceremony import ANSWER_SECONDS, Ceremony, Document, Party, PasskeyError, PasskeyFault, Purpose
from medgrpo.cases.database import Database, open_database
from medgrpo.cases.document import RESEARCH_ONLY, corrected_since, notice, report_page, report_values, standing_version
from medgrpo.cases.draft import corrected, draft_text, drafted, standing
from medgrpo.cases.export import Exported, check_sums, export_case
from medgrpo.cases.folder import CaseFolder, EvidencePicture, observations, read_folder
from medgrpo.cases.opening import DEFAULT_KEY, DEFAULT_STORE, open_store
from medgrpo.cases.passkeys import Passkeys
from medgrpo.cases.store import MOST_REASON_CHARACTERS, MOST_REPORT_CHARACTERS, CaseStore, as_kept
from medgrpo.cases.users import Users
from medgrpo.cases.values import (
    Case,
    CaseState,
    Correction,
    Found,
    Method,
    Passkey,
    ReportState,
    Role,
    Signature,
    User,
    Verdict,
    Version,
)

__all__ = [
    "ANSWER_SECONDS",
    "DEFAULT_KEY",
    "DEFAULT_STORE",
    "MOST_REASON_CHARACTERS",
    "MOST_REPORT_CHARACTERS",
    "RESEARCH_ONLY",
    "Case",
    "CaseFolder",
    "CaseState",
    "CaseStore",
    "Ceremony",
    "Correction",
    "Database",
    "Document",
    "EvidencePicture",
    "Exported",
    "Found",
    "Method",
    "Party",
    "Passkey",
    "PasskeyError",
    "PasskeyFault",
    "Passkeys",
    "Purpose",
    "ReportState",
    "Role",
    "Signature",
    "User",
    "Users",
    "Verdict",
    "Version",
    "as_kept",
    "check_sums",
    "corrected",
    "corrected_since",
    "draft_text",
    "drafted",
    "export_case",
    "notice",
    "observations",
    "open_database",
    "open_store",
    "read_folder",
    "report_page",
    "report_values",
    "standing",
    "standing_version",
]
