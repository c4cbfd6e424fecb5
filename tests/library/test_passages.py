"""Passages point at the document's text, whatever the document."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medgrpo.library.passages import LONGEST, pieces
from medgrpo.library.readers import Block, Kind
from medgrpo.library.readers.block import squeeze
from medgrpo.library.references import without_references
from medgrpo.library.sentences import LONGEST_SENTENCE

DOCUMENT = "b" * 64
TEXTS = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=60).map(squeeze).filter(bool)
BLOCKS = st.builds(Block, st.sampled_from(Kind), TEXTS, st.none() | st.integers(1, 9), st.integers(0, 4).map(float))


def read(blocks: list[Block]):
    found = list(pieces(DOCUMENT, blocks, "CC0", None))
    return "".join(piece.text for piece in found), [piece.passage for piece in found if piece.passage is not None]


@given(st.lists(BLOCKS, max_size=20))
def test_spans_always_point_at_the_text(blocks):
    text, passages = read(blocks)
    for passage in passages:
        assert text[passage.start_char : passage.end_char] == passage.text
        assert passage.document_id == DOCUMENT
    assert all(before.end_char <= after.start_char for before, after in pairwise(passages))
    assert len({passage.id for passage in passages}) == len(passages)


@given(st.lists(BLOCKS, max_size=20))
def test_no_text_is_lost(blocks):
    text, _ = read(blocks)
    assert text.split() == [word for block in blocks for word in block.text.split()]


def test_a_section_is_the_path_of_headings_above():
    blocks = [
        Block(Kind.HEADING, "Liver", level=1),
        Block(Kind.PARAGRAPH, "One.", page=3),
        Block(Kind.HEADING, "Lobes", level=2),
        Block(Kind.PARAGRAPH, "Two."),
        Block(Kind.HEADING, "Spleen", level=1),
        Block(Kind.PARAGRAPH, "Three."),
    ]
    _, passages = read(blocks)
    assert [passage.section for passage in passages] == [("Liver",), ("Liver", "Lobes"), ("Spleen",)]
    assert [passage.page for passage in passages] == [3, None, None]


def test_a_list_is_one_passage_and_a_long_paragraph_several():
    items = [Block(Kind.ITEM, f"Item {number}.") for number in range(3)]
    sentence = "The cystic duct is a short duct that joins the common hepatic duct. "
    _, passages = read([*items, Block(Kind.PARAGRAPH, (sentence * 60).strip())])
    assert passages[0].text == "Item 0.\nItem 1.\nItem 2."
    assert len(passages) == 1 + 4
    assert all(len(passage.text) <= LONGEST and passage.text.endswith(".") for passage in passages)


@pytest.mark.parametrize("heading", ["References", "12. Bibliography", "REFERENCES:", "Literature cited"])
def test_references_go_and_what_follows_them_stays(heading):
    blocks = [
        Block(Kind.PARAGRAPH, "Text."),
        Block(Kind.HEADING, heading),
        Block(Kind.PARAGRAPH, "1. Smith AB, Jones C. On the duct. J Surg 2010;12:34-40."),
        Block(Kind.ITEM, "Brown D. Another one. doi:10.1000/1"),
        Block(Kind.HEADING, "Appendix"),
        Block(Kind.PARAGRAPH, "More text."),
    ]
    assert [block.text for block in without_references(blocks)] == ["Text.", "Appendix", "More text."]


def test_text_after_references_without_a_heading_is_text_again():
    plain = [Block(Kind.PARAGRAPH, f"The duct was seen in its whole length, paragraph {number}.") for number in range(4)]
    entry = Block(Kind.PARAGRAPH, "Smith A, Jones B. On the duct. 2010;12:34.")
    assert list(without_references([Block(Kind.HEADING, "References"), entry, *plain])) == plain


def test_references_of_a_document_that_ends_in_them():
    assert list(without_references([Block(Kind.HEADING, "References"), Block(Kind.PARAGRAPH, "Not like an entry.")])) == []


@pytest.mark.parametrize("text", ["word " * 3000, "x" * 10000])
def test_text_without_a_full_stop_is_cut_all_the_same(text):
    whole, passages = read([Block(Kind.PARAGRAPH, text.strip())])
    assert whole == text.strip()
    assert max(len(passage.text) for passage in passages) <= LONGEST_SENTENCE
    assert all(whole[passage.start_char : passage.end_char] == passage.text for passage in passages)
