"""Cases that are being looked at: one never waits for another, and each is read once."""

from __future__ import annotations

import shutil
import threading
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy", reason="the extra `serve` is not installed")

from medgrpo.cases import Case, CaseState, read_folder
from medgrpo.console.review.dossiers import Dossiers
from medgrpo.core import DataError
from tests.cases import made

MODULE = "medgrpo.console.review.dossiers"


def case(folder: Path) -> Case:
    return Case(folder.name, folder.name, str(folder), None, "p", "s", "", None, CaseState.FINISHED, 30.0, 3, 0, True)


@pytest.fixture
def cases(tmp_path: Path) -> list[Case]:
    return [case(made.analysed(tmp_path / f"case{n}", f"{n:02x}" * 32)) for n in range(7)]


def test_work_in_one_case_does_not_wait_for_another(cases, monkeypatch: pytest.MonkeyPatch):
    slow, quick, *_ = cases
    begun, go_on, reads = threading.Event(), threading.Event(), list[str]()

    def read(path: Path):
        reads.append(path.name)
        if path.name == slow.name:
            begun.set()
            assert go_on.wait(120)
        return read_folder(path)

    monkeypatch.setattr(f"{MODULE}.read_folder", read)
    dossiers, found = Dossiers(), list[object]()
    both = [threading.Thread(target=lambda: found.append(dossiers.of(slow))) for _ in range(2)]
    for thread in both:
        thread.start()
    assert begun.wait(60)
    other = threading.Thread(target=lambda: dossiers.of(quick), daemon=True)
    other.start()
    other.join(60)
    assert not other.is_alive(), "the other case is at hand while the first is still being read"
    go_on.set()
    for thread in both:
        thread.join(60)
    assert found[0] is found[1], "who asked for the same case meanwhile waited for it"
    assert reads == [slow.name, quick.name]


def test_the_last_four_are_kept_and_the_others_let_go(cases):
    dossiers = Dossiers()
    first = dossiers.of(cases[0])
    assert dossiers.of(cases[0]) is first
    closed = list[str]()
    for one in cases[:5]:
        pictures = dossiers.of(one).pictures
        pictures.close = lambda name=one.name: closed.append(name)  # type: ignore[method-assign]
    assert closed == ["case0"]
    assert dossiers.of(cases[0]) is not first


def test_a_case_whose_files_have_changed_is_read_anew(cases, tmp_path: Path):
    dossiers = Dossiers()
    before = dossiers.of(cases[0])
    shutil.rmtree(tmp_path / "case0")
    made.analysed(tmp_path / "case0", "ab" * 32, ("Something else is seen.",))
    assert len(before.folder.timeline.findings) == 3
    assert len(dossiers.of(cases[0]).folder.timeline.findings) == 1


def test_one_that_cannot_be_read_is_tried_again(cases, tmp_path: Path):
    dossiers, gone = Dossiers(), replace(cases[0], folder=str(tmp_path / "nowhere"))
    for _ in range(2):
        with pytest.raises(DataError):
            dossiers.of(gone)
    assert dossiers._places == {}
    assert dossiers.of(cases[0]).folder.timeline.findings
