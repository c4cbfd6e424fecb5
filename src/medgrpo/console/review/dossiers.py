"""Cases that are being looked at, read once: an hour's analysis takes seconds to read, and a page asks for it again and again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from medgrpo.cases import Case, CaseFolder, read_folder
from medgrpo.console.review.pictures import Pictures

_MOST = 4


@dataclass(frozen=True, slots=True)
class Dossier:
    folder: CaseFolder
    pictures: Pictures


class Dossiers:
    """The last four. A case whose files have changed is read anew."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[tuple[object, ...], Dossier]] = OrderedDict()

    def of(self, case: Case) -> Dossier:
        """DataError or RecordError where its folder cannot be read any more."""
        with self._lock:
            now = (case.folder, case.video, *_marks(Path(case.folder)))
            kept = self._kept.get(case.id)
            if kept is None or kept[0] != now:
                if kept is not None:
                    kept[1].pictures.close()
                video = None if case.video is None or not Path(case.video).exists() else Path(case.video)
                folder = read_folder(Path(case.folder))
                kept = (now, Dossier(folder, Pictures(folder, video)))
                self._kept[case.id] = kept
            self._kept.move_to_end(case.id)
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)[1][1].pictures.close()
            return kept[1]


def _marks(folder: Path) -> tuple[object, ...]:
    """What changes when the case does."""
    files = (folder / "analysis.jsonl", folder / "record" / "head.json")
    return tuple((path.stat().st_mtime_ns, path.stat().st_size) for path in files if path.is_file())
