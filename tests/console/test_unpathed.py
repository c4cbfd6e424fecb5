"""Errors told to a browser name no folder of this machine."""

from pathlib import Path

import pytest

from medgrpo.console.unpathed import without_paths
from medgrpo.core import DataError


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ("/srv/Ada Stein/cases/one/record: holds no entry", "one/record: holds no entry"),
        ("/srv/Ada Stein/cases: no such folder", "cases: no such folder"),
        ("/var/lib/medgrpo/cases.db: the store of cases: database is locked", "cases.db: the store of cases: database is locked"),
        ("'abc': there is no such case in /var/lib/cases.db", "'abc': there is no such case in cases.db"),
        ("case in postgresql://ada@host/cases", "case in cases"),
        ("as in ~/.config/medgrpo/record.pem: no key", "as in record.pem: no key"),
        ("phase/step and 3/4 stay, evidence/A0001.jpg too", "phase/step and 3/4 stay, evidence/A0001.jpg too"),
        (DataError("/srv/Ada Stein/cases/one/analysis.jsonl", "line 3: no record"), "one/analysis.jsonl: line 3: no record"),
    ],
)
def test_what_a_browser_is_told(error, told):
    assert without_paths(error, Path("/srv/Ada Stein/cases")) == told
