"""From arguments to options: what is out of range is the user's mistake and said in one line."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from medgrpo.analysis import AnalysisOptions, Help
from medgrpo.core import InputError, told_faults
from medgrpo.library import open_knowledge_base
from medgrpo.models import Endpoint
from medgrpo.reasoning import ModelRephraser


def analysis_options(looks_per_second: float, procedure: str, rephrase_model: str | None = None) -> AnalysisOptions:
    try:
        return AnalysisOptions(looks_per_second=looks_per_second, procedure=procedure, rephrase_model=rephrase_model)
    except ValidationError as error:
        key, _, words = told_faults(error, AnalysisOptions, {})[0].partition(":")
        raise InputError(f"--{key.replace('_', '-')}:{words}") from error


def given_help(knowledge: Path | None, rephrase_url: str | None, rephrase_model: str | None) -> Help:
    """What `--knowledge`, `--rephrase` and `--rephrase-model` name. InputError when one is missing its other, DataError for a
    folder that is no knowledge base.
    """
    if (rephrase_url is None) != (rephrase_model is None):
        raise InputError("--rephrase and --rephrase-model go together: the endpoint's address and the model's name there")
    rephraser = None
    if rephrase_url is not None and rephrase_model is not None:
        if not rephrase_url.startswith(("http://", "https://")):
            raise InputError(
                f"--rephrase: {rephrase_url!r} is no http address; give the endpoint's base, as http://localhost:8000/v1"
            )
        rephraser = ModelRephraser(Endpoint(rephrase_url, rephrase_model))
    return Help(rephraser, None if knowledge is None else open_knowledge_base(knowledge))
