"""From what a person writes after `--model` to a model. A backend is one file and one line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from medgrpo.core import MissingExtra
from medgrpo.models.model import Model
from medgrpo.models.openai_compatible import open_endpoint
from medgrpo.models.options import ModelOptions
from medgrpo.models.scripted import open_scripted
from medgrpo.models.shipping import SHIPPED, Shipped, check_name
from medgrpo.models.vllm_model import open_vllm


@dataclass(frozen=True, slots=True)
class Backend:
    """`written` is what a person gives; the first backend with a fitting beginning opens it, without that beginning if `cut`."""

    name: str
    written: str
    beginnings: tuple[str, ...]
    cut: bool
    open: Callable[[str, ModelOptions], Model]


def _transformers(name: str, options: ModelOptions, folder: Path | None = None) -> Model:
    try:
        from medgrpo.models.transformers_model import open_transformers
    except ModuleNotFoundError as error:
        if error.name not in ("torch", "transformers"):
            raise
        raise MissingExtra(f"the model {name}", "models", error.name) from error
    return open_transformers(name, options, folder)


BACKENDS = (
    Backend("scripted", "scripted:FILE", ("scripted:",), True, lambda name, _: open_scripted(Path(name))),
    Backend("vllm", "vllm:ORG/NAME or vllm:FOLDER", ("vllm:",), True, open_vllm),
    Backend("openai-compatible", "http://HOST/v1 with --model-name", ("http://", "https://"), False, open_endpoint),
    Backend("transformers", "ORG/NAME or FOLDER", ("",), False, _transformers),
)


def open_model(name: str, options: ModelOptions | None = None) -> Model:
    """The model of that name, loaded. One line of ModelError or InputError says what to do when it cannot be had.

    A shipped one is shown clips as it was trained on them, unless `options` ask for less.
    """
    if name in SHIPPED:
        shipped = SHIPPED[name]
        return _transformers(name, _as_trained(shipped, options or ModelOptions()), shipped.folder)
    backend = next(one for one in BACKENDS if name.startswith(one.beginnings))
    beginning = next(one for one in backend.beginnings if name.startswith(one))
    given = name.removeprefix(beginning) if backend.cut else name
    if backend.name in ("transformers", "vllm"):
        check_name(given)  # before torch is imported
    return backend.open(given, options or ModelOptions())


def _as_trained(shipped: Shipped, options: ModelOptions) -> ModelOptions:
    limits = {
        "most_frames": min(options.most_frames, shipped.most_frames),
        "least_patches": shipped.patches,
        "most_patches": shipped.patches,
    }
    return options.model_copy(update=limits)
