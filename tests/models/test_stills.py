"""A single picture: ids, pixels, positions and log-probabilities are those of transformers' own processor and model."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medgrpo.core import InputError, ModelError
from medgrpo.models import Encoder, ModelOptions, Patches, Request, TinyKind, Turn, family_of, open_encoder, rope_positions
from medgrpo.models.openai_compatible import chat_messages
from medgrpo.models.vllm_model import VllmModel
from medgrpo.video import SampledClip, encode_png, still_from_file

torch = pytest.importorskip("torch", reason="needs the extra `models`")
transformers = pytest.importorskip("transformers", reason="needs the extra `models`")

from medgrpo.models.batch import collate  # noqa: E402
from medgrpo.models.transformers_model import open_transformers  # noqa: E402

Noise = Callable[..., SampledClip]
QWEN: tuple[TinyKind, ...] = ("qwen2.5-vl", "qwen3-vl", "qwen3.5")
QUESTION = "Which instrument is this?"


@pytest.fixture(scope="module")
def networks(tiny: dict[TinyKind, Path]) -> dict[TinyKind, Any]:
    return {kind: transformers.AutoModelForImageTextToText.from_pretrained(tiny[kind]).eval() for kind in QWEN}


@pytest.fixture(scope="module")
def encoders(tiny: dict[TinyKind, Path]) -> dict[TinyKind, Encoder]:
    return {kind: open_encoder(str(folder)) for kind, folder in tiny.items()}


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Larger than the limits of the sampling, and no whole number of patches."""
    path = tmp_path_factory.mktemp("picture") / "a.png"
    path.write_bytes(encode_png(np.random.default_rng(3).integers(0, 256, (310, 517, 3), dtype=np.uint8)))
    return path


def processor_of(folder: Path, encoder: Encoder) -> Any:
    """transformers' processor for images, made as it is but for its video part, which needs torchvision."""
    from transformers.models.qwen2_5_vl.processing_qwen2_5_vl import Qwen2_5_VLProcessor
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil
    from transformers.models.qwen3_vl.processing_qwen3_vl import Qwen3VLProcessor

    base: Any = Qwen3VLProcessor if encoder.family.tokens_per_second is None else Qwen2_5_VLProcessor
    sampling = ModelOptions().sampling(encoder.family)
    limits = {"shortest_edge": sampling.least_pixels, "longest_edge": sampling.most_pixels}
    images = Qwen2VLImageProcessorPil.from_pretrained(folder, size=limits)
    kind = type(base.__name__, (base,), {"check_argument_for_proper_class": lambda *_, **__: None})
    return kind(image_processor=images, tokenizer=encoder.tokenizer, video_processor=None)


def still(encoder: Encoder, path: Path) -> SampledClip:
    return still_from_file(path, ModelOptions().sampling(encoder.family))


def logprobs(logits: Any, ids: Any, count: int) -> Any:
    return torch.log_softmax(logits.float(), dim=-1)[0, :-1].gather(1, ids[0, 1:, None])[-count:, 0]


def ours(network: Any, encoder: Encoder, encoded: Any, rule: Any = "maximum") -> Any:
    inputs = collate([encoded], 0, encoder.family, rule, network.device, network.dtype)
    with torch.no_grad():
        return logprobs(network(**inputs).logits, inputs["input_ids"], len(encoded.reply_ids))


@pytest.mark.parametrize("kind", QWEN)
def test_an_image_prompt_is_that_of_transformers_from_the_file_to_the_log_probabilities(
    tiny: dict[TinyKind, Path], networks: dict[TinyKind, Any], encoders: dict[TinyKind, Encoder], picture: Path, kind: TinyKind
) -> None:
    pillow = pytest.importorskip("PIL.Image")
    encoder, network = encoders[kind], networks[kind]
    asked = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": QUESTION}]}]
    text = encoder.tokenizer.apply_chat_template(asked, tokenize=False, add_generation_prompt=True)
    theirs = processor_of(tiny[kind], encoder)(text=[text], images=[pillow.open(picture)], return_tensors="pt")
    encoded = encoder.encode(Request("q", QUESTION, still(encoder, picture), 16))
    assert encoded.token_ids.tolist() == theirs["input_ids"][0].tolist()
    assert encoded.type_ids.tolist() == theirs["mm_token_type_ids"][0].tolist()
    assert [clip.grid_thw for clip in encoded.clips] == [tuple(grid) for grid in theirs["image_grid_thw"].tolist()]
    np.testing.assert_allclose(encoded.clips[0].values(), theirs["pixel_values"].numpy(), rtol=0, atol=2e-6)

    whole = encoded.with_reply(encoder.reply_ids("a hook"))
    ids = torch.from_numpy(whole.token_ids.copy())[None]
    types = torch.from_numpy(whole.type_ids.copy())[None]
    places, _ = network.model.get_rope_index(ids, types, image_grid_thw=theirs["image_grid_thw"])
    for rule in ("side", "maximum"):  # of a still they are one
        assert rope_positions(whole, encoder.family.tokens_per_second, rule).tolist() == places[:, 0].tolist()
    with torch.no_grad():
        logits = network(
            input_ids=ids,
            mm_token_type_ids=types,
            pixel_values=theirs["pixel_values"],
            image_grid_thw=theirs["image_grid_thw"],
        ).logits  # its own positions
    expected = logprobs(logits, ids, len(whole.reply_ids))
    np.testing.assert_allclose(ours(network, encoder, whole), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("kind", QWEN)
def test_a_clip_and_a_still_in_one_prompt_are_as_transformers_reads_them(
    networks: dict[TinyKind, Any], encoders: dict[TinyKind, Encoder], noise: Noise, picture: Path, kind: TinyKind
) -> None:
    encoder, network = encoders[kind], networks[kind]
    side = encoder.family.form.side_multiple
    example = Turn("When?", noise(6, "0.5", 3 * side, 2 * side), "1.0-2.0 seconds.")
    last = Turn("And this?", still(encoder, picture), "a clip")
    prompt = encoder.encode(Request("q", "When?", noise(4, "2", 2 * side, 2 * side, 1), 8, shots=(example, last)))
    whole = prompt.with_reply(encoder.reply_ids("0.0-1.0 seconds."))
    assert [clip.still for clip in whole.clips] == [False, True, False]
    ids, types = torch.from_numpy(whole.token_ids.copy())[None], torch.from_numpy(whole.type_ids.copy())[None]
    clips, (single,) = [clip for clip in whole.clips if not clip.still], [clip for clip in whole.clips if clip.still]
    grids = {
        "image_grid_thw": torch.tensor([single.grid_thw]),
        "video_grid_thw": torch.tensor([clip.grid_thw for clip in clips]),
    }
    timed = {} if encoder.family.tokens_per_second is None else {"second_per_grid_ts": [clip.seconds_per_grid for clip in clips]}
    places, _ = network.model.get_rope_index(ids, types, **grids, **timed)
    assert rope_positions(whole, encoder.family.tokens_per_second, "side").tolist() == places[:, 0].tolist()
    with torch.no_grad():
        logits = network(
            input_ids=ids,
            mm_token_type_ids=types,
            pixel_values=torch.from_numpy(single.values()),
            pixel_values_videos=torch.from_numpy(np.concatenate([clip.values() for clip in clips])),
            **grids,
            **timed,
        ).logits
    expected = logprobs(logits, ids, len(whole.reply_ids))
    np.testing.assert_allclose(ours(network, encoder, whole, "side"), expected, rtol=0, atol=1e-5)


def test_a_still_stands_in_one_place_of_time() -> None:
    from medgrpo.models import Encoded, VideoForm, VisionTokens

    form = VideoForm(patch_size=1, temporal_patch_size=2, merge_size=2, mean=(0, 0, 0), std=(1, 1, 1))
    shown = Patches("k", np.zeros((24, 6), np.uint8), (1, 4, 6), 0.0, (0.0,), form, still=True)
    ids = np.array([9, 9, *[3] * 6, 9], np.int64)
    encoded = Encoded(ids, np.where(ids == 3, 1, 0), (shown,), VisionTokens(1, 2, 3, 4), len(ids))
    assert rope_positions(encoded, 2.0, "maximum").tolist() == [
        [0, 1, 2, 2, 2, 2, 2, 2, 5],
        [0, 1, 2, 2, 2, 3, 3, 3, 5],
        [0, 1, 2, 3, 4, 2, 3, 4, 5],
    ]


@pytest.mark.parametrize("kind", QWEN)
def test_a_still_and_a_clip_side_by_side_equal_each_alone_and_what_is_said_is_a_fresh_forwards(
    tiny: dict[TinyKind, Path], noise: Noise, picture: Path, kind: TinyKind
) -> None:
    model = open_transformers(str(tiny[kind]), ModelOptions(device="cpu"))
    encoder, network = model._encoder, model._network
    side = encoder.family.form.side_multiple
    requests = [
        Request("still", QUESTION, still(encoder, picture), 6),
        Request("clip", "When does cutting happen?", noise(6, "0.5", 3 * side, 2 * side), 6),
        Request("text", "Why?", None, 6),
    ]
    prompts = [encoder.encode(one) for one in requests]
    said = model.say(requests, prompts)
    whole = [prompt.with_reply(one.ids) for prompt, one in zip(prompts, said, strict=True)]
    for one, reply in zip(whole, said, strict=True):
        inputs = collate([one], 0, encoder.family, "maximum", network.device, network.dtype)
        with torch.no_grad():
            logits = network(**inputs).logits.float()
        logits[:, :, list(encoder.vision.all)] = float("-inf")
        fresh = logprobs(logits, inputs["input_ids"], len(reply.ids))
        np.testing.assert_allclose(reply.logprobs, fresh.numpy(), rtol=0, atol=2e-5)


@pytest.mark.parametrize("kind", QWEN)
def test_a_black_or_another_picture_changes_what_is_said(
    networks: dict[TinyKind, Any], encoders: dict[TinyKind, Encoder], picture: Path, kind: TinyKind
) -> None:
    encoder = encoders[kind]
    seen = encoder.encode(Request("q", QUESTION, still(encoder, picture), 8)).with_reply(encoder.reply_ids("a hook"))
    rows = seen.clips[0].rows
    before = ours(networks[kind], encoder, seen)
    for other in (np.zeros_like(rows), np.random.default_rng(5).integers(0, 256, rows.shape, dtype=np.uint8)):
        changed = replace(seen, clips=(replace(seen.clips[0], rows=other),))
        assert (ours(networks[kind], encoder, changed) - before).abs().max().item() > 1e-3


@pytest.mark.parametrize("kind", QWEN)
def test_a_still_is_no_clip_of_one_picture(encoders: dict[TinyKind, Encoder], picture: Path, kind: TinyKind) -> None:
    from fractions import Fraction

    encoder = encoders[kind]
    single = still(encoder, picture)
    film = SampledClip.of(single.images, [0.0], Fraction(1), single.source_width, single.source_height)
    assert film.key != single.key
    image, video = (encoder.encode(Request("q", QUESTION, clip, 8)) for clip in (single, film))
    assert (image.token_ids == encoder.vision.image_pad).sum() == image.clips[0].tokens
    assert not (image.token_ids == encoder.vision.video_pad).any()
    assert image.clips[0].rows.tolist() == video.clips[0].rows.tolist()
    with pytest.raises(ValueError, match="a still stands where the prompt has a clip's pads"):
        replace(image, clips=video.clips)
    with pytest.raises(ValueError, match="type of a video"):
        replace(image, type_ids=np.where(image.type_ids == 1, 2, 0))


def test_the_still_processors_file_says_how_a_still_is_scaled(tiny: dict[TinyKind, Path], tmp_path: Path, picture: Path) -> None:
    for path in tiny["qwen3-vl"].iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    file = tmp_path / "preprocessor_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"image_mean": [0.25, 0.5, 0.75]}))
    encoder = open_encoder(str(tmp_path))
    single = still(encoder, picture)
    assert encoder.encode(Request("q", QUESTION, single, 8)).clips[0].form.mean == (0.25, 0.5, 0.75)
    assert encoder.family.form.mean == (0.5, 0.5, 0.5)
    config = json.loads((tmp_path / "config.json").read_text())
    file.write_text(json.dumps(json.loads(file.read_text()) | {"temporal_patch_size": 1}))
    with pytest.raises(ModelError, match="processor file says 1, the model's temporal_patch_size is 2"):
        family_of(str(tmp_path), config)


def test_who_cannot_be_shown_a_still_says_so(encoders: dict[TinyKind, Encoder], picture: Path) -> None:
    smol = encoders["smolvlm"]
    with pytest.raises(InputError, match="a single picture cannot be shown to smolvlm here"):
        smol.encode(Request("q", QUESTION, still(smol, picture), 8))
    encoder = encoders["qwen2.5-vl"]
    engine = VllmModel("m", None, dict, encoder, ModelOptions(), "0")
    (refused,) = asyncio.run(engine.generate([Request("q", QUESTION, still(encoder, picture), 8)]))
    assert (refused.reason, refused.lasting) == (  # type: ignore[union-attr]
        "q: a single picture is not handed to vLLM here, clips are; use transformers",
        True,
    )


@pytest.mark.parametrize("send_as", ["images", "video"])
def test_an_endpoint_is_sent_one_picture_without_a_time(encoders: dict[TinyKind, Encoder], picture: Path, send_as: Any) -> None:
    asked = Request("q", QUESTION, still(encoders["qwen2.5-vl"], picture), 8)
    (message,) = chat_messages(asked, send_as)
    assert [part["type"] for part in message["content"]] == ["image_url", "text"]
    assert message["content"][1]["text"] == QUESTION


def test_what_is_no_still_cannot_be_made(noise: Noise) -> None:
    single = SampledClip.still_of(noise(1).images[0], 84, 56)
    assert (single.seconds, single.still) == ((0.0,), True)
    for changed in ({"seconds": (1.0,)}, {"images": noise(2).images, "seconds": (0.0, 1.0)}):
        with pytest.raises(ValueError, match="a still is one picture without a time or a rate"):
            replace(single, **changed)
