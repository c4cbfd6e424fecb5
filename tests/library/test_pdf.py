"""PDFs: columns, paragraphs over pages, what is printed on every page, tables, and pages without text."""

from __future__ import annotations

import io
from pathlib import Path

import pypdfium2
import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from medgrpo.core import DocumentError
from medgrpo.library.readers import open_document

NAMES = ("Zero", "One", "Two", "Three", "Four", "Five")
WORDS = "the cystic duct joins the common hepatic duct near the porta and then runs down behind the duodenum to end"


def read(path: Path):
    notes: list[str] = []
    opened = open_document(path, notes.append)
    return opened, [(block.kind.value, block.page, block.text) for block in opened.blocks], notes


def column(canvas: Canvas, x: float, words: str, top: float = 700, width: int = 40, size: float = 10) -> None:
    canvas.setFont("Times-Roman", size)
    line, y = "", top
    for word in words.split():
        if len(line) + len(word) > width:
            canvas.drawString(x, y, line.strip())
            line, y = "", y - 1.2 * size
        line += word + " "
    canvas.drawString(x, y, line.strip())


def made(path: Path, *pages) -> Path:
    canvas = Canvas(str(path))
    for page in pages:
        page(canvas)
        canvas.showPage()
    canvas.save()
    return path


def test_columns_are_read_one_after_the_other(tmp_path):
    def page(canvas: Canvas) -> None:
        canvas.setFont("Times-Bold", 18)
        canvas.drawString(80, 750, "A title over both of the columns")
        lines = (
            [f"left line number {n} of the first column," for n in range(20)],
            [f"right line number {n} of the second," for n in range(20)],
        )
        canvas.setFont("Times-Roman", 10)
        for number in range(20):  # drawn across, as some programs do
            canvas.drawString(60, 700 - 12 * number, lines[0][number])
            canvas.drawString(320, 700 - 12 * number, lines[1][number])

    _, blocks, _ = read(made(tmp_path / "a.pdf", page))
    assert blocks[0] == ("heading", 1, "A title over both of the columns")
    text = " ".join(block[2] for block in blocks[1:])
    places = [text.index(f"{side} line number {n} ") for side in ("left", "right") for n in range(20)]
    assert places == sorted(places)


def test_what_is_on_every_page_goes_and_a_paragraph_goes_on_over_the_page(tmp_path):
    def page(number: int):
        def draw(canvas: Canvas) -> None:
            canvas.setFont("Times-Roman", 9)
            canvas.drawString(60, 810, f"Chapter {number // 3}   Surgery of the gallbladder")
            canvas.drawString(290, 25, f"{number}")
            column(
                canvas, 60, f"{NAMES[number]} " + WORDS + (" without a stop" if number == 1 else ". The next one ends."), width=80
            )

        return draw

    opened, blocks, notes = read(made(tmp_path / "a.pdf", *(page(number) for number in range(1, 6))))
    text = " ".join(block[2] for block in blocks)
    assert opened.pages == 5
    assert "Surgery of" not in text
    assert blocks[0][:2] == ("paragraph", 1)
    assert "without a stop Two" in blocks[0][2]
    assert [block[1] for block in blocks] == [1, 3, 4, 5]
    assert notes == []


def test_divided_words_are_mended(tmp_path):
    def page(canvas: Canvas) -> None:
        canvas.setFont("Times-Roman", 10)
        canvas.drawString(60, 700, "The gall-")
        canvas.drawString(60, 688, "bladder and the non-")
        canvas.drawString(60, 676, "functioning duct.")

    assert read(made(tmp_path / "a.pdf", page))[1] == [("paragraph", 1, "The gallbladder and the non-functioning duct.")]


def test_a_table_is_rows(tmp_path):
    def page(canvas: Canvas) -> None:
        column(canvas, 60, WORDS, width=90)
        for number, cells in enumerate(
            (("Organ", "Artery", "n"), ("Gallbladder", "Cystic artery", "12"), ("Liver", "Hepatic artery", "7"))
        ):
            for x, cell in zip((60, 200, 380), cells, strict=True):
                canvas.drawString(x, 600 - 14 * number, cell)

    _, blocks, _ = read(made(tmp_path / "a.pdf", page))
    assert [block[2] for block in blocks if block[0] == "row"] == [
        "Organ | Artery | n",
        "Gallbladder | Cystic artery | 12",
        "Liver | Hepatic artery | 7",
    ]


def test_headings_are_larger_or_bold_and_make_sections(tmp_path):
    def page(canvas: Canvas) -> None:
        canvas.setFont("Times-Roman", 16)
        canvas.drawString(60, 750, "Large")
        column(canvas, 60, WORDS, top=720, width=90)
        canvas.setFont("Times-Bold", 10)
        canvas.drawString(60, 660, "Bold")
        column(canvas, 60, WORDS, top=640, width=90)

    _, blocks, _ = read(made(tmp_path / "a.pdf", page))
    assert [block[0] for block in blocks] == ["heading", "paragraph", "heading", "paragraph"]


@pytest.mark.parametrize("turned", [90, 180, 270])
def test_a_turned_page_is_read_as_it_is_shown(tmp_path, turned):
    def upright(canvas: Canvas) -> None:
        column(canvas, 60, WORDS + ".", width=80)

    straight = read(made(tmp_path / "a.pdf", upright))[1]
    document = pypdfium2.PdfDocument.new()
    page = document.new_page(600, 850)
    page.set_rotation(turned)
    source = pypdfium2.PdfDocument(tmp_path / "a.pdf")
    form = source.page_as_xobject(0, document)
    placed = form.as_pageobject()
    matrix = pypdfium2.PdfMatrix().rotate(-turned)
    shift = {90: (0, 850), 180: (600, 850), 270: (600, 0)}[turned]
    placed.set_matrix(matrix.translate(*shift) if turned != 90 else matrix.translate(0, 850))
    page.insert_obj(placed)
    page.gen_content()
    document.save(tmp_path / "b.pdf")
    assert [block[2] for block in read(tmp_path / "b.pdf")[1]] == [block[2] for block in straight]


def test_a_scanned_document_says_that_it_has_no_text(tmp_path):
    path = made(tmp_path / "scan.pdf", *[lambda canvas: canvas.rect(10, 10, 100, 100)] * 3)
    with pytest.raises(DocumentError, match=r"scan\.pdf: has no text layer .*3 pages.*OCR"):
        read(path)


def test_pages_without_text_are_named(tmp_path):
    blank = lambda canvas: canvas.rect(10, 10, 100, 100)  # noqa: E731
    path = made(tmp_path / "a.pdf", lambda canvas: column(canvas, 60, WORDS), blank, blank)
    _, _, notes = read(path)
    assert notes == ["no text layer on page 2, 3: empty, or scanned (run OCR)"]


def test_an_encrypted_document_says_so(tmp_path):
    canvas = Canvas(str(tmp_path / "a.pdf"), encrypt=StandardEncryption("secret", canPrint=0))
    column(canvas, 60, WORDS)
    canvas.save()
    with pytest.raises(DocumentError, match=r"a\.pdf: is encrypted"):
        read(tmp_path / "a.pdf")


def test_a_document_that_only_forbids_printing_is_read(tmp_path):
    canvas = Canvas(str(tmp_path / "a.pdf"), encrypt=StandardEncryption("", "owner", canPrint=0))
    column(canvas, 60, WORDS)
    canvas.save()
    assert read(tmp_path / "a.pdf")[1][0][2] == WORDS


@pytest.mark.parametrize("kept", [0.01, 0.2, 0.5, 0.8])
def test_a_truncated_document_is_an_error(tmp_path, kept):
    memory = io.BytesIO()
    canvas = Canvas(memory)
    for _ in range(4):
        column(canvas, 60, WORDS)
        canvas.showPage()
    canvas.save()
    data = memory.getvalue()
    path = tmp_path / "a.pdf"
    path.write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(DocumentError, match=r"a\.pdf: "):
        read(path)
