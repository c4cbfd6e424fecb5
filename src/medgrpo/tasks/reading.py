"""Reading replies: spelling is made plain first (dashes, digits of other scripts, Markdown), and what is left must add up.

Everything here is linear in the length of the reply, and nothing raises.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from typing import cast

MAX_CHARACTERS = 100_000
"""A longer reply is not read: no reference of MedVidBench comes near a tenth of it."""
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−﹘﹣－"), "-")
_MARKS = {ord("："): ":", ord("，"): ",", ord("、"): ",", ord("；"): ";", ord("。"): ".", ord("［"): "[", ord("］"): "]", 0xA0: " "}
_MARKUP = str.maketrans("", "", "*`")
_FENCE = re.compile(r"^[ \t]*```[^\n]*$", re.MULTILINE)
_BULLET = re.compile(r"^[ \t]*(?:[-•+][ \t]+|\d{1,3}[.)][ \t]+|#{1,6}[ \t]+)+", re.MULTILINE)
_BROKEN_LINE = re.compile(r":[ \t]{0,9}\n[ \t]{0,9}")
_ENUMERATOR = re.compile(r"([,;\n][ \t]{0,9})\d{1,2}[.)][ \t]")
_TOKENS = re.compile(r"\d|[^\W\d_]+|[^\w\s]|_")


def plain(reply: str) -> str:
    """Trimmed, without Markdown's marks, list marks and code fences, hyphens and digits in ASCII."""
    text = _FENCE.sub("", reply) if "```" in reply else reply
    text = text.translate(_MARKUP)
    if not text.isascii():
        text = text.translate(_DASHES).translate(_MARKS)
        text = "".join(_ascii_digit(character) for character in text)
    return _BULLET.sub("", text).strip()


def _ascii_digit(character: str) -> str:
    return str(unicodedata.decimal(character)) if character > "\x7f" and character.isdecimal() else character


def as_json(text: str) -> object | None:
    """The value of a text that is one JSON array or object, None where it is none."""
    if text[:1] not in ("[", "{") or text[-1:] not in ("]", "}"):
        return None
    try:
        return cast("object", json.loads(text))
    except (ValueError, RecursionError):
        return None


def finite(value: object) -> float | None:
    """A number of JSON as a float; None for anything else, for booleans, and for what is not finite."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def number_text(value: float) -> str:
    """The shortest decimal that reads back as the same float, without exponent, with at least one decimal place."""
    text = format(Decimal(repr(float(value))), "f")
    return text if "." in text else f"{text}.0"


def estimated_tokens(text: str) -> int:
    """Tokens that a language model needs for the text, estimated from above: each digit and mark one, words one per 4 letters.

    Qwen's tokenizer writes numbers digit by digit, which is what makes boxes long.
    """
    return sum(1 if len(piece) == 1 else -(-len(piece) // 4) for piece in _TOKENS.findall(text))


def named_scores(text: str) -> Iterator[tuple[str, str]]:
    """(name, rest) of each part between commas, semicolons, line breaks and sentences that holds a digit; rest begins there.

    A heading in front (`Scores: Respect for tissue: 4/5`) is cut off at its colon; brackets and quotes are dropped.
    """
    joined = _ENUMERATOR.sub(r"\1", _BROKEN_LINE.sub(": ", text))
    for part in re.split(r"[,;\n]|\.(?=\s|$)", joined):
        cleaned = part.translate(str.maketrans("", "", "{}[]()\"'“”")).strip()
        digit = re.search(r"\d", cleaned)
        if digit is None:
            continue
        name = cleaned[: digit.start()].rstrip()
        if name[-1:] in (":", "=", "-"):
            name = name[:-1].rstrip()
        yield " ".join(name.rpartition(":")[2].replace("_", " ").split()), cleaned[digit.start() :]
