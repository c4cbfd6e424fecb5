"""Plans of every recipe in the repository, of small ones with their data, and what is said where something does not fit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from medgrpo.core import InputError
from medgrpo.policy import Asked, GrpoRecipe, Machine, make_plan, plan_json, plan_lines, read_recipe
from medgrpo.policy.planning.geometry import find_geometry
from medgrpo.policy.planning.memory import Sequence_
from medgrpo.policy.planning.work import Work, language_forward, vision_forward

torch = pytest.importorskip("torch", reason="needs the extra `models`")

_RECIPES = sorted((Path(__file__).parents[3] / "recipes").glob("*.toml"))
_H100 = Machine(4e14, 2.5e12, 5e-6)


@pytest.mark.parametrize("path", _RECIPES, ids=lambda path: path.stem)
def test_every_recipe_is_planned_without_its_data(path: Path, tiny25: Any, tmp_path: Path) -> None:
    recipe = read_recipe(path)
    if Path(recipe.model.checkpoint).is_absolute():  # made by the commands in the docs
        recipe = recipe.model_copy(update={"model": recipe.model.model_copy(update={"checkpoint": str(tiny25.folder)})})
    recipe = recipe.model_copy(update={"data": recipe.data.model_copy(update={"questions": tmp_path / "absent.json"})})
    plan = make_plan(recipe, Asked(machine=_H100))
    assert plan.step_seconds is not None
    assert 0 < plan.step_seconds < 3600
    held = {part.name: part.held_bytes for part in plan.parts}
    assert held["gradients"] == 4 * sum(plan.trained.values())
    assert held["optimiser (AdamW's two moments)"] == 2 * held["gradients"]
    assert held["weights"] <= plan.peak_bytes
    assert json.loads(json.dumps(plan_json(plan)))["peak_bytes"] == plan.peak_bytes
    assert any("estimated" in line for line in plan_lines(plan))


def _seven(**model: Any) -> GrpoRecipe:
    tables: dict[str, Any] = {
        "model": {"checkpoint": "Qwen/Qwen2.5-VL-7B-Instruct", "compute": "bfloat16", "device": "cuda"} | model,
        "data": {"questions": "absent.json", "most_frames": 64},
        "rewards": {"normaliser": "none"},
        "run": {"steps": 10},
    }
    return GrpoRecipe.model_validate(tables)


def test_what_does_not_fit_is_said_with_what_to_change() -> None:
    plan = make_plan(_seven(), Asked(device_bytes=80 * 10**9, measure=False))
    assert plan.problems[0].startswith("needs ")
    assert plan.problems[0].endswith("GB at most, the device has 80.0 GB")
    needed = [size for _, size in plan.advice]
    assert needed == sorted(needed, reverse=True)
    assert needed[-1] <= 80e9 < needed[-2]
    assert plan.advice[-1][0] == "model.lora_rank = 16, and head frozen"
    assert plan.step_seconds is None
    assert any(line == "time       not known: not asked for" for line in plan_lines(plan))
    fits = make_plan(_seven(), Asked(device_bytes=400 * 10**9, measure=False))
    assert (fits.problems, fits.advice) == ((), ())


def test_of_eight_processes_each_holds_a_share() -> None:
    recipe = _seven()
    sharded = recipe.model_copy(update={"run": recipe.run.model_copy(update={"spread": "shard"})})
    one, eight = (make_plan(sharded, Asked(measure=False, processes=count)) for count in (1, 8))
    copies = make_plan(recipe, Asked(measure=False, processes=8))
    held = {part.name: part.held_bytes for part in eight.parts}
    whole = {part.name: part.held_bytes for part in one.parts}
    for name in ("weights", "gradients", "optimiser (AdamW's two moments)"):
        assert held[name] == whole[name] // 8
    assert held["rollout: all weights, gathered"] == 4 * 8_292_166_656 * 7 // 8
    assert eight.peak_bytes < 0.5 * one.peak_bytes == 0.5 * copies.peak_bytes


def _rollout(**rollout: int) -> GrpoRecipe:
    """Vision frozen; clips of 64 pictures of at most 48 merged patches: 32 x 16 x 12 patches, 1,536 tokens, 1,716 with the text."""
    recipe = _seven(frozen=["vision"])
    return recipe.model_copy(update={"rollout": recipe.rollout.model_copy(update=rollout)})


def _held(recipe: GrpoRecipe, processes: int = 1) -> dict[str, int]:
    return {part.name: part.held_bytes for part in make_plan(recipe, Asked(measure=False, processes=processes)).parts}


def test_prompts_together_have_each_a_cache_and_features_stay() -> None:
    cache, features = "rollout: cache of keys and values", "features of clips (rollout.prompts_kept)"
    one = 28 * (1716 + 8 * 256) * 4 * 128 * (4 + 2)
    assert _held(_rollout())[cache] == one
    assert features not in _held(_rollout())
    many = _held(_rollout(prompts_together=4, prompts_kept=10))
    assert (many[cache], many[features]) == (4 * one, 10 * 1536 * 3584 * 2)
    assert _held(_rollout(prompts_together=20))[cache] == 8 * one  # a step asks eight
    assert _held(_rollout(prompts_together=4))["rollout: pixels of the other prompts"] == 3 * 32 * 16 * 12 * 1176 * 4
    held_out = _rollout(prompts_together=20).model_copy(
        update={"held_out": _seven().held_out.model_copy(update={"questions": Path("absent.json"), "answers": 8})}
    )
    assert _held(held_out)[cache] == 20 * one
    seen = make_plan(_rollout(prompts_together=4, prompts_kept=10), Asked(measure=False))
    without = make_plan(_rollout(), Asked(measure=False))
    assert seen.peak_bytes - without.peak_bytes >= many[features]


def test_a_frozen_tower_stays_whole_in_every_process() -> None:
    recipe = _rollout(prompts_kept=10)
    recipe = recipe.model_copy(update={"run": recipe.run.model_copy(update={"spread": "shard"})})
    held = _held(recipe, 8)
    tower, rest = 4 * (631_975_680 + 44_574_464), 4 * (7_070_619_136 + 544_997_376)
    assert held["weights"] == tower + rest // 8
    assert held["rollout: all weights, gathered"] == rest * 7 // 8
    assert held["gradients"] == rest // 8
    assert held["features of clips (rollout.prompts_kept)"] == 10 * 1536 * 3584 * 2


def test_another_device_than_the_processor_is_not_measured() -> None:
    plan = make_plan(_seven(device="meta"), Asked())
    assert plan.untimed == "only the processor is measured, not meta: give --teraflops and --bandwidth of that device"


def test_adapters_need_no_moments_of_the_frozen_weights() -> None:
    plan = make_plan(_seven(lora_rank=16, frozen=["vision", "head"]), Asked(measure=False))
    rank16 = 16 * 28 * (4 * 3584 + 3584 + 512 + 3584 + 512 + 3 * (3584 + 18944))  # q and o, k, v, three of the inner width
    assert dict(plan.trained) == {"tower": 0, "projector": 0, "language": 0, "adapters": rank16, "head": 0}


def test_a_device_that_is_not_here_has_no_measured_time() -> None:
    plan = make_plan(_seven(), Asked())
    if not torch.cuda.is_available():
        assert plan.untimed.startswith("this machine has no cuda: give --teraflops and --bandwidth")


def test_products_are_those_that_torch_counts(tiny: Any) -> None:
    from torch.utils.flop_counter import FlopCounterMode

    g = find_geometry(str(tiny.folder))
    encoded = tiny.encoded(frames=16)
    policy = tiny.policy()
    prompt = policy.prompt(encoded)
    policy.network.model.language_model.set_attn_implementation("eager")
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        policy.network.model.language_model(inputs_embeds=torch.zeros(1, 100, g.width), position_ids=torch.zeros(3, 1, 100).long())
    attention = g.attending * 4 * 100 * 100 * g.queries  # eagerly: the whole square
    planned = language_forward(g, Sequence_(100, 0)).products + attention
    assert sum(counter.flop_counts["Global"].values()) == pytest.approx(planned, rel=0.05 if g.recurrent else 1e-6)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        policy.network.model.visual(prompt.pixels, grid_thw=prompt.grid)
    seen = vision_forward(g, encoded.clips[0].grid_thw)  # torch does not count the attention of a processor's fused kernel
    assert sum(counter.flop_counts["Global"].values()) == pytest.approx(seen.products, rel=1e-6)


def test_told_rates_add_up() -> None:
    machine = Machine(products=1e12, bandwidth=1e11, call_seconds=1e-6)
    work = Work(products=2e12, narrow=1e12, attention=5e11, moved=1e11, calls=1e5)
    # eight rows of weights of 4 bytes: 2 * 8 * 1e11 / 4 = 4e11 a second
    assert machine.seconds(work, 8, 4) == pytest.approx(2 + 1e12 / 4e11 + 1 + 1 + 0.1)


def test_a_recipe_of_either_kind_is_told_apart(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text(
        '[model]\ncheckpoint = "m"\n[data]\nquestions = "q"\n[run]\nepochs = 1\nx = 2\n', encoding="utf-8"
    )
    with pytest.raises(InputError, match=r"s.toml: run.x: no such key; there are epochs, seed, checkpoint_every"):
        read_recipe(tmp_path / "s.toml")
    with pytest.raises(InputError, match="cannot be read"):
        read_recipe(tmp_path / "absent.toml")


def test_a_second_engine_is_named_with_its_copy_of_the_weights() -> None:
    recipe, names = _seven(), ("network", "vllm")
    both = {one: recipe.model_copy(update={"rollout": recipe.rollout.model_copy(update={"engine": one})}) for one in names}
    plain, with_copy = (make_plan(both[one], Asked(measure=False)) for one in names)
    weights = 2 * sum(plain.geometry.parameters().values())  # bfloat16
    held = {part.name: part.held_bytes for part in with_copy.parts}
    assert held["vLLM: its own copy of the weights"] == weights
    assert held["vLLM: its cache of keys and values"] == 4_000_000_000
    assert not [name for name in held if name.startswith("rollout")]
    assert "sampling   by the network that is trained" in plan_lines(plain)
    assert "sampling   by vLLM in the same process, which holds a second copy of the weights" in plan_lines(with_copy)
    assert (plan_json(plain)["engine"], plan_json(with_copy)["engine"]) == ("network", "vllm")
    told = make_plan(both["vllm"], Asked(device_bytes=with_copy.peak_bytes - 1, measure=False))
    assert told.advice[0][0] == "rollout.engine = `network` (no second copy of the weights)"


def test_time_is_not_measured_where_vllm_samples_and_what_its_cache_cannot_hold_is_said() -> None:
    recipe = _seven(device="cpu")
    rollout = recipe.rollout.model_copy(update={"engine": "vllm", "engine_cache_gb": 0.03})
    plan = make_plan(recipe.model_copy(update={"rollout": rollout}), Asked(processes=2))
    assert plan.untimed.startswith("vLLM's sampling is not measured here")
    cache, processes = plan.problems[-2:]
    # 30 MB of 28 layers x 2 x 512 numbers of 2 bytes are 523 tokens: four blocks of 128, one of them vLLM's own
    assert cache.startswith("rollout.engine_cache_gb = 0.03 holds 384 tokens")
    assert processes == "rollout.engine = `vllm` samples in one process, not in 2: the run would be refused"
