"""The three OpenStax chapters and OntoSPM, where they lie beside the project. Nothing of their text is kept here."""

from __future__ import annotations

from pathlib import Path

import pytest

from medgrpo.knowledge import load_vocabulary
from medgrpo.library import BuildOptions, build_knowledge_base, open_knowledge_base

DATA = Path(__file__).parents[3] / "shared" / "data"
CHAPTERS = DATA / "openstax_anatomy"
pytestmark = pytest.mark.skipif(not CHAPTERS.is_dir(), reason=f"needs the chapters in {CHAPTERS}")

KNOWN = {  # what the chapters say, in our own words
    ("anatomy:gallbladder", "supplied_by", "anatomy:cystic_artery"),
    ("anatomy:liver", "supplied_by", "anatomy:hepatic_artery"),
    ("anatomy:liver", "produces", "material:bile"),
    ("anatomy:gallbladder", "contains", "material:bile"),
    ("anatomy:spleen", "supplied_by", "anatomy:splenic_artery"),
    ("anatomy:splenic_artery", "branch_of", "anatomy:celiac_trunk"),
    ("anatomy:hepatic_vein", "drains_into", "anatomy:inferior_vena_cava"),
}


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    out = tmp_path_factory.mktemp("kb") / "kb"
    summary = build_knowledge_base(
        [CHAPTERS, DATA / "ontospm"], out, load_vocabulary(), BuildOptions(licence="see source"), lambda *_: None, lambda: False
    )
    assert summary.failed == []
    return open_knowledge_base(out)


def test_every_span_points_at_its_text(base):
    texts = {document.id: base.text(document.id) for document in base.documents}
    passages = {passage.id: passage for passage in base.passages()}
    assert {document.format for document in base.documents} == {"CNXML", "OWL"}
    assert all(texts[p.document_id][p.start_char : p.end_char] == p.text for p in passages.values())
    assert all(passages[m.passage_id].text[m.start_char : m.end_char] == m.text for m in base.mentions())
    assert all(passages[c.passage_id].text[c.quote_start_char : c.quote_end_char] == c.quote for c in base.claims())


def test_the_chapters_claim_what_they_say(base):
    found = {(claim.subject, claim.relation.value, claim.object) for claim in base.claims() if not claim.negated}
    assert set() == KNOWN - found


def test_objectives_are_not_read(base):
    assert not [passage.id for passage in base.passages() if "you will be able to" in passage.text]
