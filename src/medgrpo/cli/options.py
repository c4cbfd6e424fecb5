"""From arguments to options: what is out of range is the user's mistake and said in one line."""

from __future__ import annotations

from pydantic import ValidationError

from medgrpo.analysis import AnalysisOptions
from medgrpo.core import InputError


def analysis_options(looks_per_second: float, procedure: str) -> AnalysisOptions:
    try:
        return AnalysisOptions(looks_per_second=looks_per_second, procedure=procedure)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = "--" + str(first["loc"][0]).replace("_", "-")
        raise InputError(f"{name}: {first['msg']}, got {first['input']}") from error
