"""What the files of the commands share: argparse's part for adding one, and types for arguments."""

from __future__ import annotations

import argparse
from typing import Protocol


class Subparsers(Protocol):
    """The object that argparse's `add_subparsers` gives."""

    def add_parser(self, name: str, *, help: str, description: str) -> argparse.ArgumentParser: ...


def positive(text: str) -> float:
    """An argument that is a number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"a number above 0 is needed, not {text!r}")
    return value


def whole(text: str) -> int:
    """An argument that is a whole number above 0."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a whole number above 0 is needed, not {text!r}")
    return int(text)


def part_of_picture(text: str) -> tuple[float, float, float, float]:
    """An argument that is left, top, right, bottom as shares of a picture."""
    try:
        left, top, right, bottom = (float(part) for part in text.split(","))
    except ValueError:
        left = top = right = bottom = -1.0
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        raise argparse.ArgumentTypeError(f"left,top,right,bottom are needed, shares from 0 to 1 as in 0,0,0.3,0.1, not {text!r}")
    return left, top, right, bottom
