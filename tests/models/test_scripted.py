"""The protocol's shape, held by its simplest backend."""

from __future__ import annotations

import asyncio

import pytest

from medgrpo.models import Completion, Failure, Request, ScriptedModel


def test_each_request_gets_its_own_result_in_order() -> None:
    model = ScriptedModel({"a": "0.0-5.0 seconds.", "b": "tying"})
    got = asyncio.run(model.generate([Request(key, "?", None, 8) for key in ("b", "missing", "a")]))
    assert [one.text if isinstance(one, Completion) else one.reason for one in got] == [
        "tying",
        "no scripted reply for missing",
        "0.0-5.0 seconds.",
    ]
    assert isinstance(got[1], Failure)
    assert got[1].lasting


def test_a_request_without_room_for_an_answer_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="max_new_tokens"):
        Request("a", "?", None, 0)
