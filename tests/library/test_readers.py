"""Each format gives its text in order, with what it states of itself; what is no such document ends in one line."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import docx
import pytest

from medgrpo.core import DocumentError
from medgrpo.library.readers import READERS, open_document
from medgrpo.library.readers.html import too_deep


def read(path: Path):
    notes: list[str] = []
    opened = open_document(path, notes.append)
    return opened, [(block.kind.value, block.text) for block in opened.blocks], notes


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_markdown(tmp_path):
    text = (
        "---\ntitle: 'On ducts'\nlicense: CC BY 4.0\n---\n# Ducts\nThe *cystic*\nduct.\n\n- one\n- two\n\n"
        "| a | b |\n|---|---|\n| 1 | 2 |\n"
    )
    opened, blocks, _ = read(write(tmp_path, "a.md", text))
    assert (opened.title, opened.licence, opened.date) == ("On ducts", "CC BY 4.0", None)
    assert blocks == [
        ("heading", "Ducts"),
        ("paragraph", "The cystic duct."),
        ("item", "one"),
        ("item", "two"),
        ("row", "a | b"),
        ("row", "1 | 2"),
    ]


def test_html(tmp_path):
    text = (
        "<html><head><title> On  ducts </title><meta name='citation_date' content='2024/05/01'>"
        "<link rel='license' href='https://cc.org/by'></head><body><nav>Menu</nav><script>var x</script>"
        "<h1>Ducts</h1>loose text<p>The <b>cystic</b>&nbsp;duct<br>is short.</p>"
        "<ul><li>one<li>two <p>three</p></ul><table><tr><th>a<th>b<tr><td>1<td>2</table>"
        "<section class='references'><p>Smith</p></section><p>End"
    )
    opened, blocks, _ = read(write(tmp_path, "a.html", text))
    assert (opened.title, opened.licence, opened.date) == ("On ducts", "https://cc.org/by", "2024/05/01")
    assert blocks == [
        ("heading", "Ducts"),
        ("paragraph", "loose text"),
        ("paragraph", "The cystic duct is short."),
        ("item", "one"),
        ("item", "two"),
        ("item", "three"),
        ("row", "a | b"),
        ("row", "1 | 2"),
        ("paragraph", "End"),
    ]


def test_html_that_nests_deeper_than_the_stack(tmp_path):
    _, blocks, _ = read(write(tmp_path, "a.html", "<div>" * 5000 + "deep"))
    assert blocks == [("paragraph", "deep")]


@pytest.mark.parametrize("piece", ["<div>", "<b>\n", "<div></x>", "<svg></svg><div/>", "<span><!-- </span> -->"])
def test_html_that_nests_without_end_is_one_line(tmp_path, piece):
    with pytest.raises(DocumentError, match=r"more than 10,000 deep \(line [\d,]+\)"):
        read(write(tmp_path, "a.html", piece * 200_000))


@pytest.mark.parametrize(
    "piece", ["<p>one", "<div><span></div>", "<br>", "<script>'<div>'</script>", "<!-- <div> -->", "<svg><path/></svg>", "</div>"]
)
def test_long_html_that_does_not_nest_is_no_deep_one(piece):
    assert too_deep(piece * 12_000) is None


def test_html_in_the_encoding_it_declares(tmp_path):
    text = "<meta charset=iso-8859-1><p>Öffnen des Gallengangs</p>".encode("latin-1")
    _, blocks, notes = read(write(tmp_path, "a.html", text))
    assert blocks == [("paragraph", "Öffnen des Gallengangs")]
    assert notes == []


def test_plain_text_of_an_operative_note(tmp_path):
    text = (
        "OPERATIVE NOTE\n\nFINDINGS: The gall-\nbladder was\ndistended.\nPROCEDURE:\nThe duct was clipped.\n\n1. first\n2. second\n"
        "   goes on\n\nTitle\n=====\n\nPlain."
    )
    _, blocks, _ = read(write(tmp_path, "a.txt", text))
    assert blocks == [
        ("heading", "OPERATIVE NOTE"),
        ("heading", "FINDINGS"),
        ("paragraph", "The gallbladder was distended."),
        ("heading", "PROCEDURE"),
        ("paragraph", "The duct was clipped."),
        ("item", "first"),
        ("item", "second goes on"),
        ("heading", "Title"),
        ("paragraph", "Plain."),
    ]


def test_plain_text_pages_end_at_form_feeds(tmp_path):
    opened = open_document(write(tmp_path, "a.txt", "One.\fTwo."), lambda _: None)
    assert opened.pages == 2
    assert [(block.text, block.page) for block in opened.blocks] == [("One.", 1), ("Two.", 2)]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_says_the_encoding(tmp_path, encoding):
    _, blocks, notes = read(write(tmp_path, "a.txt", "Gallengänge".encode(encoding)))
    assert (blocks, notes) == ([("paragraph", "Gallengänge")], [])


@pytest.mark.parametrize(("encoding", "order"), [("utf-16-le", "little"), ("utf-16-be", "big")])
def test_utf_16_without_a_byte_order_mark_is_named(tmp_path, encoding, order):
    with pytest.raises(DocumentError, match=f"UTF-16, {order}-endian, without a byte order mark.*save it as UTF-8"):
        read(write(tmp_path, "a.txt", "Der Ductus cysticus, schließlich geklippt.".encode(encoding)))


def test_a_guessed_encoding_is_said(tmp_path):
    text = "Le canal cystique a été identifié, puis clippé près de la vésicule. L'artère a été disséquée à côté du hile."
    _, blocks, (note,) = read(write(tmp_path, "a.txt", text.encode("latin-1")))
    assert blocks == [("paragraph", text)]
    assert "guessed" in note


def test_cnxml_without_objectives_and_exercises(tmp_path):
    text = (
        '<document xmlns="http://cnx.rice.edu/cnxml"><title>Liver </title><metadata xmlns:md="http://cnx.rice.edu/mdml">'
        '<md:abstract><para>Learn it</para></md:abstract><md:license url="https://cc.org/by"/></metadata><content>'
        '<para>The <term>liver</term> (<link target-id="f"/>) is <emphasis>large</emphasis>.</para>'
        "<figure><media alt='x'/><caption>A caption.</caption></figure>"
        "<section><title>Lobes</title><para>Two.</para>"
        "<section class='review-questions'><title>Q</title><para>Why?</para></section>"
        "<table><tgroup><tbody><row><entry>a</entry><entry>b</entry></row></tbody></tgroup></table></section>"
        "<exercise><problem><para>How many?</para></problem></exercise></content>"
        "<glossary><definition><term>bile</term><meaning>a fluid</meaning></definition></glossary></document>"
    )
    opened, blocks, _ = read(write(tmp_path, "a.cnxml", text))
    assert (opened.title, opened.licence) == ("Liver", "https://cc.org/by")
    assert blocks == [
        ("paragraph", "The liver is large."),
        ("paragraph", "A caption."),
        ("heading", "Lobes"),
        ("paragraph", "Two."),
        ("row", "a | b"),
        ("heading", "Glossary"),
        ("item", "bile: a fluid"),
    ]


def test_docx(tmp_path):
    made = docx.Document()
    made.add_heading("Ducts", 1)
    made.add_paragraph("The cystic duct.")
    made.add_paragraph("one", style="List Bullet")
    table = made.add_table(rows=2, cols=2)
    for cell, text in zip((cell for row in table.rows for cell in row.cells), "abcd", strict=True):
        cell.text = text
    table.rows[1].cells[0].merge(table.rows[1].cells[1])
    made.add_paragraph("End.")
    made.core_properties.title = "On ducts"
    made.save(str(tmp_path / "a.docx"))
    opened, blocks, _ = read(tmp_path / "a.docx")
    assert opened.title == "On ducts"
    assert blocks == [
        ("heading", "Ducts"),
        ("paragraph", "The cystic duct."),
        ("item", "one"),
        ("row", "a | b"),
        ("row", "c d"),
        ("paragraph", "End."),
    ]


def test_owl(tmp_path):
    text = (
        '<rdf:RDF xmlns:rdf="r#" xmlns:owl="o#" xmlns:rdfs="s#" xmlns:dc="d#"><owl:Ontology rdf:about="x"><dc:title>Onto</dc:title>'
        '</owl:Ontology><owl:Class rdf:about="x#Duct"><rdfs:label>duct</rdfs:label><rdfs:comment>A tube.</rdfs:comment></owl:Class>'
        '<owl:Class rdf:about="x#Unnamed"/></rdf:RDF>'
    )
    opened, blocks, _ = read(write(tmp_path, "a.owl", text))
    assert opened.title == "Onto"
    assert blocks == [("heading", "Class duct"), ("paragraph", "duct."), ("paragraph", "A tube.")]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.xyz", b"x", "no reader for .xyz"),
        ("a", b"x", "no reader for a name without an ending"),
        ("a.pdf", b"not a pdf", "is no PDF"),
        ("a.pdf", b"%PDF-1.7 and nothing more", "damaged PDF"),
        ("a.docx", b"PK\x03\x04 broken", "is no DOCX"),
        ("a.docx", b"\xd0\xcf\x11\xe0 old", "encrypted"),
        ("a.txt", b"text\x00binary", "zero byte (byte 4)"),
        ("a.cnxml", b"<document><para>open", "not well-formed XML: no element found: line 1"),
        ("a.cnxml", b"<html/>", "is not CNXML"),
        ("a.cnxml", b"<?xml version='1.0' encoding='klingon'?><document/>", "unknown encoding"),
        ("a.owl", b"<document/>", "is not RDF/XML"),
        ("a.html", b"<meta charset=klingon><p>x", "'klingon', which is not known"),
    ],
)
def test_what_cannot_be_read_ends_in_one_line(tmp_path, name, content, words):
    path = write(tmp_path, name, content)
    with pytest.raises(DocumentError, match=re.escape(str(path)) + ".*" + re.escape(words)):
        read(path)


def test_entities_do_not_multiply(tmp_path):
    lols = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY l0 "lol">{lols}]><document><content><para>&l11;</para></content></document>'
    with pytest.raises(DocumentError, match="not well-formed"):
        read(write(tmp_path, "a.cnxml", bomb))


def test_a_docx_that_would_unpack_to_gigabytes_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr("medgrpo.library.readers.docx._LARGEST_BYTES", 1000)
    with zipfile.ZipFile(tmp_path / "a.docx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", "x" * 2000)
    with pytest.raises(DocumentError, match="would unpack to 2,000 bytes"):
        read(tmp_path / "a.docx")


def test_a_missing_file_and_a_folder(tmp_path):
    with pytest.raises(DocumentError, match="No such file"):
        read(tmp_path / "none.txt")
    (tmp_path / "folder.txt").mkdir()
    with pytest.raises(DocumentError, match="directory"):
        read(tmp_path / "folder.txt")


@pytest.mark.parametrize("ending", READERS)
def test_an_empty_file_has_no_text_or_is_no_such_document(tmp_path, ending):
    path = write(tmp_path, f"empty{ending}", b"")
    if ending in {".txt", ".text", ".md", ".markdown", ".html", ".htm", ".xhtml"}:
        assert read(path)[1] == []
    else:
        with pytest.raises(DocumentError, match=re.escape(str(path))):
            read(path)


@pytest.mark.parametrize(("head", "what"), [(b"%PDF-1.7\n", "a PDF"), (b"PK\x03\x04", "DOCX"), (b"{\\rtf1 hi}", "RTF")])
@pytest.mark.parametrize("ending", ["txt", "html", "md"])
def test_what_has_the_ending_of_text_but_is_none_is_named(tmp_path, head, what, ending):
    path = tmp_path / f"wrong.{ending}"
    path.write_bytes(head + b" " * 50)
    with pytest.raises(DocumentError, match=what):
        open_document(path, lambda _: None)
