"""The truth of a simulated case and the alerts that it makes right."""

from __future__ import annotations

from pathlib import Path

import pytest

from medgrpo.core import DataError, Span
from medgrpo.evaluation import CaseTruth, TrueEvent, TrueLook, case_truths, conditions, read_case_truth, truth_of
from medgrpo.knowledge import load_procedure
from medgrpo.simulation import Deviation, simulate, write_case

PHASES = (("preparation", Span(0, 20)), ("clipping-and-cutting", Span(20, 100)))


def made(events: tuple[TrueEvent, ...] = (), looks: tuple[TrueLook, ...] = ()) -> CaseTruth:
    return CaseTruth("SIM0001", 100.0, ("none",), PHASES, events, looks)


def clip(at: float, target: str = "cystic_duct") -> TrueEvent:
    return TrueEvent("clip applied", Span(at, at + 3), target)


def cut(at: float, target: str = "cystic_duct") -> TrueEvent:
    return TrueEvent("structure divided", Span(at, at + 3), target)


def test_a_cut_before_any_clip_is_a_condition_and_one_after_is_not() -> None:
    assert conditions(made((cut(30), clip(50))))["division_before_clip"] == [Span(30, 33)]
    assert conditions(made((clip(30), cut(50))))["division_before_clip"] == []
    assert conditions(made((cut(30, "blood_vessel"),)))["division_before_clip"] == []


def test_clips_below_five_points_are_one_condition() -> None:
    looks = tuple(TrueLook(float(at), "inside", (), 4 if at < 45 else 6) for at in range(100))
    found = conditions(made((clip(30), clip(40), clip(50)), looks))
    assert found["clip_before_dissection"] == [Span(30, 43)]


def test_energy_until_the_camera_was_out() -> None:
    looks = tuple(
        TrueLook(float(at), "outside" if 40 <= at < 50 or 70 <= at < 80 else "inside", ("hook,dissect,gallbladder",) * (at < 40), 6)
        for at in range(100)
    )
    found = conditions(made((), looks))
    assert found["view"] == [Span(40, 50), Span(70, 80)]
    assert found["energy_without_view"] == [Span(40, 50)]


@pytest.mark.slow
def test_the_folder_and_the_case_tell_the_same(tmp_path: Path) -> None:
    case = simulate(load_procedure("cholecystectomy"), 2, 31, [Deviation.DIVISION_BEFORE_CLIPPING], size_wh=(320, 180))
    write_case(case, tmp_path, video=False)
    read, known = read_case_truth(tmp_path), truth_of(case, case_truths(case, 1.0))
    assert read.deviations == known.deviations == ("division_before_clipping",)
    assert [name for name, _ in read.phases] == [name for name, _ in known.phases]
    assert [(one.kind, one.target) for one in read.events] == [(one.kind, one.target) for one in known.events]
    assert len(conditions(read)["division_before_clip"]) == 1
    assert [look.view for look in read.looks] == [look.view for look in known.looks]


def test_a_folder_without_truth_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is this the folder of a simulated case"):
        read_case_truth(tmp_path)
    (tmp_path / "truth.json").write_text("{}")
    with pytest.raises(DataError, match="is not the truth of a simulated case"):
        read_case_truth(tmp_path)
