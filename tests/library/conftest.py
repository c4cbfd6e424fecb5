"""A small vocabulary, and documents made on the spot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from medgrpo.knowledge import Concept, ConceptKind, Vocabulary
from medgrpo.library.claims import extract_claims
from medgrpo.library.mentions import MentionFinder
from medgrpo.library.passages import passage_id
from medgrpo.library.records import Claim, Mention, Passage
from medgrpo.library.terms import TermTable

A, X, S, F, C, P, TOOL, M = (
    ConceptKind.ANATOMY,
    ConceptKind.ACTION,
    ConceptKind.STATE,
    ConceptKind.FINDING,
    ConceptKind.COMPLICATION,
    ConceptKind.PROCEDURE,
    ConceptKind.INSTRUMENT,
    ConceptKind.MATERIAL,
)


def concept(kind: ConceptKind, preferred: str, others: tuple[str, ...] = (), abbreviations: tuple[str, ...] = ()) -> Concept:
    return Concept(
        id=f"{kind.value}:{preferred.replace(' ', '_')}",
        kind=kind,
        preferred=preferred,
        others=others,
        abbreviations=abbreviations,
        definition=f"{preferred}, for tests",
    )


CONCEPTS = (
    *(
        concept(A, name)
        for name in ("liver", "stomach", "spleen", "duodenum", "diaphragm", "cystic duct", "cystic artery", "artery")
    ),
    *(
        concept(A, name)
        for name in ("hepatic artery", "right hepatic artery", "common hepatic duct", "celiac trunk", "portal vein")
    ),
    *(concept(A, name) for name in ("left gastric artery", "common hepatic artery", "splenic artery", "inferior vena cava")),
    concept(A, "gallbladder", ("gall bladder",), ("GB",)),
    concept(A, "common bile duct", (), ("CBD",)),
    concept(M, "bile"),
    concept(M, "surgical clip", ("clip",)),
    concept(X, "clip"),
    concept(X, "divide"),
    concept(X, "dissect"),
    concept(TOOL, "hook", ("hook electrode",)),
    concept(S, "critical view of safety", ("critical view",), ("CVS",)),
    concept(F, "cirrhosis"),
    concept(F, "cholecystitis"),
    concept(C, "bile duct injury"),
    concept(C, "bleeding"),
    concept(P, "laparoscopic cholecystectomy"),
    concept(P, "subtotal cholecystectomy"),
)


@pytest.fixture(scope="session")
def vocabulary() -> Vocabulary:
    return Vocabulary(CONCEPTS, (), (), ())


@pytest.fixture(scope="session")
def table(vocabulary: Vocabulary) -> TermTable:
    return TermTable(vocabulary)


def make_passage(text: str, section: tuple[str, ...] = ()) -> Passage:
    document = "a" * 64
    return Passage(
        id=passage_id(document, 0, len(text)),
        document_id=document,
        section=section,
        page=None,
        start_char=0,
        end_char=len(text),
        text=text,
    )


@pytest.fixture(scope="session", name="passage")
def passage_fixture() -> Callable[..., Passage]:
    return make_passage


@pytest.fixture(scope="session")
def mentions(table: TermTable) -> Callable[..., list[Mention]]:
    def find(text: str, section: tuple[str, ...] = ()) -> list[Mention]:
        return MentionFinder(table).mentions(make_passage(text, section))

    return find


@pytest.fixture(scope="session")
def claims(table: TermTable) -> Callable[[str], list[Claim]]:
    def extract(text: str) -> list[Claim]:
        there = make_passage(text)
        return extract_claims(there, MentionFinder(table).mentions(there), table.by_id)

    return extract


GUIDELINE = """---
title: Safe cholecystectomy
date: 2024-05-01
licence: CC BY 4.0
---
# Safe cholecystectomy
## Anatomy
The cystic artery supplies the gallbladder. The common bile duct (CBD) lies behind the duodenum.
## Recommendations
The cystic duct must be clipped before it is divided. Do not clip the CBD.
## References
1. Smith AB, Jones C. The cystic artery supplies the liver. J Surg 2010;12:34-40.
"""


@pytest.fixture
def guideline(tmp_path: Path) -> Path:
    path = tmp_path / "guideline.md"
    path.write_text(GUIDELINE, encoding="utf-8")
    return path
