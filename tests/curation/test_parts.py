"""The small parts, by numbers worked out by hand."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from pydantic import ValidationError

from medgrpo.core import InputError, Span
from medgrpo.curation import Recipe, StageCount, load_recipe
from medgrpo.curation.chance import draw, lognormal, pick
from medgrpo.curation.counts import Tally, added
from medgrpo.curation.cutting import before, drawn_rate, tiles
from medgrpo.curation.figures import bin_of
from medgrpo.curation.sampling import Candidate, balanced, shares
from medgrpo.curation.splitting import Leak, check_leaks, side_of
from medgrpo.sources import is_doubtful, recordings


def test_a_draw_depends_on_names_alone_and_is_even() -> None:
    assert draw(0, "a", 1) == draw(0, "a", "1")
    assert len({draw(0, "a"), draw(1, "a"), draw(0, "b"), draw(0, "a", "b"), draw(0, "ab")}) == 5
    values = [draw(3, "even", number) for number in range(4000)]
    assert max(abs(sum(value < edge for value in values) / 4000 - edge) for edge in (0.1, 0.25, 0.5, 0.9)) < 0.03


def test_pick_by_weights() -> None:
    assert [pick("abc", [1, 2, 1], share) for share in (0.0, 0.249, 0.25, 0.749, 0.75, 0.999)] == list("aabbcc")
    with pytest.raises(ValueError, match="nothing"):
        pick("", [], 0.5)


def test_half_of_a_lognormal_is_below_its_median() -> None:
    assert lognormal(60, 0.97, 0.5) == pytest.approx(60)
    assert lognormal(60, 0.97, 0.8413447460685429) == pytest.approx(60 * 2.718281828459045**0.97)


def test_shares_fill_like_water() -> None:
    assert shares({"a": 100, "b": 2, "c": 10}, 30) == {"a": 18, "b": 2, "c": 10}
    assert shares({"a": 5, "b": 5}, 3) == {"a": 2, "b": 1}
    assert shares({"a": 5, "b": 1}, 100) == {"a": 5, "b": 1}
    assert shares({}, 4) == {}


def test_a_larger_draw_holds_the_smaller_one() -> None:
    made = [Candidate("t", "s", draw(0, number), ("s", number)) for number in range(50)]
    small, large = balanced(made, 10), balanced(reversed(made), 20)
    assert len(small) == 10
    assert small < large


def test_what_comes_in_is_kept_or_dropped() -> None:
    with pytest.raises(ValidationError, match="3 taken, but 1 kept and 1 dropped"):
        StageCount(stage="cut", what="clips", taken=3, kept=1, dropped={"short": 1})
    tally = Tally("cut", "clips")
    tally.take(3)
    tally.keep()
    tally.drop("short", 2)
    both = added("cut", [tally.count(), tally.count()])
    assert (both.taken, both.kept, both.dropped) == (6, 2, {"short": 4})


def test_clips_follow_one_another_within_the_limits() -> None:
    recipe = Recipe()
    actions = [Span(float(at), at + 37.5) for at in range(0, 9000, 90)]
    clips = tiles(recipe, "AVOS", "v", Span(3.0, 9000.25), actions)
    assert (clips[0].span.start_seconds, clips[-1].span.end_seconds) == (3.0, 9000.25)
    assert all(one.span.end_seconds == after.span.start_seconds for one, after in pairwise(clips))
    assert all(20 <= round(one.seconds, 2) <= 1800 for one in clips)
    inside = sum(any(one.start_seconds < clip.span.end_seconds < one.end_seconds for one in actions) for clip in clips)
    assert 0 < inside < len(clips) * 0.3
    assert tiles(recipe, "AVOS", "v", Span(0.0, 19.9), []) == []
    never = tiles(Recipe(border_share=0.0), "AVOS", "v", Span(0.0, 9000.0), actions)
    assert not any(one.start_seconds < clip.span.end_seconds < one.end_seconds for clip in never for one in actions)


def test_a_clip_before_a_step_ends_with_it() -> None:
    clip = before(Recipe(), "AVOS", "v", Span(500.0, 530.0))
    assert clip is not None
    assert clip.span.end_seconds == 530.0
    assert clip.seconds >= 20
    assert before(Recipe(), "AVOS", "v", Span(10.0, 19.0)) is None


def test_rates_keep_the_number_of_frames_within_the_limits() -> None:
    recipe = Recipe()
    assert {drawn_rate(recipe, 1800.0, 9, n) * 1800 <= 768 for n in range(200)} == {True}
    assert {drawn_rate(recipe, 20.0, 9, n) * 20 >= 8 for n in range(200)} == {True}
    common = Counter(drawn_rate(recipe, 100.0, 9, n) for n in range(2000))
    assert common.most_common(1)[0][0] == Fraction(1, 2)
    assert common[Fraction(1, 2)] / 2000 == pytest.approx(0.633, abs=0.04)
    assert drawn_rate(Recipe(rates={"0.1": 1.0}), 20.0, 9, 1) == Fraction(1, 10)


def test_the_split_keeps_its_ratio_and_no_recording_moves() -> None:
    recipe = Recipe()
    sides = {f"AVOS:{number}": side_of(recipe, "AVOS", str(number)) for number in range(5000)}
    assert sum(side == "test" for side in sides.values()) / 5000 == pytest.approx(0.15, abs=0.015)
    assert side_of(recipe, "AVOS", "7") == sides["AVOS:7"]


def test_one_recording_on_both_sides_is_a_leak() -> None:
    assert check_leaks([("train", "AVOS", "a"), ("test", "AVOS", "b"), ("train", "AVOS", "a")]) == 2
    with pytest.raises(Leak, match="AVOS a is in the test set"):
        check_leaks([("train", "AVOS", "a"), ("test", "AVOS", "a")])
    with pytest.raises(Leak, match="Cholec80-CVS 68 is in the test set, and CholecT50 VID68, the same recording"):
        check_leaks([("train", "CholecT50", "VID68"), ("test", "Cholec80-CVS", "68")])


def test_two_sources_of_one_operation_are_on_one_side_and_a_disputed_one_is_never_tested() -> None:
    shared = next(entry.videos for entry in recordings().numbered if entry.source == "CholecT50")
    for number in (one for one in shared if one <= 80):
        assert side_of(Recipe(), "CholecT50", f"VID{number:02d}") == side_of(Recipe(), "Cholec80-CVS", str(number))
    disputed = [number for number in range(1, 81) if is_doubtful("CholecTrack20", f"VID{number:02d}")]
    assert disputed
    for seed in range(40):
        assert {side_of(Recipe(seed=seed), "CholecTrack20", f"VID{number:02d}") for number in disputed} == {"train"}


def test_bins() -> None:
    assert [bin_of(value, (20, 40, 60)) for value in (19.9, 20, 39.9, 40, 60, 1e9)] == [-1, 0, 0, 1, 2, 2]


def test_a_recipe_names_its_fault(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text("seed = 4\n[rates]\n'1.0' = 1.0\n", encoding="utf-8")
    assert load_recipe(path) == Recipe(seed=4, rates={"1.0": 1.0})
    for text, said in (("sede = 1", "sede"), ("test_share = 1.5", "test_share"), ("rates = {'0' = 1}", "no rate"), ("=", "TOML")):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match=said):
            load_recipe(path)
