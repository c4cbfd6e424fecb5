"""What the extractor finds in the labelled sentences of a knowledge base, and how it compares with the labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from medgrpo.core import Config
from medgrpo.evaluation.extraction import (
    Counts,
    Difference,
    FoundInSentence,
    LabelledSentence,
    Measure,
    count_sentence,
    differences,
    summarise_extraction,
)
from medgrpo.evaluation.places import LabelledDocuments
from medgrpo.library import Claim, KnowledgeBase, Mention, Passage


class ExtractionResult(Config):
    """The four measures over all sentences and over those drawn at random, and every difference."""

    sentences: int
    sentences_drawn: int
    measures: dict[str, Measure]
    measures_drawn: dict[str, Measure]
    differences: tuple[Difference, ...]


def evaluate_extraction(base: KnowledgeBase, sentences: Sequence[LabelledSentence], labels: Path) -> ExtractionResult:
    """Compare a knowledge base of the labelled documents with the labels. DataError where a document or sentence is not in it."""
    documents = LabelledDocuments(base, labels)
    passages = {passage.id: passage for passage in base.passages()}
    mentions, claims = list(base.mentions()), list(base.candidates())
    counted: list[tuple[bool, Mapping[str, Counts]]] = []
    wrong: list[Difference] = []
    for sentence in sentences:
        document_id, start = documents.find(sentence.place)
        end = start + sentence.place.end_char - sentence.place.start_char
        of = {key: passage for key, passage in passages.items() if passage.document_id == document_id}
        found = FoundInSentence(mentions=_mentions(mentions, of, start, end), claims=_claims(claims, of, start, end))
        counted.append((sentence.chosen, count_sentence(sentence, found)))
        wrong += differences(sentence, found, start)
    drawn = [counts for chosen, counts in counted if not chosen]
    return ExtractionResult(
        sentences=len(counted),
        sentences_drawn=len(drawn),
        measures=summarise_extraction([counts for _, counts in counted]),
        measures_drawn=summarise_extraction(drawn),
        differences=tuple(wrong),
    )


def _mentions(mentions: Sequence[Mention], of: Mapping[str, Passage], start: int, end: int) -> tuple[Mention, ...]:
    """Those inside the sentence, with positions in it."""
    inside: list[Mention] = []
    for mention in mentions:
        if mention.passage_id in of:
            shift = of[mention.passage_id].start_char - start
            begin, stop = mention.start_char + shift, mention.end_char + shift
            if begin >= 0 and stop <= end - start:
                inside.append(mention.model_copy(update={"start_char": begin, "end_char": stop}))
    return tuple(inside)


def _claims(claims: Sequence[Claim], of: Mapping[str, Passage], start: int, end: int) -> tuple[Claim, ...]:
    """Those whose quote shares more than half of its characters with the sentence."""
    inside: list[Claim] = []
    for claim in claims:
        if claim.passage_id in of:
            shift = of[claim.passage_id].start_char
            begin, stop = claim.quote_start_char + shift, claim.quote_end_char + shift
            if 2 * (min(stop, end) - max(begin, start)) > stop - begin:
                inside.append(claim)
    return tuple(inside)
