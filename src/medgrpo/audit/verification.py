"""Is a record as it was written? Every line, every link, every signature."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from medgrpo.audit.attached import DELETED, Attachment, attachments, deletions, unrecorded
from medgrpo.audit.entry import FIRST, Entry
from medgrpo.audit.head import HEAD_NAME, Head, read_head
from medgrpo.audit.keys import PublicKey
from medgrpo.audit.tail import files_of, segment_name
from medgrpo.core import RecordError

MOST_FAULTS = 100


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and where: file and line (0: the file itself). `left_behind`: a file whose deletion is recorded is there,
    as a deletion that was cut off leaves it."""

    file: str
    line: int
    what: str
    left_behind: bool = False

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}" if self.line else f"{self.file}: {self.what}"


@dataclass(frozen=True, slots=True)
class Verification:
    """`faults` empty: as it was written. `closed`: its last entry says so and is signed. An open record is not faulty: it was cut
    off (`torn_bytes` of a line may be missing), or is still being written; `after_head` entries came after the last signed head.
    `gaps`: entries that the disk refused, as the record itself tells. `files`: clips and evidence beside the record, as they were
    written; `deleted`: those that were deleted since, as the record tells; `unrecorded`: files that it does not name."""

    entries: int
    kinds: dict[str, int]
    closed: bool
    after_head: int
    torn_bytes: int
    gaps: int
    key: PublicKey | None
    faults: tuple[Fault, ...]
    files: int = 0
    deleted: int = 0
    unrecorded: tuple[str, ...] = ()

    @property
    def genuine(self) -> bool:
        return not self.faults


def read_entries(folder: Path) -> Iterator[tuple[str, int, Entry | str, int]]:
    """(file, line, entry or what is wrong with the line, bytes of a torn last line) over all files in order."""
    for path in files_of(folder):
        with path.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                if not line.endswith(b"\n"):
                    yield path.name, number, "torn", len(line)
                    continue
                try:
                    yield path.name, number, Entry.read(line), 0
                except (ValueError, RecursionError) as error:
                    yield path.name, number, str(error), 0


def verify(folder: Path, key: PublicKey | None = None, *, files_too: bool = True) -> Verification:
    """Check a record. `key`: the public key that must have signed it; without it the key named in the first entry is taken, which
    proves that nothing was changed since, by anyone who does not hold that key. `files_too`: also the clips and evidence pictures
    beside the record, each against its hash. RecordError when there is no record at all.

    A tail cut off together with an older head put in place of the latest cannot be seen in the folder alone: keep heads elsewhere
    (`medgrpo record show --head`) where that matters.
    """
    try:
        files = files_of(folder)
    except OSError as error:
        raise RecordError(f"{folder}: cannot be read: {error.strerror}") from error
    if not files:
        raise RecordError(f"{folder}: holds no record")
    check = _Check(key)
    for place, path in enumerate(files, 1):
        if path.name != segment_name(place):
            check.fault(path.name, 0, f"file {segment_name(place)} is missing before it")
            break
    check.read_latest(folder)
    last_name = files[-1].name
    for name, line, found, torn in read_entries(folder):
        check.take(name, line, found, torn, last_name)
    if files_too:
        check.check_files(folder.resolve().parent)
    return check.result()


class _Check:
    def __init__(self, key: PublicKey | None) -> None:
        self.key = key
        self.faults: list[Fault] = []
        self.kinds: Counter[str] = Counter()
        self.next, self.previous, self.closed = 0, FIRST, False
        self.torn = self.gaps = 0
        self.last_head = -1
        self.latest: Head | None = None
        self.latest_digest: str | None = None
        self.attached: dict[str, tuple[Attachment, str, int]] = {}
        self.gone: dict[str, Attachment] = {}
        self.files = 0
        self.unrecorded: list[str] = []

    def fault(self, name: str, line: int, what: str, *, left_behind: bool = False) -> None:
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(name, line, what, left_behind))

    def check_files(self, case: Path) -> None:
        """Every file that the record vouches for, but for those whose deletion it tells."""
        for attachment, name, line in self.attached.values():
            if attachment.file in self.gone:
                continue
            wrong = attachment.fault(case)
            self.files += wrong is None
            if wrong is not None:
                self.fault(name, line, wrong)
        for attachment in self.gone.values():
            if attachment.fault(case) is None:
                self.fault(attachment.file, 0, "is recorded as deleted, and is there", left_behind=True)
        self.unrecorded = unrecorded(case, {*self.attached, *self.gone})

    def take(self, name: str, line: int, found: Entry | str, torn: int, last_name: str) -> None:
        if isinstance(found, str):
            if torn and name == last_name:
                self.torn = torn
            else:
                self.fault(name, line, "is cut off" if torn else found)
            return
        if self.closed and found.kind != DELETED:
            self.fault(name, line, "comes after the record was closed")
        if found.counter != self.next:
            self.fault(name, line, f"has counter {found.counter} where {self.next} was to come")
        elif found.previous != self.previous:
            self.fault(name, line, "does not follow from the entry before it")
        self.next, self.previous = found.counter + 1, found.digest
        self.kinds[found.kind] += 1
        self._kind(name, line, found)
        self.attached.update({one.file: (one, name, line) for one in attachments(found)})
        self.gone.update({one.file: one for one in deletions(found)})
        if self.latest is not None and found.counter == self.latest.counter:
            self.latest_digest = found.digest

    def _kind(self, name: str, line: int, entry: Entry) -> None:
        if (entry.counter == 0) != (entry.kind == "opened"):
            self.fault(name, line, "only the first entry opens a record")
        if entry.kind in ("opened", "resumed"):
            self._named(name, line, entry.body.get("public_key"))
        elif entry.kind == "closed":
            self.closed = True
        elif entry.kind == DELETED and not self.closed:
            self.fault(name, line, "tells of a deletion before the record was closed")
        elif entry.kind == "gap":
            missed = entry.body.get("missed")
            self.gaps += missed if isinstance(missed, int) else 0
        elif entry.kind == "head":
            try:
                head = Head.read(dict(entry.body))
            except ValueError as error:
                self.fault(name, line, f"its head cannot be read: {error}")
                return
            if head.counter != entry.counter - 1 or head.closed:
                self.fault(name, line, "its head is not that of the entry before it")
            self._signed(name, line, head, entry.previous)

    def _named(self, name: str, line: int, named: object) -> None:
        try:
            key = PublicKey(named) if isinstance(named, str) else None
        except ValueError:
            key = None
        if key is None:
            self.fault(name, line, "names no public key")
        elif self.key is None:
            self.key = key
        elif key != self.key:
            self.fault(name, line, f"names the key {key.fingerprint}, not {self.key.fingerprint}")

    def _signed(self, name: str, line: int, head: Head, digest: str | None) -> None:
        if self.key is not None and head.public_key != self.key:
            self.fault(name, line, f"its head is signed by the key {head.public_key.fingerprint}, not {self.key.fingerprint}")
        elif not head.genuine:
            self.fault(name, line, "its head's signature is not genuine")
        elif head.digest != digest:
            self.fault(name, line, "its head is of another chain")
        self.last_head = max(self.last_head, head.counter)

    def read_latest(self, folder: Path) -> None:
        try:
            self.latest = read_head(folder)
        except FileNotFoundError:
            self.fault(HEAD_NAME, 0, "is missing: the end of the record is not vouched for")
        except (OSError, ValueError) as error:
            self.fault(HEAD_NAME, 0, f"cannot be read: {error}")

    def result(self) -> Verification:
        if self.next == 0 and not self.faults:
            self.fault(segment_name(1), 0, "holds no entry")
        if self.latest is not None:
            self._ends_with(self.latest)
        after = self.next - 1 - self.last_head
        kinds = dict(sorted(self.kinds.items()))
        return Verification(
            self.next,
            kinds,
            self.closed,
            after,
            self.torn,
            self.gaps,
            self.key,
            tuple(self.faults),
            self.files,
            len(self.gone),
            tuple(self.unrecorded),
        )

    def _ends_with(self, head: Head) -> None:
        if head.counter >= self.next:
            self.fault(HEAD_NAME, 0, f"vouches for entry {head.counter}, but the record ends with {self.next - 1}")
        else:
            self._signed(HEAD_NAME, 0, head, self.latest_digest)
        if self.closed and not (head.closed and head.counter == self.next - 1):
            self.fault(HEAD_NAME, 0, "does not vouch for the closing entry")
        if head.closed and not self.closed:
            self.fault(HEAD_NAME, 0, "says that the record is closed, but its last entry does not")
