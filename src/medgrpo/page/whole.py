"""A whole document of one file: its style and script are inside, and allowed by their hashes alone."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from string import Template


def look() -> str:
    """The style sheet that pages begin with: colours for light and dark, type, cards, tables, chips."""
    return _file("look.css")


def document(title: str, body: str, style: str, script: str, **parts: str) -> str:
    """The body, a template, with the parts (already escaped, as the title) put in. KeyError when one is missing.

    Its content security policy lets nothing be loaded from anywhere: pictures are data URIs, no form is sent.
    """
    scripts = f"script-src '{_hash(script)}'; " if script else ""
    return Template(_file("document.html")).substitute(
        policy=f"default-src 'none'; img-src data:; style-src '{_hash(style)}'; {scripts}base-uri 'none'; form-action 'none'",
        title=title,
        style=style,
        body=Template(body).substitute(parts),
        script=f"<script>{script}</script>" if script else "",
    )


def _file(name: str) -> str:
    return files("medgrpo.page").joinpath(name).read_text(encoding="utf-8")


def _hash(code: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(code.encode("utf-8")).digest()).decode("ascii")
