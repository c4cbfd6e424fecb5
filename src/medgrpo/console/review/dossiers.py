"""Cases that are being looked at, read once: an hour's analysis takes seconds to read, and a page asks for it again and again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from medgrpo.cases import Case, CaseFolder, read_folder
from medgrpo.console.review.pictures import Pictures

_MOST = 4


@dataclass(frozen=True, slots=True)
class Dossier:
    folder: CaseFolder
    pictures: Pictures


@dataclass(slots=True)
class _Place:
    """Of one case: who reads it holds `lock`; `asking` counts those that hold it or wait for it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    asking: int = 0
    marks: tuple[object, ...] = ()
    dossier: Dossier | None = None


class Dossiers:
    """The last four, beside those that are being read. A case whose files have changed is read anew; one case never waits for
    another."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # held for a look into the dictionary, never while anything is read
        self._places: OrderedDict[str, _Place] = OrderedDict()

    def of(self, case: Case) -> Dossier:
        """DataError or RecordError where its folder cannot be read any more."""
        with self._place(case.id) as place:
            now = (case.folder, case.video, *_marks(Path(case.folder)))
            if place.dossier is None or place.marks != now:
                old, place.dossier = place.dossier, None
                if old is not None:
                    old.pictures.close()
                video = None if case.video is None or not Path(case.video).exists() else Path(case.video)
                folder = read_folder(Path(case.folder))
                place.dossier, place.marks = Dossier(folder, Pictures(folder, video)), now
            return place.dossier

    @contextmanager
    def _place(self, id: str) -> Generator[_Place]:
        """This case's, held. Afterwards those that nobody asks for go: failed ones, and beyond the last four."""
        with self._lock:
            place = self._places.setdefault(id, _Place())
            place.asking += 1
        try:
            with place.lock:
                yield place
        finally:
            with self._lock:
                place.asking -= 1
                self._places.move_to_end(id)
                idle = [key for key, one in self._places.items() if not one.asking]
                late = [key for key in idle if self._places[key].dossier is not None][:-_MOST]
                gone = [self._places.pop(key) for key in idle if key in late or self._places[key].dossier is None]
            for one in gone:
                if one.dossier is not None:
                    one.dossier.pictures.close()


def _marks(folder: Path) -> tuple[object, ...]:
    """What changes when the case does."""
    files = (folder / "analysis.jsonl", folder / "record" / "head.json")
    return tuple((path.stat().st_mtime_ns, path.stat().st_size) for path in files if path.is_file())
