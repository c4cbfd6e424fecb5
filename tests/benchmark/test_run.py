from collections.abc import Callable
from pathlib import Path

import pytest

from medgrpo.benchmark import (
    ANSWERS_NAME,
    Answer,
    AnswerFile,
    Asked,
    ClipReader,
    Manner,
    Pictures,
    RunSettings,
    ask_questions,
    asked_once,
    read_answers,
    read_rows,
)  # fmt: skip
from medgrpo.core import DataError, InputError, Interrupted, ModelError
from medgrpo.models import Failure, Request, ScriptedModel
from medgrpo.video import SampledClip, Sampling

Settings = Callable[..., RunSettings]
Reply = Callable[[Request], str | Failure]
QUICK = {"tries": 3, "pause_seconds": 0.0}


class Run:
    """One folder's run, counting what the model is asked."""

    def __init__(self, data: Path, folder: Path, settings: RunSettings) -> None:
        self.data, self.folder, self.settings = data, folder, settings
        self.asked: list[str] = []
        self.told: list[Asked] = []

    def go(
        self, reply: Callable[[Request], str | Failure] = lambda _: "tying", clip_of=lambda _: None, stop_after: int = 10**9
    ) -> None:
        def answer(request: Request) -> str | Failure:
            self.asked.append(request.key)
            return reply(request)

        rows = read_rows(self.data)
        manner = Manner({row.task.card.name: 64 for row in rows}, {}, **QUICK)
        ask_questions(
            self.folder, rows, self.settings, ScriptedModel(answer), clip_of, manner, 4, self.told.append,
            lambda: len(self.asked) >= stop_after,
        )  # fmt: skip

    @property
    def answers(self) -> dict[str, Answer]:
        return read_answers(self.folder / ANSWERS_NAME).by_asked


@pytest.fixture
def run(data: Path, tmp_path: Path, settings_for: Settings) -> Run:
    return Run(data, tmp_path / "run", settings_for())


def test_each_question_is_asked_once_and_again_only_where_it_is_open(run: Run) -> None:
    run.go()
    run.go()
    assert sorted(run.asked) == sorted(row.key for row in asked_once(read_rows(run.data)))
    assert run.told[0] == Asked(0, 36)
    assert run.told[-1] == Asked(36, 36)


def test_a_stopped_run_goes_on_where_it_was(run: Run) -> None:
    with pytest.raises(Interrupted, match=r"of 36 questions; all answers are kept"):
        run.go(stop_after=10)
    done = len(run.answers)
    assert 10 <= done < 36
    run.go()
    assert len(run.asked) == len(set(run.asked)) == len(run.answers) == 36


def test_what_fails_for_a_moment_is_asked_again_and_what_lasts_is_not(run: Run) -> None:
    failing = {key.asked: place for place, key in enumerate(asked_once(read_rows(run.data))[:2])}

    def reply(request: Request) -> str | Failure:
        place = failing.get(request.key.split("|")[2])
        if place == 0:
            return Failure("busy", lasting=False) if run.asked.count(request.key) < 3 else "tying"
        return Failure("too long", lasting=True) if place == 1 else "tying"

    run.go(reply)
    first, second = (run.answers[one] for one in failing)
    assert (first.text, first.tries) == ("tying", 3)
    assert (second.failure, second.lasting, second.tries) == ("too long", True, 1)
    asked = len(run.asked)
    run.go(reply)
    assert len(run.asked) == asked


def test_what_never_came_is_asked_again_by_the_next_run(run: Run) -> None:
    run.go(lambda _: Failure("busy", lasting=False))
    assert all(one.failure == "busy" and one.tries == 3 for one in run.answers.values())
    run.go()
    assert all(one.text == "tying" for one in run.answers.values())


def test_a_missing_frame_fails_its_questions_by_name_and_no_other(run: Run, frames: Path) -> None:
    (frames / "v1" / "003.jpg").unlink()
    clips = ClipReader(Pictures({"/root/data": str(frames)}), Sampling(side_multiple=2, least_pixels=16, most_pixels=2048))
    sizes: set[tuple[int, ...]] = set()

    def reply(request: Request) -> str:
        assert request.clip is not None
        sizes.add(request.clip.images[0].shape)
        return "tying"

    run.go(reply, clips)
    failed = [one for one in run.answers.values() if one.failure is not None]
    assert {one.key.split(":")[0].split("/")[1] for one in failed} == {"v1"}
    assert all(one.failed_at == "clip" and "v1/003.jpg" in (one.failure or "") for one in failed)
    assert all(one.frames == 6 for one in run.answers.values() if one.failure is None)
    assert len(sizes) == 1


def test_another_model_or_seed_or_data_is_refused_with_the_difference(run: Run, settings_for: Settings) -> None:
    run.go()
    run.settings = settings_for(name="another")
    with pytest.raises(InputError, match="model, name was scripted, now another"):
        run.go()
    run.settings = settings_for(seed=1)
    with pytest.raises(InputError, match="seed was 0, now 1"):
        run.go()
    run.data.write_text(run.data.read_text().replace("Question 1 ", "Question one "))
    run.settings = settings_for()
    with pytest.raises(InputError, match=r"the data was data\.json"):
        run.go()


def test_a_folder_with_something_else_in_it_is_left_alone(run: Run) -> None:
    run.folder.mkdir()
    (run.folder / "mine.txt").write_text("x")
    with pytest.raises(InputError, match="is not empty"):
        run.go()


def test_an_error_of_the_model_as_a_whole_ends_the_run_and_keeps_the_answers(run: Run) -> None:
    def reply(request: Request) -> str:
        if len(run.asked) > 20:
            raise ModelError("the endpoint is gone")
        return "tying"

    with pytest.raises(ModelError, match="gone"):
        run.go(reply)
    assert 16 <= len(run.answers) <= 20


def test_a_line_cut_off_by_a_kill_is_seen_counted_and_asked_again(run: Run) -> None:
    run.go()
    path = run.folder / ANSWERS_NAME
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])
    assert len(read_answers(path).torn) == 1
    run.go()
    stored = read_answers(path)
    assert len(stored.by_asked) == 36
    assert stored.torn == (36,)
    assert path.read_bytes().startswith(whole[:-40] + b"\n")


def test_a_second_answer_to_one_question_is_an_error(run: Run) -> None:
    run.go()
    path = run.folder / ANSWERS_NAME
    path.write_bytes(path.read_bytes() + path.read_bytes().splitlines(keepends=True)[0])
    with pytest.raises(DataError, match="for the second time"):
        read_answers(path)


def test_two_processes_do_not_write_one_run(run: Run) -> None:
    run.go()
    with AnswerFile(run.folder / ANSWERS_NAME), pytest.raises(InputError, match="another process"):
        run.go()


def test_a_clip_is_read_once_for_its_questions(run: Run, frames: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clips = ClipReader(Pictures({"/root/data": str(frames)}), Sampling(side_multiple=2, least_pixels=16, most_pixels=2048))
    kept: dict[str, SampledClip] = {}

    def clip_of(row) -> SampledClip:
        clip = clips(row)
        assert kept.setdefault(f"{row.clip}{row.record.region}", clip) is clip
        return clip

    run.go(clip_of=clip_of)
