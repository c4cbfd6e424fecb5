"""New folders into the store, by one thread at a time: an hour that was watched takes half a minute, and no page waits for it."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

from medgrpo.cases import CaseState, CaseStore
from medgrpo.core import MedgrpoError


@dataclass(frozen=True, slots=True)
class IntakeState:
    """`reading`: the folder that is being read, None where nothing is left to do. `failed`: folder and reason, of the last pass."""

    reading: str | None
    failed: tuple[tuple[str, str], ...]


class Intake:
    """`look` begins a pass over the folder of cases unless one is under way."""

    def __init__(self, store: CaseStore, cases: Path) -> None:
        self._store, self._cases = store, cases
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._state = IntakeState(None, ())

    def look(self) -> IntakeState:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                todo = self._todo()
                if todo:
                    self._state = IntakeState(todo[0].name, ())
                    self._thread = threading.Thread(target=self._take_in, args=(todo,), name="taking in cases", daemon=True)
                    self._thread.start()
            return self._state

    def wait(self) -> IntakeState:
        """Until nothing is left to do."""
        thread = self._thread
        if thread is not None:
            thread.join()
        return self._state

    def _todo(self) -> list[Path]:
        """Finished cases that the store does not know, or knows as open; those that failed are not tried again."""
        failed = {name for name, _ in self._state.failed}
        known: dict[str, CaseState] = {}
        offset = 0
        while True:
            found, count = self._store.search(limit=500, offset=offset)
            known |= {one.case.folder: one.case.state for one in found}
            offset += len(found)
            if offset >= count or not found:
                break
        return [
            path
            for path in sorted(self._cases.iterdir())
            if path.name not in failed and _finished(path) and known.get(str(path.resolve())) is not CaseState.FINISHED
        ]

    def _take_in(self, todo: list[Path]) -> None:
        failed = list(self._state.failed)
        for path in todo:
            self._state = IntakeState(path.name, tuple(failed))
            try:
                self._store.add(path)
            except MedgrpoError as error:
                failed.append((path.name, str(error)))
            except Exception as error:  # noqa: BLE001 - one folder must not end the others; the page names it
                failed.append((path.name, f"{type(error).__name__}: {error}"))
        self._state = IntakeState(None, tuple(failed))


def _finished(path: Path) -> bool:
    """A whole analysis, or a record that is not being written any more: its signed head says that it is closed."""
    if (path / "analysis.jsonl").is_file():
        return True
    try:
        return '"closed":true' in (path / "record" / "head.json").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
