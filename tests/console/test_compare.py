"""Versions beside one another: the fewest lines that differ, in bounded time, and nobody else waits for it."""

from __future__ import annotations

import time
from pathlib import Path

import anyio
import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("starlette", reason="the extra `serve` is not installed")
pytest.importorskip("sqlalchemy", reason="the extra `serve` is not installed")

from medgrpo.console import NoUsers, make_app
from medgrpo.console.review.compare import compared
from tests.console import reviewing

ALIKE = [
    "\n".join(
        f"{n}. The clip number {n * k % 37} is {words} the duct, and {n * k % 13} more of them are seen." for n in range(1500)
    )
    for k, words in ((7, "on"), (5, "at"))
]
"""1,500 lines that resemble one another, none of them the same: the most work for a comparison."""


def _most_in_common(old: list[str], new: list[str]) -> int:
    best = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i, one in enumerate(old):
        for j, other in enumerate(new):
            best[i + 1][j + 1] = best[i][j] + 1 if one == other else max(best[i][j + 1], best[i + 1][j])
    return best[-1][-1]


def test_lines_that_are_gone_stand_before_those_that_were_added():
    assert compared("", "a\nb").lines == (("same", "a"), ("same", "b"))
    assert compared("a\nb", "a\nc").lines == (("same", "a"), ("gone", "b"), ("added", "c"))
    both = compared("a\nb\nc\nd", "a\nx\ny\nd").lines
    assert both == (("same", "a"), ("gone", "b"), ("gone", "c"), ("added", "x"), ("added", "y"), ("same", "d"))


def test_in_brief_only_what_lies_near_a_change_is_shown():
    old = [str(n) for n in range(20)]
    found = compared("\n".join(old), "\n".join([*old[:9], "new", *old[9:]])).brief
    assert [line for _, line in found] == ["…", "7", "8", "new", "9", "10", "…"]
    assert compared("a", "a").brief == (("left", "…"),)


LINES = st.lists(st.sampled_from("abcd"), min_size=1, max_size=12)


@given(LINES, LINES)
def test_nothing_is_lost_and_no_line_differs_without_need(old: list[str], new: list[str]):
    found = compared("\n".join(old), "\n".join(new))
    assert [line for kind, line in found.lines if kind != "added"] == old
    assert [line for kind, line in found.lines if kind != "gone"] == new
    assert sum(kind == "same" for kind, _ in found.lines) == _most_in_common(old, new)
    assert not found.coarse


@given(LINES, LINES)
def test_beyond_the_bound_nothing_is_lost_either(old: list[str], new: list[str]):
    found = compared("\n".join(old), "\n".join(new), most_steps=2)
    assert [line for kind, line in found.lines if kind != "added"] == old
    assert [line for kind, line in found.lines if kind != "gone"] == new


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ALIKE,
        ("a\nb\n" * 50_000, "b\nc\n" * 50_000),
        ("\n".join(map(str, range(30_000))), "\n".join(map(str, range(30_000, 0, -1)))),
    ],
    ids=["alike", "repeated", "reversed"],
)
def test_texts_that_were_made_to_take_long_do_not(old: str, new: str):
    begun = time.process_time()
    found = compared(old, new)
    assert time.process_time() - begun < 5, "0.4 s on the machine where it was written"
    assert found.coarse


def test_other_requests_are_answered_while_two_versions_are_compared(raw: Path, tmp_path: Path):
    """On loopback without accounts, one event loop, as in service: how long a page takes that is asked for meanwhile."""
    with reviewing.office(tmp_path, raw) as office:
        for parent, text in enumerate(ALIKE):
            office.store.write(office.analysed.id, text, "ada", parent=parent)
        app = make_app(office.settings, NoUsers(), office.store)
        waited: list[float] = []
        taken: dict[str, float] = {}

        async def compares(client: httpx2.AsyncClient, done: anyio.Event) -> None:
            begun = time.perf_counter()
            answer = await client.get(f"/review/{office.analysed.id}/versions/2")
            taken["comparison"] = time.perf_counter() - begun
            assert "too little in common" in answer.text
            done.set()

        async def asks() -> None:
            transport = httpx2.ASGITransport(app=app)
            async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8600", headers=reviewing.HTML) as client:
                await client.get("/review")
                async with anyio.create_task_group() as group:
                    done = anyio.Event()
                    group.start_soon(compares, client, done)
                    while not done.is_set():
                        begun = time.perf_counter()
                        assert (await client.get("/sign-in")).status_code == 200
                        waited.append(time.perf_counter() - begun)
                        await anyio.sleep(0.01)

        anyio.run(asks)
    print(f"comparison {taken['comparison']:.2f} s; {len(waited)} others meanwhile, at most {max(waited):.3f} s")  # noqa: T201
    assert len(waited) > 3, "others were answered while it was going on"
    others = sorted(waited)[:-1]  # one may have met a pause of the machine; one that had to wait for the comparison left no others
    assert max(others) < max(0.25, taken["comparison"] / 2), waited
