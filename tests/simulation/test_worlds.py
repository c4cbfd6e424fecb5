"""Equal seeds give equal worlds; the truth of a frame is consistent with the script and lies where the pixels are."""

from __future__ import annotations

import json

import numpy as np
import pytest

from medgrpo.core import InputError, Span
from medgrpo.simulation import WORLDS, Deed, Segment, WorldCase, WorldScript, simulate_world, write_world
from medgrpo.simulation.worlds.bench_plan import graded
from medgrpo.simulation.worlds.script import gapless

NAMES = tuple(WORLDS)


@pytest.fixture(scope="module", params=NAMES)
def case(request: pytest.FixtureRequest) -> WorldCase:
    """Two minutes, seed 3, 192x120, 2 frames a second."""
    return simulate_world(request.param, 2, 3, size_wh=(192, 120), frame_rate=2)


def test_equal_seeds_give_equal_pixels_in_any_order(case: WorldCase) -> None:
    again = simulate_world(case.world, 2, 3, size_wh=(192, 120), frame_rate=2)
    moments = [5.0, 61.5, 110.0]
    forwards = [case.picture_at(seconds) for seconds in moments]
    backwards = [again.picture_at(seconds) for seconds in reversed(moments)][::-1]
    assert all(np.array_equal(one, other) for one, other in zip(forwards, backwards, strict=True))
    assert list(case.truths()) == list(again.truths())


def test_another_seed_is_another_case(case: WorldCase) -> None:
    other = simulate_world(case.world, 2, 4, size_wh=(192, 120), frame_rate=2)
    assert other.script != case.script
    assert np.mean(other.picture_at(40.0) != case.picture_at(40.0)) > 0.3


def test_every_frame_says_what_its_script_says(case: WorldCase) -> None:
    truths = list(case.truths())
    assert len(truths) == case.frame_count == 240
    assert {truth.action for truth in truths} <= set(case.labels)
    assert len({truth.action for truth in truths}) >= 5
    assert any(truth.tools for truth in truths)
    for truth in truths:
        assert truth.action == case.script.action_at(truth.seconds).label
        names = [tool.name for tool in truth.tools]
        assert len(names) == len(set(names))
        assert all(tool.box_xyxy.area > 0 for tool in truth.tools)


def test_a_tool_lies_in_its_box() -> None:
    """Between two frames of the still bench, what changed lies mostly in the boxes of either frame."""
    case = simulate_world("bench-suturing", 2, 3, size_wh=(192, 120), frame_rate=2)
    height, width = 120, 192
    for seconds in (20.0, 50.0, 90.0):
        one, other = (case.picture_at(s).astype(int) for s in (seconds, seconds + 4))
        changed = np.abs(one - other).max(axis=2) > 60
        boxed = np.zeros((height, width), bool)
        for moment in (seconds, seconds + 4):
            for tool in case.truth_at(moment).tools:
                x0, y0, x1, y1 = tool.box_xyxy.xyxy
                boxed[int(y0 * height) : int(y1 * height) + 1, int(x0 * width) : int(x1 * width) + 1] = True
        if changed.sum() > 40:
            assert changed[boxed].mean() > 3 * changed[~boxed].mean()


def test_the_knife_is_seen_only_when_the_act_has_a_knife() -> None:
    case = simulate_world("submucosal-dissection", 3, 11, size_wh=(192, 120), frame_rate=2)
    for truth in case.truths():
        if "knife" in {tool.name for tool in truth.tools}:
            assert "knife" in truth.action


def test_nothing_is_labelled_while_the_surgeon_looks_away() -> None:
    away = 0
    for seed in range(4):
        case = simulate_world("open-surgery", 3, seed, size_wh=(192, 120), frame_rate=1)
        unseen = [truth for truth in case.truths() if not truth.tools]
        away += len(unseen)
    assert away > 0


def test_grades_follow_from_what_was_measured() -> None:
    best = {
        "Respect for tissue": 0.0,
        "Suture/needle handling": 0.0,
        "Time and motion": 1.0,
        "Flow of operation": 0.0,
        "Quality of final product": 0.0,
    }
    assert set(graded(best).values()) == {5}
    worst = dict.fromkeys(best, 99.0)
    assert set(graded(worst).values()) == {1}
    mixed = graded({**best, "Flow of operation": 0.12, "Quality of final product": 0.03})
    assert (mixed["Flow of operation"], mixed["Quality of final product"], mixed["Overall performance"]) == (3, 2, 4)


def test_trials_are_graded_over_the_whole_scale() -> None:
    found = [simulate_world("bench-suturing", 2, seed, size_wh=(160, 120)).script.skill or {} for seed in range(60)]
    for aspect in found[0]:
        assert len({grades[aspect] for grades in found}) >= 4, aspect


def test_a_script_has_no_gap() -> None:
    parts = gapless([("a", 1.0), ("b", 3.0)], 8.0)
    assert [part.span for part in parts] == [Span(0, 2), Span(2, 8)]
    with pytest.raises(ValueError, match="without a gap"):
        WorldScript(8.0, parts, (Segment(Span(1, 8), "a"),), (Deed(Span(0, 1), "knife", "cuts", "it"),))


def test_a_case_on_disk(tmp_path, case: WorldCase) -> None:
    write_world(case, tmp_path, video=False, frames=True)
    told = json.loads((tmp_path / "truth.json").read_text())
    assert told["world"] == case.world
    assert told["actions"][-1]["end_seconds"] == 120
    lines = [json.loads(line) for line in (tmp_path / "truth.jsonl").read_text().splitlines()]
    assert len(lines) == 120 == len(list((tmp_path / "frames").iterdir()))
    assert (told["skill"] is None) == (case.world != "bench-suturing")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("magic", 2, 1), "no such world"),
        (("open-surgery", 0.1, 1), "0.5 to 60 minutes"),
        (("open-surgery", 2, -1), "the seed must be"),
    ],
)
def test_what_cannot_be_is_named(arguments: tuple[str, float, int], told: str) -> None:
    with pytest.raises(InputError, match=told):
        simulate_world(*arguments)
