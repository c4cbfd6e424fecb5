"""What is said of a settings file that is wrong: a line each, in our words."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field, model_validator

from medgrpo.core import Config, InputError, SettingsError, nearest, nearest_first, read_settings


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Rollout(Config):
    group_size: int = Field(default=8, ge=2)
    share: float = Field(default=0.5, gt=0, lt=1)
    entropy: float | Literal[False] = False
    side: Annotated[int, Field(multiple_of=32, ge=64)] = 64
    cap: Annotated[float, Field(gt=0)] | Literal[False] = 2.0


class Model(Config):
    checkpoint: str
    rule: Literal["maximum", "side"] = "maximum"
    frozen: tuple[Literal["vision", "language"], ...] = ()
    colour: Colour | None = None
    folder: Path | Literal[False] = False
    weights: dict[Literal["similarity", "judge"], float] | None = None
    checkpointing: bool = False
    tasks: tuple[str, ...] = Field(default=("a",), min_length=1)


class Whole(Config):
    model: Model
    rollout: Rollout = Field(default_factory=Rollout)

    @model_validator(mode="after")
    def _fits(self) -> Whole:
        if self.rollout.group_size == 13:
            raise ValueError("a group of 13 is unlucky, take 12")
        return self


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('chekpoint = "m"', "model.chekpoint: no such key: did you mean checkpoint?"),
        ("zzz = 1", "model.zzz: no such key; there are checkpoint, rule, frozen"),
        ("group_size = 4", "model.group_size: no such key here: it stands in [rollout]"),
        ("checkpoint = 3", "model.checkpoint: 3 cannot be: give a text"),
        ('rule = "sied"', 'model.rule: "sied" cannot be: give one of maximum, side; did you mean side?'),
        ('frozen = ["vision", "lang"]', 'model.frozen.1: "lang" cannot be: give one of vision, language; did you mean language?'),
        ('frozen = "vision"', 'model.frozen: "vision" cannot be: give a list, each entry one of vision, language'),
        ('colour = "green"', 'model.colour: "green" cannot be: give one of red, blue'),
        ("folder = 3", "model.folder: 3 cannot be: give a path or false"),
        ("weights = { judgee = 1 }", "model.weights.judgee: no such key: give one of similarity, judge"),
        ('weights = { judge = "much" }', 'model.weights.judge: "much" cannot be: give a number'),
        ('checkpointing = "perhaps"', 'model.checkpointing: "perhaps" cannot be: give true or false'),
        ("tasks = []", "model.tasks: [] cannot be: give a list, each entry a text not empty"),
        ("[rollout]\ngroup_size = 1", "rollout.group_size: 1 cannot be: give a whole number of at least 2"),
        ("[rollout]\ngroup_size = 2.5", "rollout.group_size: 2.5 cannot be: give a whole number of at least 2"),
        ("[rollout]\nshare = 1", "rollout.share: 1 cannot be: give a number above 0, below 1"),
        ('[rollout]\nentropy = "none"', 'rollout.entropy: "none" cannot be: give a number or false'),
        ("[rollout]\nside = 65", "rollout.side: 65 cannot be: give a whole number of at least 64, a multiple of 32"),
        ("[rollout]\ncap = -1", "rollout.cap: -1 cannot be: give a number above 0 or false"),
        ("[rollout]\ngroup_size = 13", "the file: a group of 13 is unlucky, take 12"),
        ("[rolout]\ngroup_size = 4", "rolout: no such key: did you mean rollout?"),
    ],
)
def test_one_line_names_file_key_value_and_what_may_be(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    lines = [] if text.startswith("checkpoint =") else ['checkpoint = "m"']
    path.write_text("\n".join(["[model]", *lines, text]), encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        read_settings(path, Whole)
    assert len(caught.value.lines) == 1
    assert caught.value.lines[0].startswith(f"{path}: {said}")
    assert not any(word in str(caught.value) for word in ("Input should", "Extra inputs", "Field required", "Value error"))


def test_every_setting_that_is_wrong_has_its_line(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text('[model]\nrule = "x"\n[rollout]\nshare = 2\n', encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_settings(path, Whole)
    assert caught.value.lines == (
        f"{path}: model.checkpoint: is missing: give a text",
        f'{path}: model.rule: "x" cannot be: give one of maximum, side',
        f"{path}: rollout.share: 2 cannot be: give a number above 0, below 1",
    )
    assert "\n" not in str(caught.value)


def test_what_is_no_toml_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.toml: cannot be read"):
        read_settings(tmp_path / "absent.toml", Whole)
    (tmp_path / "r.toml").write_text("[model", encoding="utf-8")
    with pytest.raises(InputError, match="not a TOML file"):
        read_settings(tmp_path / "r.toml", Whole)


def test_the_nearest_name() -> None:
    known = ("cholecystectomy", "bench-suturing", "open-surgery")
    assert nearest_first("Open_Surgery", known)[0] == "open-surgery"
    assert nearest("cholecistectomy", known) == "cholecystectomy"
    assert nearest("xyz", known) is None
    assert nearest("surgery", known) == "open-surgery"
    assert nearest("x", ()) is None
