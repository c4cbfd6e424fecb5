from itertools import pairwise
from pathlib import Path

import pytest

from medgrpo.benchmark import Shard, asked_once, batches, in_shard, read_rows, token_budgets
from medgrpo.core import DataError, InputError


def test_rows_that_are_the_same_keep_their_places_and_are_asked_once(data: Path) -> None:
    rows = read_rows(data)
    twins = [row for row in rows if row.place and row.place % 9 == 0]
    assert len({row.key for row in rows}) == len(rows) == 40
    assert all(row.asked == rows[row.place - 1].asked for row in twins)
    assert len(asked_once(rows)) == len(rows) - len(twins) == 36
    assert [row.place for row in asked_once(rows)[:11]] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11]


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_parts_hold_every_row_once_and_each_clip_whole(data: Path, count: int) -> None:
    rows = read_rows(data)
    parts = [in_shard(rows, Shard(number=number, count=count)) for number in range(1, count + 1)]
    assert sorted(row.place for part in parts for row in part) == list(range(40))
    clips = [{row.clip for row in part} for part in parts]
    assert sum(map(len, clips)) == len({row.clip for row in rows})


def test_batches_hold_every_question_with_those_of_its_clip(data: Path) -> None:
    rows = asked_once(read_rows(data))
    cut = batches(rows, 5)
    assert sorted(row.place for batch in cut for row in batch) == [row.place for row in rows]
    assert [len(batch) for batch in cut] == [5] * 7 + [1]
    order = [row.clip for batch in cut for row in batch]
    assert len([1 for one, next in pairwise(order) if one != next]) == len(set(order)) - 1


def test_a_row_that_cannot_be_read_stops_the_run_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "d.jsonl").write_text('{"qa_type": "tal"}\n')
    with pytest.raises(DataError, match=r"1 questions cannot be read, the first at line 1"):
        read_rows(tmp_path / "d.jsonl")


def test_budgets_cover_the_references_and_a_lower_one_is_refused(data: Path) -> None:
    rows = read_rows(data)
    budgets, warnings = token_budgets(rows, None)
    assert budgets["spatiotemporal_grounding"] == 1024
    assert warnings == []
    with pytest.raises(InputError, match="spatiotemporal_grounding"):
        token_budgets(rows, 20)
    budgets, warnings = token_budgets(rows, 200)
    assert set(budgets.values()) == {200}
    assert "temporal_grounding 448" in warnings[0]
