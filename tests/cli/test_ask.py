"""`medgrpo ask` on a tiny model, and the arguments that name a model."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pytest

from medgrpo.cli import main
from medgrpo.cli.model_options import add_model_arguments, model_options
from medgrpo.models import ModelOptions, build_tiny
from medgrpo.video import VideoWriter, encode_png


def parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_model_arguments(parser)
    return parser.parse_args(["--model", "scripted:a.json", *arguments])


def test_the_defaults_of_the_arguments_are_those_of_the_options() -> None:
    assert model_options(parsed()) == ModelOptions()


def test_arguments_reach_the_options() -> None:
    given = parsed(
        "--model-name", "m", "--prices", "2", "8", "--send-as", "video", "--most-patches", "16", "--position-rule", "side"
    )
    assert model_options(given) == ModelOptions(
        endpoint_model="m", price_in=2, price_out=8, send_video_as="video", most_patches=16, position_rule="side"
    )


def test_a_tiny_model_answers_about_a_video_and_about_frames(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("transformers", reason="needs the extra `models`")
    model = build_tiny("qwen2.5-vl", tmp_path / "model")
    with VideoWriter(tmp_path / "a.mp4", 64, 48, 10) as writer:
        for place in range(30):
            writer.write(np.full((48, 64, 3), place, dtype=np.uint8))
    (tmp_path / "a.png").write_bytes(encode_png(np.zeros((48, 64, 3), dtype=np.uint8)))
    ask = ["ask", "When?", "--model", str(model), "--max-new-tokens", "3", "--device", "cpu"]
    assert main([*ask, "--video", str(tmp_path / "a.mp4"), "--span", "1", "2.5", "--rate", "2"]) == 0
    said = capsys.readouterr().err
    assert "4 frames of 112x84, " in said
    assert len(said.splitlines()) == 1  # no bars where nobody looks
    assert main([*ask, "--frames", str(tmp_path / "a.png"), str(tmp_path / "a.png")]) == 0
    assert "2 frames of 112x84, " in capsys.readouterr().err
    assert main([*ask, "--image", str(tmp_path / "a.png")]) == 0
    assert "an image of 112x84, " in capsys.readouterr().err


def test_a_reply_goes_to_stdout_as_it_came(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"question": "1.0-2.0 seconds."}))
    assert main(["ask", "When?", "--model", f"scripted:{tmp_path / 'a.json'}"]) == 0
    out = capsys.readouterr()
    assert out.out == "1.0-2.0 seconds.\n"
    assert "a.json (scripted): no clip" in out.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["--span", "1", "2"], "give --video as well"), (["--temperature", "-1"], "0 or more"), ([], "no scripted reply")],
)
def test_what_cannot_be_asked_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    (tmp_path / "a.json").write_text("{}")
    assert main(["ask", "When?", "--model", f"scripted:{tmp_path / 'a.json'}", *arguments]) in (2, 3)
    assert words in capsys.readouterr().err
