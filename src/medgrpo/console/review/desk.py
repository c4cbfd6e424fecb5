"""What the pages of reviewing share: the store, the cases that are open on it, and what is still being taken in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from anyio import CapacityLimiter
from anyio.to_thread import run_sync

from medgrpo.cases import Case, CaseStore, standing
from medgrpo.console.review.compare import Compared, compared
from medgrpo.console.review.dossiers import Dossiers
from medgrpo.console.review.intake import Intake
from medgrpo.core import InputError

if TYPE_CHECKING:
    from medgrpo.console.visit import Visit

_ID = re.compile(r"[0-9a-f]{12}")


class Desk:
    """One per console that has a store."""

    def __init__(self, store: CaseStore, cases: Path) -> None:
        self.store, self.dossiers, self.intake = store, Dossiers(), Intake(store, cases)
        self._comparing = CapacityLimiter(1)  # however many ask: no more than one thread takes processor time from the pages

    async def case(self, visit: Visit) -> Case:
        """The case that the path names, by its whole id. Refused 404 when there is none."""
        from medgrpo.console.visit import Refused

        id = str(visit.request.path_params["id"])
        if not _ID.fullmatch(id):
            raise Refused(404, "error.no_case")
        try:
            return await run_sync(self.store.find, id)
        except InputError as error:
            raise Refused(404, "error.no_case") from error

    async def compared(self, before: str, after: str) -> Compared:
        """In a thread, one at a time, and bounded."""
        return await run_sync(compared, before, after, limiter=self._comparing)

    def said(self, case: Case, finding_id: str) -> str | None:
        """What stands for a finding now, the machine's own words where it was rejected; None where there is no such finding."""
        last = standing(self.store.corrections(case.id)).get(finding_id)
        if last is not None and last.text is not None:
            return last.text
        findings = self.dossiers.of(case).folder.timeline.findings
        return next((one.text for one in findings if one.id == finding_id), None)
