from __future__ import annotations

from pathlib import Path

import pytest

from medgrpo.core import DataError
from medgrpo.experiments.short import BOX_AT, BOX_SECONDS, SHORT_SOURCES, short_questions
from medgrpo.simulation import simulate_world, write_world
from medgrpo.sources import example_of
from medgrpo.tasks import TemporalAnswer, TrackAnswer


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cases")
    for source in SHORT_SOURCES:
        world = simulate_world(source.world, 1.5, 3, size_wh=(160, 120), frame_rate=1)
        write_world(world, folder / source.world / "3", frames=True)
    return folder


def test_every_source_asks_in_time_and_in_place_within_its_window(cases: Path) -> None:
    records = short_questions(cases, 40)
    assert [record.index for record in records] == list(range(len(records)))
    assert {(record.source, record.qa_type) for record in records} == {
        (source.name, kind) for source in SHORT_SOURCES for kind in ("tal", "stg")
    }
    by_name = {source.name: source for source in SHORT_SOURCES}
    for record in records:
        source, gold = by_name[record.source], example_of(record).gold
        seconds = float(record.clip.end) - float(record.clip.start)
        assert all((cases / frame).exists() for frame in record.frames)
        assert len(record.frames) <= 8
        if isinstance(gold, TemporalAnswer):
            assert seconds == source.window_seconds
            assert len(gold.spans) == 1
            span = gold.spans[0]
            assert 0 <= span.start_seconds < span.end_seconds <= seconds
            assert source.least_share <= span.duration_seconds / seconds <= source.most_share
        else:
            assert isinstance(gold, TrackAnswer)
            assert seconds == BOX_SECONDS
            assert [at for at, _ in gold.boxes] == [BOX_AT]
            assert any(thing in record.question for thing in source.things)


def test_no_more_than_asked_for(cases: Path) -> None:
    records = short_questions(cases, 2)
    assert len(records) == 12
    assert records == short_questions(cases, 2)


def test_a_world_without_cases_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="open-surgery"):
        short_questions(tmp_path, 5)
