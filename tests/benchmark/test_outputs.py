import json
from collections.abc import Callable
from pathlib import Path

import pytest

from medgrpo.benchmark import (
    ANSWERS_NAME,
    PUBLISHED,
    Finished,
    Manner,
    Row,
    RunSettings,
    ask_questions,
    finish,
    merge_answers,
    read_answers,
    read_rows,
    submission,
)  # fmt: skip
from medgrpo.core import DataError, InputError, VideoError
from medgrpo.models import Failure, Request, ScriptedModel
from medgrpo.scoring import read_records, score_file

Settings = Callable[..., RunSettings]
FILES = ("records.jsonl", "submission.json", "summary.json", "usage.json")


def reply(rows: list[Row]) -> Callable[[Request], str | Failure]:
    """The reference; nothing for the first question, half of the third."""
    gold = {row.key: row.record.answer or "" for row in rows}

    def answer(request: Request) -> str | Failure:
        place = int(request.key.rpartition("|")[2])
        if place == 0:
            return Failure("refused", lasting=True)
        return gold[request.key][:9] if place == 3 else gold[request.key]

    return answer


def ask(folder: Path, data: Path, settings: RunSettings) -> None:
    rows = read_rows(data)
    manner = Manner(settings.max_new_tokens, {})
    ask_questions(folder, rows, settings, ScriptedModel(reply(rows)), lambda _: None, manner, 4, lambda _: None, lambda: False)


def ended(folder: Path, data: Path, settings: RunSettings) -> Finished:
    return finish(folder, read_rows(data), settings, read_answers(folder / ANSWERS_NAME).by_asked, 0, None, None)


def test_records_score_as_in_the_run_and_a_failed_row_is_wrong(data: Path, tmp_path: Path, settings_for: Settings) -> None:
    ask(tmp_path / "run", data, settings_for())
    finished = ended(tmp_path / "run", data, settings_for())
    read = read_records(tmp_path / "run" / "records.jsonl")
    assert score_file(read, "both", None, None)["strict"] == finished.scores["strict"]
    first, fourth = (finished.scores["strict"]["records"][place] for place in (0, 3))
    assert (read.records[0].prediction, first["status"], first["score"]) == ("", "unparsed", 0.0)
    assert (fourth["status"], fourth["score"]) == ("unparsed", 0.0)
    assert finished.scores["leaderboard"]["summary"]["metrics"]["sa_acc"] == 1.0
    tally = finished.tallies[0]
    assert (tally.source, tally.task, tally.model_failed, tally.answered) == ("AVOS", "temporal_grounding", 1, tally.rows - 1)
    assert finished.usage.rows_sharing_an_answer == 4


def test_the_submission_has_the_boards_form_and_order_and_every_type(data: Path, tmp_path: Path, settings_for: Settings) -> None:
    ask(tmp_path / "run", data, settings_for())
    finished = ended(tmp_path / "run", data, settings_for())
    handed_in = json.loads((tmp_path / "run" / "submission.json").read_text())
    rows = read_rows(data)
    assert [set(one) for one in handed_in] == [{"id", "qa_type", "prediction"}] * 40
    assert [(one["id"], one["qa_type"]) for one in handed_in] == [(row.record.id, row.record.qa_type) for row in rows]
    assert len({one["qa_type"] for one in handed_in}) == 11
    assert handed_in[9]["prediction"] == handed_in[8]["prediction"] == rows[8].record.answer
    with pytest.raises(InputError, match="39 answers to 40 questions"):
        submission(finished.answered[:-1], 40)
    with pytest.raises(InputError, match="another order"):
        submission(finished.answered[::-1], 40)


def test_parts_merged_are_the_whole_run(data: Path, tmp_path: Path, settings_for: Settings) -> None:
    ask(tmp_path / "whole", data, settings_for())
    ended(tmp_path / "whole", data, settings_for())
    parts = [tmp_path / f"part{number}" for number in (1, 2, 3)]
    for number, folder in enumerate(parts, 1):
        ask(folder, data, settings_for(number, 3))
        ended(folder, data, settings_for(number, 3))
        assert not (folder / "submission.json").exists()
    settings = merge_answers(parts[::-1], data, read_rows(data), tmp_path / "merged")
    ended(tmp_path / "merged", data, settings)
    for name in FILES:
        assert (tmp_path / "merged" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_parts_that_do_not_make_a_run_are_named(data: Path, tmp_path: Path, settings_for: Settings) -> None:
    rows, out = read_rows(data), tmp_path / "out"
    folders = {name: tmp_path / name for name in ("one", "two", "again", "other", "halves")}
    for name, settings in (
        ("one", settings_for(1, 3)), ("two", settings_for(2, 3)), ("again", settings_for(2, 3)),
        ("other", settings_for(3, 3, seed=5)), ("halves", settings_for(1, 2)),
    ):  # fmt: skip
        ask(folders[name], data, settings)
    one, two, again, other, halves = folders.values()
    with pytest.raises(InputError, match="parts are missing: 3/3"):
        merge_answers([one, two], data, rows, out)
    with pytest.raises(InputError, match=r"again and .*two: are both part 2/3"):
        merge_answers([one, two, again], data, rows, out)
    with pytest.raises(InputError, match=r"another run than .*: seed was 0, now 5"):
        merge_answers([one, two, other], data, rows, out)
    with pytest.raises(InputError, match="cut differently"):
        merge_answers([one, halves], data, rows, out)
    with pytest.raises(InputError, match="holds no run"):
        merge_answers([one, tmp_path / "nowhere"], data, rows, out)
    three = tmp_path / "three"
    ask(three, data, settings_for(3, 3))
    (three / ANSWERS_NAME).write_bytes(b"".join((three / ANSWERS_NAME).read_bytes().splitlines(keepends=True)[:-1]))
    with pytest.raises(InputError, match=r"part 3/3 has 1 of \d+ questions open"):
        merge_answers([one, two, three], data, rows, out)
    data.write_text(data.read_text().replace("Question 1 ", "Question one "))
    with pytest.raises(DataError, match="is not the data that was asked about"):
        merge_answers([one, two, three], data, read_rows(data), out)
    assert not out.exists()


def test_a_question_without_answer_is_no_finished_run(data: Path, tmp_path: Path, settings_for: Settings) -> None:
    ask(tmp_path / "run", data, settings_for())
    by_asked = dict(read_answers(tmp_path / "run" / ANSWERS_NAME).by_asked)
    by_asked.popitem()
    with pytest.raises(InputError, match="have no answer yet"):
        finish(tmp_path / "run", read_rows(data), settings_for(), by_asked, 0, None, None)


def test_published_rows_are_shares_and_grades() -> None:
    assert len(PUBLISHED) == 20
    assert len({one.model for one in PUBLISHED}) == 20
    for one in PUBLISHED:
        assert all(share is None or 0 <= share <= 1 for share in one.figures[:7])
        assert all(grade is None or 1 <= grade <= 5 for grade in one.figures[7:])
        assert one.note or one.figures[4] is None or one.figures[5] <= 3.34 * one.figures[4]


def test_questions_without_pictures_are_told_and_in_no_latency(data: Path, tmp_path: Path, settings_for: Settings) -> None:
    rows, folder = read_rows(data), tmp_path / "run"

    def clip_of(row: Row) -> None:
        if row.place < 30:
            raise VideoError(f"v{row.place}", "is gone")

    def ask_with(settings: RunSettings, clip_of: Callable[[Row], None]) -> None:
        manner = Manner(settings.max_new_tokens, {})
        ask_questions(folder, rows, settings, ScriptedModel(reply(rows)), clip_of, manner, 4, lambda _: None, lambda: False)

    ask_with(settings_for(), clip_of)
    by_asked = {asked: answer.model_copy(update={"seconds": 2.0 if answer.text else 0.0})
                for asked, answer in read_answers(folder / ANSWERS_NAME).by_asked.items()}  # fmt: skip
    finished = finish(folder, rows, settings_for(), by_asked, 0, None, None)
    assert (finished.usage.questions_asked, finished.usage.without_pictures) == (9, 27)
    assert (finished.usage.seconds_median, finished.usage.seconds_95) == (2.0, 2.0)
    assert str(finished.unseen) == "27 of 36 questions could not be asked, having no pictures; most often: is gone (first: v0)"
    videos = settings_for().model_copy(update={"seen": "videos"})
    with pytest.raises(InputError, match="seen was frames, now videos"):
        ask_with(videos, lambda _: None)


def test_pictures_may_come_from_elsewhere_as_long_as_nothing_was_asked(data: Path, tmp_path: Path, settings_for: Settings) -> None:
    rows, folder, videos = read_rows(data), tmp_path / "run", settings_for().model_copy(update={"seen": "videos"})

    def nothing(row: Row) -> None:
        raise VideoError(row.clip, "is gone")

    for settings, clip_of in ((settings_for(), nothing), (videos, lambda _: None)):
        manner = Manner(settings.max_new_tokens, {})
        ask_questions(folder, rows, settings, ScriptedModel(reply(rows)), clip_of, manner, 4, lambda _: None, lambda: False)
        if clip_of is nothing:
            with pytest.raises(InputError, match="36 of 36 questions could not be asked"):
                ended(folder, data, settings)
            assert not (folder / "submission.json").exists()
    assert ended(folder, data, videos).unseen is None
