import re
from collections.abc import Callable
from pathlib import Path

import pytest

from medgrpo.benchmark import (
    ANSWERS_NAME,
    Manner,
    Pictures,
    RunSettings,
    ask_questions,
    finish,
    read_answers,
    read_rows,
    render_run,
)
from medgrpo.models import Failure, Request, ScriptedModel
from medgrpo.scoring import Ratings, Records, caption_pairs
from medgrpo.tasks import DIMENSIONS, Rating, RubricKind

HOSTILE = "</dd><script>alert(1)</script> & \"quotes\" 'and' <img src=x>"


@pytest.fixture
def page(data: Path, tmp_path: Path, frames: Path, settings_for: Callable[..., RunSettings]) -> str:
    rows, settings = read_rows(data), settings_for(name="<b>model</b>")
    gold = {row.key: row.record.answer or "" for row in rows}

    def reply(request: Request) -> str | Failure:
        place = int(request.key.rpartition("|")[2])
        if place == 4:
            return Failure("<i>refused</i>", lasting=True)
        if "|stg|" in request.key:
            return "1.0 seconds: [20, 12, 50, 44] 3.0 seconds: [30, 20, 60, 50]"
        return HOSTILE if place % 3 == 0 else gold[request.key]

    folder = tmp_path / "run"
    ask_questions(
        folder,
        rows,
        settings,
        ScriptedModel(reply),
        lambda _: None,
        Manner(settings.max_new_tokens, {}),
        4,
        lambda _: None,
        lambda: False,
    )
    (frames / "v3" / "000.jpg").unlink()
    finished = finish(folder, rows, settings, read_answers(folder / ANSWERS_NAME).by_asked, 2, None, None)
    return render_run(finished, Pictures({"/root/data": str(frames)}))


def test_nothing_that_a_model_or_a_file_says_becomes_markup(page: str) -> None:
    for raw in ("<script", "<img", "<i>refused", "<b>model", "<b>tal"):
        assert raw not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "&lt;b&gt;model&lt;/b&gt;" in page


def test_the_page_asks_nothing_of_any_network(page: str) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert "default-src 'none'" in policy[1]
    assert "script-src" not in policy[1]
    assert re.findall(r'(?:src|href)="(?!#|data:image/jpeg)', page) == []
    assert "url(" not in page.split("</style>")[0]


def test_it_says_what_the_official_figures_hide(page: str) -> None:
    assert re.search(r"<b>\d+</b> answers cannot be read", page)
    assert "<b>1</b> row without a reply" in page
    assert "&lt;i&gt;refused&lt;/i&gt;" in page
    assert "not the 6,245 of the official test set" in page
    assert "2; their questions were asked again" in page


def test_worst_cases_show_pictures_boxes_spans_or_why_not(page: str) -> None:
    cases = page.split('id="worst"')[1].split('id="made"')[0]
    assert cases.count('class="gold-box"') == cases.count('class="said-box"') >= 2
    assert 'class="asked-box"' not in cases, "captions are not scored here, so none is among the worst"
    assert 'class="spans"' in cases
    assert "No picture: " in cases
    assert "v3/000.jpg" in cases


def test_published_rows_stand_in_their_group_with_their_marks(page: str) -> None:
    groups = page.split('class="given"')
    assert "GPT-5.4" in groups[1]
    assert "SPIRAL <abbr" in groups[2]
    assert "1.0a-7B-RL" in groups[3]
    assert "0.896" in groups[3]


def test_a_judges_grades_stand_in_their_columns_with_its_name(
    data: Path, tmp_path: Path, settings_for: Callable[..., RunSettings]
) -> None:
    rows, settings, folder = read_rows(data), settings_for(), tmp_path / "run"
    gold = {row.key: row.record.answer or "" for row in rows}
    manner = Manner(settings.max_new_tokens, {})
    model = ScriptedModel(lambda request: gold[request.key])
    ask_questions(folder, rows, settings, model, lambda _: None, manner, 4, lambda _: None, lambda: False)

    def rate(records: Records) -> dict[str, Ratings]:
        pairs = caption_pairs(records, "leaderboard")
        return {
            "leaderboard": Ratings("strict nurse", RubricKind.ABSOLUTE, dict.fromkeys(pairs, Rating(dict.fromkeys(DIMENSIONS, 4))))
        }

    finished = finish(folder, rows, settings, read_answers(folder / ANSWERS_NAME).by_asked, 0, None, None, rate)
    board = render_run(finished, Pictures()).split('class="ours"')[1].split("</tr>")[0]
    assert board.count("<td>4.000</td>") == 3
    assert "strict nurse" in render_run(finished, Pictures())
