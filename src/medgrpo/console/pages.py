"""Templates to HTML. Every value is escaped by itself; a name that a template misspells is an error, not an empty place."""

from __future__ import annotations

from functools import cache

from medgrpo.console.texts import LANGUAGES
from medgrpo.core import MissingExtra, clock

try:
    from jinja2 import Environment, PackageLoader, StrictUndefined
except ImportError as error:
    raise MissingExtra("the console", "serve", "jinja2") from error


def rendered(template: str, **values: object) -> str:
    return _environment().get_template(template).render(languages=LANGUAGES, clock=clock, **values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("medgrpo.console"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.policies["json.dumps_kwargs"] = {"sort_keys": False}  # the order of texts is an order on the page
    return environment
