"""Sentence ends, and what only looks like one."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medgrpo.library.sentences import sentences


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two.", ["One.", "Two."]),
        ("See Fig. 3 for it. Next.", ["See Fig. 3 for it.", "Next."]),
        ("A trocar, e.g. Hasson's, is used. Next.", ["A trocar, e.g. Hasson's, is used.", "Next."]),
        ("It is 5 mm. The duct is cut.", ["It is 5 mm.", "The duct is cut."]),
        ("A 5 mm. trocar is used.", ["A 5 mm. trocar is used."]),
        ("Described by J. Calot in 1891.", ["Described by J. Calot in 1891."]),
        ("Dr. Strasberg, cf. Smith et al. Surgery, said so.", ["Dr. Strasberg, cf. Smith et al. Surgery, said so."]),
        ("Is it safe? It is (see below.) Go on!", ["Is it safe?", "It is (see below.)", "Go on!"]),
        ("Stage No. 3 is late. Stop.", ["Stage No. 3 is late.", "Stop."]),
        ("pH 7.6 to 8.6 is normal.", ["pH 7.6 to 8.6 is normal."]),
        ("liver: a gland\nspleen: an organ", ["liver: a gland", "spleen: an organ"]),
        ("", []),
    ],
)
def test_a_full_stop_ends_a_sentence_unless_it_belongs_to_a_word(text, expected):
    assert split(text) == expected


@given(st.text(alphabet='ab. \nA1(?)"Fig', max_size=80))
def test_sentences_are_in_order_and_lose_only_blanks(text):
    spans = sentences(text)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    assert "".join("".join(split(text)).split()) == "".join(text.split())
