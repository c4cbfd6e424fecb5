"""The store of cases: found, listed, searched, and reviewed. Whatever is confirmed is on the disk twice: journal and database.

A change is made while its case is held (a lock in the database and one in the folder): what others have done meanwhile is taken in
first, then it is asked whether the change still fits, then it goes into the case's journal, then into the database. Killed in
between, the journal is ahead, and the next change takes that in. A change that comes too late is a ConflictError, which says what
stands there; nothing is overwritten.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from medgrpo.audit import SigningKey, Times
from medgrpo.cases.ceremony import Ceremony, PasskeyError, PasskeyFault
from medgrpo.cases.database import Database
from medgrpo.cases.folder import CaseFolder, case_id, read_folder
from medgrpo.cases.journal import CORRECTION, SIGNATURE, VERSION, append, entries_after, held
from medgrpo.cases.passkeys import Passkeys
from medgrpo.cases.rows import CASE, case_of, corrections_of, put_entry, put_statements, versions_of
from medgrpo.cases.schema import cases, sa, statements, words
from medgrpo.cases.users import Users
from medgrpo.cases.values import Case, CaseState, Correction, Found, Method, Role, User, Verdict, Version
from medgrpo.cases.words import asked, beyond
from medgrpo.core import AccessError, ConflictError, InputError

MOST_REPORT_CHARACTERS = 200_000
MOST_REASON_CHARACTERS = 4_000


def as_kept(text: str) -> str:
    """A report's text as a version keeps it: browsers' ends of lines, and space that nobody sees, make no difference."""
    return "\n".join(line.rstrip() for line in text.splitlines()).strip() + "\n"


class CaseStore:
    """`key` signs the cases' review journals; all consoles of one store have the same. `times` as in `audit`."""

    def __init__(self, database: Database, key: SigningKey, times: Times) -> None:
        self._database, self._key, self._times = database, key, times
        self.users = Users(database, lambda: times()[0])
        self.passkeys = Passkeys(database, lambda: times()[0])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database; nothing is waiting to be written."""
        self._database.close()

    def add(self, folder: Path, *, name: str | None = None, video: Path | None = None) -> Case:
        """Take a case's folder in, where it lies; one that is known is read anew, also where it has moved.

        `video` is the file that was analysed: pictures are taken from it, and only from that very file. InputError when it is
        another one, or another folder holds the same case; DataError, RecordError when the folder cannot be read.
        """
        read = read_folder(folder)
        kept = None if video is None else str(_same_video(read, video))
        values: dict[str, object] = {
            "folder": str(read.path),
            "procedure": read.procedure,
            "source": read.source,
            "opened": read.opened,
            "closed": read.closed,
            "state": read.state.value,
            "duration_seconds": read.timeline.duration_seconds,
            "statements": len(read.timeline.findings),
            "alerts": read.alerts,
            "simulated": read.simulated,
        }
        values |= {} if kept is None else {"video": kept}
        values |= {} if name is None else {"name": name}
        with self._database.writing() as connection:
            row = connection.execute(sa.select(cases).where(cases.c.id == read.id).with_for_update()).first()
            if row is None:
                row_name = name or read.path.name.removesuffix(".medgrpo")
                given: dict[str, object] = {"name": row_name, **values, "id": read.id, "review_counter": -1}
                connection.execute(cases.insert().values(given))
            else:
                _same_folder(row.folder, read)
                row_name = name or row.name
                connection.execute(cases.update().where(cases.c.id == read.id).values(values))
            said = [(finding.evidence.key_seconds, finding.text) for finding in read.timeline.findings]
            put_statements(connection, read.id, said, (row_name, read.procedure, read.source, read.id))
            with held(read.path):
                for entry in entries_after(read.path, -1 if row is None else row.review_counter):
                    put_entry(connection, read.id, entry)
            return case_of(connection.execute(CASE.where(cases.c.id == read.id)).one())

    def forget(self, id: str) -> Case:
        """Take a case out of the store with all that the store holds of it; its folder stays where it is."""
        with self._database.writing() as connection:
            case = self._case(connection, id)
            connection.execute(cases.delete().where(cases.c.id == case.id))
            return case

    def find(self, id: str) -> Case:
        """The case of that id, or of the only id that begins so. InputError when there is none or more than one."""
        with self._database.reading() as connection:
            return self._case(connection, id)

    def search(
        self, query: str = "", *, state: CaseState | None = None, limit: int = 50, offset: int = 0
    ) -> tuple[tuple[Found, ...], int]:
        """The newest first, and how many there are in all. Each word of the query must begin a word of the case."""
        chosen = sa.select(cases.c.id)
        wanted = asked(query)
        if query.strip() and not wanted:
            return (), 0
        for word in wanted:
            holds = sa.select(words.c.case_id).where(words.c.word >= word, words.c.word < beyond(word))
            chosen = chosen.where(cases.c.id.in_(holds))
        if state is not None:
            chosen = chosen.where(cases.c.state == state.value)
        with self._database.reading() as connection:
            count = connection.execute(sa.select(sa.func.count()).select_from(chosen.subquery())).scalar_one()
            page = CASE.where(cases.c.id.in_(chosen)).order_by(cases.c.opened.desc(), cases.c.id).limit(limit).offset(offset)
            found = [case_of(row) for row in connection.execute(page)]
            return tuple(Found(case, *_sentence(connection, case.id, wanted)) for case in found), count

    def corrections(self, id: str) -> tuple[Correction, ...]:
        """All of the case's, in the order in which they were made."""
        with self._database.reading() as connection:
            return corrections_of(connection, self._case(connection, id).id)

    def versions(self, id: str) -> tuple[Version, ...]:
        """All of the case's report, the oldest first."""
        with self._database.reading() as connection:
            return versions_of(connection, self._case(connection, id).id)

    def correct(
        self, id: str, finding_id: str, verdict: Verdict, text: str | None, reason: str, by: str, *, seen: int, said: str
    ) -> Correction:
        """A clinician's word on a finding. `seen`: how many corrections of it were on the page; `said`: what stood there.

        ConflictError when somebody has corrected it since; AccessError when the user may not; InputError without a reason.
        """
        clinician = self._clinician(by)
        if not reason.strip() or len(reason) > MOST_REASON_CHARACTERS:
            raise InputError(f"a correction needs its reason, of at most {MOST_REASON_CHARACTERS} characters")
        if verdict is Verdict.REWORDED and (text is None or not text.strip() or len(text) > MOST_REASON_CHARACTERS):
            raise InputError(f"a reworded finding needs its new words, at most {MOST_REASON_CHARACTERS} characters")
        stands = {Verdict.REWORDED: text, Verdict.REJECTED: None, Verdict.CONFIRMED: said}[verdict]

        def body(connection: sa.Connection, case: Case) -> dict[str, Any]:
            made = corrections_of(connection, case.id)
            its = [one for one in made if one.finding_id == finding_id]
            if len(its) != seen:
                last = its[-1] if its else None
                told = "" if last is None else f": {last.by_full_name} {last.verdict.value} it at {last.at} ({last.reason})"
                raise ConflictError(f"case {case.id}: {finding_id} was corrected meanwhile{told}: look again")
            return {
                "number": len(made) + 1,
                "finding_id": finding_id,
                "nth": seen + 1,
                "verdict": verdict.value,
                "said": said,
                "text": stands,
                "reason": reason.strip(),
                **_person(clinician),
            }

        number = self._change(id, CORRECTION, body)
        return self.corrections(id)[number - 1]

    def write(self, id: str, text: str, by: str, *, parent: int, note: str = "") -> Version:
        """A new version of the report by a clinician, edited from `parent`, the newest there was (0: none, the machine's draft).

        ConflictError when there is a newer one; the signed ones stay as they are in any case. AccessError, InputError as above.
        """
        clinician = self._clinician(by)
        text = as_kept(text)
        if len(text) < 2 or len(text) > MOST_REPORT_CHARACTERS or "\x00" in text:
            raise InputError(f"a report has 1 to {MOST_REPORT_CHARACTERS} characters, none of them NUL")
        if len(note) > MOST_REASON_CHARACTERS:
            raise InputError(f"a note has at most {MOST_REASON_CHARACTERS} characters")

        def body(connection: sa.Connection, case: Case) -> dict[str, Any]:
            made = versions_of(connection, case.id)
            _is_newest(case.id, parent, made)
            if made and made[-1].text == text:
                raise InputError(f"case {case.id}: this is version {parent} word for word: nothing to keep")
            sha256 = hashlib.sha256(text.encode()).hexdigest()
            return {
                "number": parent + 1,
                "parent": parent,
                "text": text,
                "sha256": sha256,
                "note": note.strip(),
                **_person(clinician),
            }

        number = self._change(id, VERSION, body)
        return self.versions(id)[number - 1]

    def sign(self, id: str, number: int, sha256: str, by: str, password: str) -> Version:
        """The newest version, signed by the clinician who gives the password now. `sha256` is that of the text that was read.

        AccessError for a wrong password or role; ConflictError when there is a newer version or it is signed already.
        """
        clinician = self.users.proven(by, password)
        return self._sign(id, number, sha256, clinician, {"method": Method.PASSWORD.value})

    def sign_with_passkey(self, id: str, ceremony: Ceremony, answer: Mapping[str, Any]) -> Version:
        """As `sign`, by the clinician whose passkey has answered the question about this very text.

        PasskeyError where the answer does not hold, or the question was about something else. What was asked and the answer are
        kept in the case's journal: with the key beside them they can be checked again, without this store.
        """
        document = ceremony.document
        if document is None or document.case_id != self.find(id).id:
            raise PasskeyError(PasskeyFault.OTHER_QUESTION)
        given = self.passkeys.proven(ceremony, answer)
        how = {"method": Method.PASSKEY.value, "credential_id": given.passkey.credential_id, "assertion": given.evidence}
        return self._sign(id, document.number, document.sha256, given.user, how)

    def _sign(self, id: str, number: int, sha256: str, clinician: User, how: Mapping[str, Any]) -> Version:
        _may_review(clinician)

        def body(connection: sa.Connection, case: Case) -> dict[str, Any]:
            made = versions_of(connection, case.id)
            _is_newest(case.id, number, made)
            if not made:
                raise InputError(f"case {case.id}: has no version to sign: keep the draft as one first")
            version = made[-1]
            if version.signature is not None:
                raise ConflictError(f"case {case.id}: version {number} was signed by {version.signature.by_full_name} already")
            if version.sha256 != sha256:
                raise ConflictError(f"case {case.id}: version {number} is not the text that was read: look again")
            return {"number": number, "sha256": sha256, **_person(clinician), **how}

        self._change(id, SIGNATURE, body)
        return self.versions(id)[number - 1]

    def _change(self, id: str, kind: str, body_of: Any) -> int:
        """Hold the case, take in what others did, ask, write; the number of what was written."""
        with self._database.writing() as connection:
            case = self._case(connection, id)
            row = connection.execute(sa.select(cases).where(cases.c.id == case.id).with_for_update()).one()
            folder = Path(row.folder)
            if not folder.is_dir():
                raise InputError(f"{folder}: case {case.id} does not lie there any more: medgrpo cases import its folder")
            with held(folder):
                for entry in entries_after(folder, row.review_counter, self._key):
                    put_entry(connection, case.id, entry)
                body: Mapping[str, Any] = body_of(connection, case)
                entry = append(folder, case.id, self._key, self._times, kind, body)
                put_entry(connection, case.id, entry)
        return int(body["number"])

    def _case(self, connection: sa.Connection, id: str) -> Case:
        rows = connection.execute(CASE.where(cases.c.id.startswith(id, autoescape=True)).limit(2)).all()
        if len(rows) != 1 or not id:
            told = "begins the ids of several cases" if rows else "there is no such case"
            raise InputError(f"{id!r}: {told} in {self._database.where}")
        return case_of(rows[0])

    def _clinician(self, name: str) -> User:
        user = self.users.find(name)
        if user is None or user.disabled:
            raise AccessError(f"{name}: is no active user")
        _may_review(user)
        return user


def _may_review(user: User) -> None:
    if user.role is not Role.CLINICIAN:
        raise AccessError(f"{user.name}: is {user.role.value}; only a clinician corrects, edits and signs")


def _person(user: User) -> dict[str, str]:
    return {"by": user.name, "by_full_name": user.full_name}


def _is_newest(id: str, number: int, made: Sequence[Version]) -> None:
    if number != len(made):
        newest = made[-1] if made else None
        told = "there is none yet" if newest is None else f"version {newest.number} is by {newest.by_full_name}, {newest.at}"
        raise ConflictError(f"case {id}: version {number} is not the newest ({told}): look again; nothing was overwritten")


def _same_folder(known: str, read: CaseFolder) -> None:
    """A case may move, but not lie in two places at once."""
    there = Path(known)
    if there != read.path and there.is_dir():
        try:
            same = case_id(there) == read.id
        except InputError:
            same = False  # what lies there now is something else
        if same:
            raise InputError(f"{read.path}: this case ({read.id}) is in the store already, in {there}")


def _same_video(read: CaseFolder, video: Path) -> Path:
    if read.video_sha256 is None:
        raise InputError(f"{read.path}: was watched live: there is no one video file of it")
    from medgrpo.analysis import identify
    from medgrpo.video import open_video

    with open_video(video) as source:
        found = identify(video, source.info).sha256
    if found != read.video_sha256:
        raise InputError(f"{video}: is not the video that was analysed (SHA-256 {found[:12]}..., not {read.video_sha256[:12]}...)")
    return video.resolve()


def _sentence(connection: sa.Connection, id: str, wanted: Sequence[str]) -> tuple[float | None, str | None]:
    """The first statement that holds the first of the words that any statement holds."""
    for word in wanted:
        for row in connection.execute(sa.select(statements).where(statements.c.case_id == id).order_by(statements.c.number)):
            if any(one.startswith(word) for one in asked(row.text)):
                return row.seconds, row.text
    return None, None
