"""New folders into the store, by one thread at a time: an hour that was watched takes half a minute, and no page waits for it."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

from medgrpo.cases import CaseState, CaseStore
from medgrpo.console.unpathed import without_paths
from medgrpo.core import MedgrpoError

Marks = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class IntakeState:
    """`reading`: the folder that is being read, None where nothing is left to do. `failed`: folder and reason, until solved."""

    reading: str | None
    failed: tuple[tuple[str, str], ...]


class Intake:
    """`look` begins a pass over the folder of cases unless one is under way.

    A folder that could not be read stays named until it is in the store or gone, and is tried again when its files have changed.
    """

    def __init__(self, store: CaseStore, cases: Path) -> None:
        self._store, self._cases = store, cases
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._reading: str | None = None
        self._failed: dict[str, tuple[Marks, str]] = {}

    @property
    def state(self) -> IntakeState:
        failed = dict(self._failed)  # of one moment: the thread goes on
        return IntakeState(self._reading, tuple((name, reason) for name, (_, reason) in sorted(failed.items())))

    def look(self) -> IntakeState:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                todo = self._todo()
                if todo:
                    self._reading = todo[0].name
                    self._thread = threading.Thread(target=self._take_in, args=(todo,), name="taking in cases", daemon=True)
                    self._thread.start()
            return self.state

    def wait(self) -> IntakeState:
        """Until nothing is left to do."""
        thread = self._thread
        if thread is not None:
            thread.join()
        return self.state

    def _todo(self) -> list[Path]:
        """Finished cases that the store does not know, or knows as open, but those that failed and are as they were then."""
        known: dict[str, CaseState] = {}
        offset = 0
        while True:
            found, count = self._store.search(limit=500, offset=offset)
            known |= {one.case.folder: one.case.state for one in found}
            offset += len(found)
            if offset >= count or not found:
                break
        finished = [path for path in sorted(self._cases.iterdir()) if not path.name.startswith(".") and _finished(path)]
        wanted = [path for path in finished if known.get(str(path.resolve())) is not CaseState.FINISHED]
        names = {path.name for path in wanted}
        self._failed = {name: failure for name, failure in self._failed.items() if name in names}  # the others are solved
        return [path for path in wanted if path.name not in self._failed or self._failed[path.name][0] != _marks(path)]

    def _take_in(self, todo: list[Path]) -> None:
        for path in todo:
            self._reading, marks = path.name, _marks(path)
            try:
                self._store.add(path)
            except MedgrpoError as error:
                self._failed[path.name] = (marks, without_paths(error, self._cases))
            except Exception as error:  # noqa: BLE001 - one folder must not end the others; the page names it
                self._failed[path.name] = (marks, f"{type(error).__name__}: {without_paths(error, self._cases)}")
            else:
                self._failed.pop(path.name, None)
        self._reading = None


def _finished(path: Path) -> bool:
    """A whole analysis, or a record that is not being written any more: its signed head says that it is closed."""
    if (path / "analysis.jsonl").is_file():
        return True
    try:
        return '"closed":true' in (path / "record" / "head.json").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False


def _marks(path: Path) -> Marks:
    """What changes when somebody mends the case: name, size and times of the files that are read (permissions change a time)."""
    files = [path / "analysis.jsonl", *sorted(path.glob("record/*.json*")), *sorted(path.glob("review/*.json*"))]
    found = [(file, file.stat()) for file in files if file.is_file()]
    return tuple((file.name, one.st_size, one.st_mtime_ns, one.st_ctime_ns) for file, one in found)
