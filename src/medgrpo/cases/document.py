"""A version of a report for people and programs: an HTML page, or JSON values. Both begin with what it is: DRAFT, or signed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from medgrpo.cases.values import Case, Correction, Signature, Version
from medgrpo.core import length
from medgrpo.page import document, look, text
from medgrpo.report import DRAFT_NOTICE, Report, report_json

RESEARCH_ONLY = "Research software, not for clinical use"


def standing_version(versions: Sequence[Version]) -> Version | None:
    """The newest signed one, else the newest, else None: what a reader of the report is to be shown."""
    signed = [version for version in versions if version.signature is not None]
    return (signed or list(versions) or [None])[-1]


def notice(version: Version | None, versions: Sequence[Version]) -> str:
    """One line: what the text under it is worth. Never empty, and never without DRAFT unless a person signed that very text."""
    if version is None:
        return f"{DRAFT_NOTICE}: made by software, read by nobody"
    if version.signature is None:
        return f"{DRAFT_NOTICE}: version {version.number} by {version.by_full_name}, not signed"
    one = version.signature
    told = f"Version {version.number}, signed by {one.by_full_name} ({one.by}) at {one.at} {_how(one)}"
    earlier = [other.number for other in versions if other.signature is not None and other.number < version.number]
    later = [other for other in versions if other.signature is not None and other.number > version.number]
    told += f"; amends version {earlier[-1]}" if earlier else ""
    told += f"; SUPERSEDED by version {later[-1].number}" if later else ""
    return f"{told}. {RESEARCH_ONLY}"


def _how(one: Signature) -> str:
    return "with the password" if one.credential_id is None else f"with the passkey {one.credential_id[:12]}"


def corrected_since(version: Version | None, corrections: Sequence[Correction]) -> int:
    """How many findings were corrected after this version was written: its text does not know of them. 0 for the machine's draft,
    which is made anew each time."""
    return 0 if version is None else len({one.finding_id for one in corrections if one.at > version.at})


def case_values(case: Case) -> dict[str, Any]:
    """All that the store knows of the case, folder and video by their names alone: where they lie is nobody else's matter."""
    return asdict(replace(case, folder=Path(case.folder).name, video=None if case.video is None else Path(case.video).name))


def report_values(
    case: Case, version: Version | None, versions: Sequence[Version], corrections: Sequence[Correction], draft: Report, drafted: str
) -> dict[str, Any]:
    """The notice first, then the text with its version and signature, what people corrected, and the machine's draft as a whole."""
    return {
        "notice": notice(version, versions),
        "case": case_values(case),
        "text": drafted if version is None else version.text,
        "version": None if version is None else asdict(version),
        "findings_corrected_since": corrected_since(version, corrections),
        "corrections": [asdict(one) for one in corrections],
        "machine_draft": report_json(draft),
    }


def report_page(
    case: Case, version: Version | None, versions: Sequence[Version], corrections: Sequence[Correction], drafted: str
) -> str:
    """One self-contained page without a script. What was signed is shown as it is, character by character."""
    facts = [("Case", f"{case.name} ({case.id})"), ("Source", case.source), ("Length", length(case.duration_seconds))]
    if version is not None:
        facts += [
            ("Version", str(version.number)),
            ("Written by", f"{version.by_full_name}, {version.at}"),
            ("SHA-256", version.sha256),
        ]
        if version.note:
            facts.append(("Note", version.note))
        if version.signature is not None:
            facts.append(("Signed by", f"{version.signature.by_full_name}, {version.signature.at}, {_how(version.signature)}"))
    since = corrected_since(version, corrections)
    if since:
        facts.append(("Not in this text", f"{since} finding{'s' if since > 1 else ''} corrected after it was written"))
    final = version is not None and version.signature is not None
    return document(
        f"{'Operative report' if final else 'DRAFT operative report'}: {text(case.name)}",
        _file("report.html"),
        look() + _file("report.css"),
        "",
        notice=text(notice(version, versions)),
        state="final" if final else "draft",
        heading="Operative report" if final else "DRAFT operative report",
        simulated="<p><b>Simulated.</b> This case was drawn by software. It shows no patient.</p>" if case.simulated else "",
        facts="".join(f"<div><dt>{text(name)}</dt><dd>{text(value)}</dd></div>" for name, value in facts),
        written=text(drafted if version is None else version.text),
    )


def _file(name: str) -> str:
    return files("medgrpo.cases").joinpath("templates", name).read_text(encoding="utf-8")
