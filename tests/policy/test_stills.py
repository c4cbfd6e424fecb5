"""Single pictures in training: packed with clips, kept, sampled and measured, each number that of transformers' own forward."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medgrpo.benchmark import clip_of, read_rows
from medgrpo.models import Encoded, Request
from medgrpo.policy import (
    FeatureStore,
    GrpoRecipe,
    NetworkEngine,
    Reader,
    SftRecipe,
    check_sight,
    measure,
    read_questions,
    sample_groups,
    tower_digest,
    train_grpo,
    train_sft,
)
from medgrpo.policy.planning.geometry import find_geometry
from medgrpo.policy.planning.tokens import count_tokens
from medgrpo.policy.questions import encoded_prompt, pictures_of, sampling_of
from medgrpo.video import SampledClip, encode_png
from tests.policy.gradients import assert_same_gradients, gradients_of

torch = pytest.importorskip("torch", reason="needs the extra `models`")


def _still(tiny: Any, seed: int = 7, across: int = 3) -> Encoded:
    side = tiny.encoder.family.form.side_multiple
    image = np.random.default_rng(seed).integers(0, 255, (2 * side, across * side, 3), dtype=np.uint8)
    return tiny.encoder.encode(Request(f"s{seed}", "What is this?", SampledClip.still_of(image, 64, 48), 16))


def _samples(tiny: Any) -> list[Encoded]:
    """Clips and stills in turn; the last asks about the first still again."""
    prompts = [_still(tiny), tiny.encoded(0.5, 8, 0), _still(tiny, 8, 2), tiny.encoded(2.0, 4, 1), _still(tiny)]
    replies = ["a hook", "0-5 seconds", "no", "7-8 seconds", "a clip, closed"]
    return [prompt.with_reply(tiny.encoder.reply_ids(reply)) for prompt, reply in zip(prompts, replies, strict=True)]


def _plain(tiny: Any, network: Any, sample: Encoded) -> Any:
    """The loss per answer token by transformers' own forward over one sample, positions its own, its own attention."""
    network.model.language_model.set_attn_implementation("sdpa")
    ids, types = torch.from_numpy(sample.token_ids.copy())[None], torch.from_numpy(sample.type_ids.copy())[None]
    (clip,) = sample.clips
    names = ("pixel_values", "image_grid_thw") if clip.still else ("pixel_values_videos", "video_grid_thw")
    inputs = dict(zip(names, (torch.from_numpy(clip.values()), torch.tensor([clip.grid_thw])), strict=True))
    timed = {} if clip.still or tiny.encoder.family.tokens_per_second is None else {"second_per_grid_ts": [clip.seconds_per_grid]}
    logits = network(input_ids=ids, mm_token_type_ids=types, **inputs, **timed).logits[0]
    first = sample.prompt_tokens
    return torch.nn.functional.cross_entropy(logits[first - 1 : -1], ids[0, first:], reduction="none")


def test_packed_with_clips_losses_and_gradients_are_those_of_each_alone(tiny: Any) -> None:
    network, samples = copy.deepcopy(tiny.network).train(), _samples(tiny)
    alone = [_plain(tiny, network, sample) for sample in samples]
    torch.cat(alone).mean().backward()
    expected = gradients_of(network)
    network.zero_grad()
    packed = Reader(network, "side", half=False).losses(samples)  # transformers' own rule
    for found, wanted in zip(packed, alone, strict=True):
        torch.testing.assert_close(found, wanted, rtol=0, atol=1e-5)
    torch.cat(packed).mean().backward()
    assert_same_gradients(gradients_of(network), expected)


def test_a_black_or_a_swapped_picture_changes_the_loss(tiny: Any) -> None:
    reader = Reader(copy.deepcopy(tiny.network), "maximum", half=False)
    seen, other = (_still(tiny, seed).with_reply(tiny.encoder.reply_ids("a hook")) for seed in (7, 9))
    with torch.no_grad():
        (own,), (black,), (swapped,) = reader.losses([seen]), reader.losses([seen], blind=True), reader.losses([other])
    assert (own - black).abs().max().item() > 1e-2
    assert (own - swapped).abs().max().item() > 1e-2


def test_features_of_a_still_are_kept_under_a_name_of_their_own(tiny: Any, tmp_path: Path) -> None:
    network, samples = copy.deepcopy(tiny.network), _samples(tiny)
    network.model.visual.requires_grad_(False)
    without = torch.cat(Reader(network, "maximum", half=False).losses(samples))
    digest = tower_digest(network.model.visual, "float32")
    first = FeatureStore(tmp_path, digest)
    torch.testing.assert_close(torch.cat(Reader(network, "maximum", False, first).losses(samples)), without, rtol=0, atol=1e-6)
    assert (first.computed, first.found) == (4, 0)
    network.model.visual.forward = None  # whoever looks once more fails
    again = FeatureStore(tmp_path, digest)
    torch.testing.assert_close(torch.cat(Reader(network, "maximum", False, again).losses(samples)), without, rtol=0, atol=1e-6)
    assert (again.computed, again.found) == (0, 4)
    single = _still(tiny).clips[0]
    film = type(single)(single.key, single.rows, single.grid_thw, 2.0, (0.0,), single.form)
    assert first.path(single) != first.path(film)


@pytest.mark.parametrize("kept", [0, 4])
def test_a_group_about_a_still_has_the_log_probabilities_of_transformers(tiny: Any, kept: int) -> None:
    network = copy.deepcopy(tiny.network)
    if kept:
        network.model.visual.requires_grad_(False)
    policy = type(tiny)(tiny.folder, tiny.encoder, network).policy("side", clips_kept=kept)
    encoded = [_still(tiny), tiny.encoded(0.5), _still(tiny, 8, 2)]
    prompts = [policy.prompt(one) for one in encoded]
    assert [bool(prompt.features) for prompt in prompts] == [bool(kept)] * 3
    groups = sample_groups(policy, prompts, 3, 6, torch.Generator().manual_seed(1))
    tables = []
    for prompt, answers in zip(prompts, groups, strict=True):
        with torch.no_grad():
            tables.append(measure(policy, prompt, [answer.token_ids for answer in answers]).logprobs)
        for answer, row in zip(answers, tables[-1], strict=True):
            assert (answer.logprobs - row).abs().max().item() < 1e-5
    banned = list(tiny.encoder.vision.all)
    for one, answers, rows in zip(encoded, groups, tables, strict=True):
        if not one.clips[0].still:
            continue
        for answer, row in zip(answers, rows, strict=True):
            network.model.language_model.set_attn_implementation("sdpa")
            ids = torch.cat([torch.from_numpy(one.token_ids.copy()), answer.token_ids])[None]
            types = torch.nn.functional.pad(torch.from_numpy(one.type_ids.copy()), (0, len(answer.token_ids)))[None]
            with torch.no_grad():
                logits = network(
                    input_ids=ids,
                    mm_token_type_ids=types,
                    pixel_values=torch.from_numpy(one.clips[0].values()),
                    image_grid_thw=torch.tensor([one.clips[0].grid_thw]),
                ).logits[0, one.prompt_tokens - 1 : -1]
            table = torch.log_softmax(logits.index_fill(1, torch.tensor(banned), float("-inf")), 1)
            expected = table.gather(1, answer.token_ids[:, None])[:, 0]
            assert (row - expected).abs().max().item() < 1e-5


def test_before_the_first_step_a_still_is_proved_to_be_seen(tiny: Any) -> None:
    policy = tiny.policy()
    group = NetworkEngine(policy).sample([_still(tiny)], 2, 8, 0)[0]
    sight = check_sight(policy, policy.prompt(_still(tiny)), group, 1e-3)
    assert sight.blacked_out > 1e-2
    assert policy.prompt(_still(tiny)).blind().stills == (True,)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Questions about clips and single pictures in turn; the last still lists two pictures and is no record."""
    made = tmp_path_factory.mktemp("questions")
    random = np.random.default_rng(0)
    rows: list[dict[str, Any]] = []
    for number, answer in enumerate(("ace", "dog", "lift", "cut", "no")):
        names = [f"{number}_{frame}.png" for frame in range(1 if number in (0, 2) else 2 if number == 4 else 3)]
        for name in names:
            (made / name).write_bytes(encode_png(random.integers(0, 255, (60, 100, 3), dtype=np.uint8)))
        place = {"input_video_start_frame": "8", "input_video_end_frame": "8" if number % 2 == 0 else "16"}
        mark = "<image>" if number % 2 == 0 else "<video>"
        rows.append(
            {
                "id": f"v{number}",
                "qa_type": "video_summary_gpt",
                "data_source": "CoPESD",
                "video": names,
                "metadata": {"video_id": f"v{number}", "fps": "0.5", **place},
                "conversations": [{"from": "human", "value": f"{mark}\nSay."}, {"from": "gpt", "value": answer}],
            }
        )
    (made / "questions.json").write_text(json.dumps(rows), encoding="utf-8")
    return made


def _data(folder: Path) -> dict[str, Any]:
    return {"questions": folder / "questions.json", "tasks": ["video_summary"], "least_pixels": 3136, "most_pixels": 6272}


def _sft(tiny: Any, folder: Path) -> SftRecipe:
    return SftRecipe.model_validate(
        {
            "model": {"checkpoint": str(tiny.folder)},
            "data": _data(folder) | {"balance": 1.0},
            "batch": {"samples_per_step": 4, "most_packed_tokens": 400},
            "update": {"learning_rate": 1e-3},
            "run": {"epochs": 2},
        }
    )


def test_fine_tuning_on_both_has_the_tokens_that_were_planned(tiny: Any, folder: Path, tmp_path: Path) -> None:
    recipe = _sft(tiny, folder)
    finished = train_sft(recipe, tmp_path / "run", lambda *_: None, lambda: False)
    lines = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert finished.left_out == {"not a whole record": 1}
    assert [(line["samples"], line["skipped"]) for line in lines] == [(4, 0)] * 2
    questions = read_questions(recipe.data.questions, recipe.data.tasks).kept
    tokens = count_tokens(questions, recipe.data, tiny.encoder, find_geometry(str(tiny.folder)), 100)
    assert sum(one.prompt + one.reply for one in tokens.counted.values()) == lines[0]["tokens"]
    for number in (0, 2):
        encoded = encoded_prompt(questions[number], recipe.data, tiny.encoder, 8)
        assert encoded.clips[0].still
        assert (tokens.counted[number].prompt, tokens.counted[number].grid) == (encoded.prompt_tokens, encoded.clips[0].grid_thw)
    estimated = count_tokens(questions, recipe.data, None, find_geometry(str(tiny.folder)), 100)
    assert [one.visual for one in estimated.counted.values()] == [one.visual for one in tokens.counted.values()]


def test_evaluation_and_training_show_the_same(tiny: Any, folder: Path) -> None:
    recipe = _sft(tiny, folder)
    found = json.loads((folder / "questions.json").read_text())[:4]
    whole = folder / "whole.json"
    whole.write_text(json.dumps(found), encoding="utf-8")
    sampling = sampling_of(recipe.data, tiny.encoder.family.form.side_multiple)
    questions = read_questions(whole, recipe.data.tasks).kept
    for row, question in zip(read_rows(whole), questions, strict=True):
        clip = clip_of(row.record, pictures_of(recipe.data), sampling)
        asked = tiny.encoder.encode(Request("q", row.record.question, clip, 8))
        trained = encoded_prompt(question, recipe.data, tiny.encoder, 8)
        assert asked.token_ids.tolist() == trained.token_ids.tolist()
        assert asked.clips[0].still == trained.clips[0].still == row.record.still
        assert np.array_equal(asked.clips[0].rows, trained.clips[0].rows)


def test_medgrpo_learns_from_both(tiny: Any, folder: Path, tmp_path: Path) -> None:
    class Letters:
        name = "letters"

        def embed(self, texts: Any) -> Any:
            rows = np.array([[1 + text.count(chr(97 + place)) for place in range(26)] for text in texts], np.float32)
            return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    recipe = GrpoRecipe.model_validate(
        {
            "model": {"checkpoint": str(tiny.folder), "frozen": ["vision"]},
            "data": _data(folder),
            "rewards": {"normaliser": "none", "captions": {"similarity": 1.0}},
            "rollout": {
                "group_size": 3, "prompts_per_step": 4, "draws_per_step": 4, "most_new_tokens": 8, "prompts_together": 2,
                "prompts_kept": 4,
            },
            "update": {"learning_rate": 1e-3, "mask_overlong": False},
            "run": {"steps": 2, "samples_per_step": 4},
            "stop": {"most_overlong": False},
        }
    )  # fmt: skip
    train_grpo(recipe, tmp_path / "run", lambda *_: None, lambda: False, Letters())
    lines = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert [line["skipped"] for line in lines] == [0, 0]
    assert all(line["keys"]["CoPESD/video_summary"]["drift"] < 1e-4 for line in lines)
