"""Rows of the tables as values, and entries of a review journal as rows: the one way in, for new ones and for a rebuilt store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from medgrpo.audit import Entry
from medgrpo.cases.journal import CORRECTION, SIGNATURE, VERSION
from medgrpo.cases.schema import cases, corrections, sa, signatures, statements, versions, words
from medgrpo.cases.values import Case, CaseState, Correction, Method, ReportState, Signature, Verdict, Version
from medgrpo.cases.words import words_of
from medgrpo.core import DataError

_VERSION_COUNT = sa.select(sa.func.count()).where(versions.c.case_id == cases.c.id).scalar_subquery()
_SIGNED_COUNT = sa.select(sa.func.count()).where(signatures.c.case_id == cases.c.id).scalar_subquery()
_CORRECTION_COUNT = sa.select(sa.func.count()).where(corrections.c.case_id == cases.c.id).scalar_subquery()
_NEWEST_SIGNED = sa.select(sa.func.max(signatures.c.number)).where(signatures.c.case_id == cases.c.id).scalar_subquery()

CASE = sa.select(
    cases,
    _VERSION_COUNT.label("version_count"),
    _SIGNED_COUNT.label("signed_count"),
    _NEWEST_SIGNED.label("newest_signed"),
    _CORRECTION_COUNT.label("correction_count"),
)
"""A case with what is counted of its review; versions are numbered without gaps, so the newest's number is their count."""


def case_of(row: sa.Row[Any]) -> Case:
    report = ReportState.of(row.version_count, row.signed_count, row.newest_signed == row.version_count)
    return Case(
        row.id,
        row.name,
        row.folder,
        row.video,
        row.procedure,
        row.source,
        row.opened,
        row.closed,
        CaseState(row.state),
        row.duration_seconds,
        row.statements,
        row.alerts,
        bool(row.simulated),
        report,
        row.version_count,
        row.correction_count,
    )


def corrections_of(connection: sa.Connection, case_id: str) -> tuple[Correction, ...]:
    chosen = sa.select(corrections).where(corrections.c.case_id == case_id).order_by(corrections.c.number)
    rows: list[dict[str, Any]] = [dict(row) for row in connection.execute(chosen).mappings()]
    for row in rows:
        row["verdict"] = Verdict(row["verdict"])
    return tuple(Correction(**row) for row in rows)


def versions_of(connection: sa.Connection, case_id: str) -> tuple[Version, ...]:
    rows: list[dict[str, Any]] = [
        dict(row) for row in connection.execute(sa.select(signatures).where(signatures.c.case_id == case_id)).mappings()
    ]
    for row in rows:
        row["method"] = Method(row["method"])
    signed = {row["number"]: Signature(**row) for row in rows}
    chosen = sa.select(versions).where(versions.c.case_id == case_id).order_by(versions.c.number)
    rows = [dict(row) for row in connection.execute(chosen).mappings()]
    return tuple(Version(**row, signature=signed.get(row["number"])) for row in rows)


def put_entry(connection: sa.Connection, case_id: str, entry: Entry) -> None:
    """An entry of the case's review into its table. DataError when it is not one that this medgrpo writes."""
    table, values_of = _TABLES[entry.kind]
    try:
        values: dict[str, Any] = values_of(entry.body)
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"case {case_id}", f"entry {entry.counter} of its review cannot be read: {error}") from error
    connection.execute(table.insert().values(case_id=case_id, at=entry.wall, **values))
    texts: list[str] = [values[name] for name in ("text", "reason", "by_full_name") if values.get(name) is not None]
    put_words(connection, case_id, texts)
    connection.execute(cases.update().where(cases.c.id == case_id).values(review_counter=entry.counter))


def put_statements(connection: sa.Connection, case_id: str, said: Sequence[tuple[float, str]], about: Iterable[str]) -> None:
    """What the case says, anew: its statements with their seconds, and the words it is found by."""
    connection.execute(statements.delete().where(statements.c.case_id == case_id))
    if said:
        rows = [{"case_id": case_id, "number": n, "seconds": at, "text": text} for n, (at, text) in enumerate(said, 1)]
        connection.execute(statements.insert(), rows)
    put_words(connection, case_id, [*(text for _, text in said), *about])


def put_words(connection: sa.Connection, case_id: str, texts: Iterable[str]) -> None:
    known = set(connection.execute(sa.select(words.c.word).where(words.c.case_id == case_id)).scalars())
    new = sorted(words_of(texts) - known)
    if new:
        connection.execute(words.insert(), [{"case_id": case_id, "word": word} for word in new])


def _correction(body: Mapping[str, Any]) -> dict[str, Any]:
    names = ("number", "finding_id", "nth", "said", "text", "reason", "by", "by_full_name")
    return {"verdict": Verdict(body["verdict"]).value, **{name: body[name] for name in names}}


def _version(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: body[name] for name in ("number", "parent", "text", "sha256", "note", "by", "by_full_name")}


def _signature(body: Mapping[str, Any]) -> dict[str, Any]:
    """Before there were passkeys an entry did not say how it was made: with the password."""
    method = Method(body.get("method", Method.PASSWORD.value))
    how = {"method": method.value, "credential_id": body["credential_id"] if method is Method.PASSKEY else None}
    return {**{name: body[name] for name in ("number", "sha256", "by", "by_full_name")}, **how}


_TABLES: dict[str, tuple[sa.Table, Callable[[Mapping[str, Any]], dict[str, Any]]]] = {
    CORRECTION: (corrections, _correction),
    VERSION: (versions, _version),
    SIGNATURE: (signatures, _signature),
}
