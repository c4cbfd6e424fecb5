"""The same run gives the same bits: gradients through an index, and weights that a file's header would have moved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="needs the extra `models`")

from medgrpo.policy.loading import load_network  # noqa: E402
from medgrpo.policy.recipe import ModelSettings  # noqa: E402
from medgrpo.policy.repeating import repeatable  # noqa: E402
from tests.policy.small_run import run, small_recipe, write_questions  # noqa: E402


def _gradient_of_an_index() -> bytes:
    draw = torch.Generator().manual_seed(0)
    table = torch.randn(50, 64, generator=draw, requires_grad=True)
    places = torch.randint(0, 50, (3000,), generator=draw)
    (table[places] * torch.randn(3000, 64, generator=draw)).sum().backward()
    return table.grad.numpy().tobytes()


def test_a_gradient_through_an_index_is_the_same_each_time() -> None:
    with repeatable(torch.device("cpu")):
        assert len({_gradient_of_an_index() for _ in range(20)}) == 1


def test_afterwards_all_is_as_the_caller_had_it() -> None:
    def told() -> tuple[bool, bool, bool]:
        filled = torch.utils.deterministic.fill_uninitialized_memory
        return torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled(), filled

    before = told()
    with repeatable(torch.device("cpu")):
        assert told() == (True, False, False)
    assert told() == before
    with repeatable(torch.device("meta")):
        assert told() == before


def test_a_run_is_made_within_it(tiny25: Any, tmp_path: Path) -> None:
    seen: list[bool] = []
    recipe = small_recipe(tiny25.folder, write_questions(tmp_path), run={"steps": 1})
    run(recipe, tmp_path / "run", progress=lambda *_: seen.append(torch.are_deterministic_algorithms_enabled()))
    assert set(seen) == {True}


def test_weights_do_not_lie_where_the_file_put_them(tiny25: Any) -> None:
    network = load_network(ModelSettings(checkpoint=str(tiny25.folder)))
    assert {weight.data_ptr() % 64 for weight in network.parameters()} == {0}
