"""Runs, groups, windows and picked frames, by hand."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from medgrpo.core import Span
from medgrpo.sources.runs import groups, label_runs, spaced, unbroken, windows


def test_runs_by_hand() -> None:
    assert unbroken([3, 4, 5, 9, 10]) == [(3, 5), (9, 10)]
    assert unbroken([0, 25, 75], step=25) == [(0, 25), (75, 75)]
    assert unbroken([]) == []
    assert label_runs({1: {"a"}, 2: {"a", "b"}, 3: {"b"}, 5: {"a"}}) == [(1, 2, "a"), (2, 3, "b"), (5, 5, "a")]


def test_frames_are_picked_as_raggedly_as_they_lie() -> None:
    assert spaced([0, 25, 50, 100, 110, 125, 150], 50) == (0, 50, 100, 150)
    assert spaced([7], 50) == (7,)
    assert spaced([], 1) == ()


def test_groups_are_cut_only_where_nothing_is_under_way() -> None:
    spans = [Span(0, 10), Span(5, 100), Span(90, 110), Span(120, 130), Span(131, 140)]
    assert groups(spans, 50) == [(0, 3), (3, 5)]
    assert groups(spans, 1000) == [(0, 5)]
    assert groups([], 50) == []


@given(st.integers(0, 10_000), st.integers(1, 3000), st.integers(1, 400))
def test_windows_cover_everything_once(first: int, count: int, longest: int) -> None:
    found = windows(first, first + count - 1, longest)
    assert [number for start, end in found for number in range(start, end + 1)] == list(range(first, first + count))
    assert all(end - start + 1 <= longest for start, end in found)


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 60)), max_size=40), st.integers(1, 200))
def test_groups_hold_each_span_once_and_never_cut_one(raw: list[tuple[int, int]], longest: int) -> None:
    spans = sorted(Span(start, start + length) for start, length in raw)
    found = groups(spans, longest)
    assert [index for first, after in found for index in range(first, after)] == list(range(len(spans)))
    for _, after in found[:-1]:
        assert max(span.end_seconds for span in spans[:after]) <= spans[after].start_seconds
