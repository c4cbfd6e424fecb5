"""`evaluate run` and `evaluate merge` as a person types them."""

import json
from pathlib import Path

import pytest

from medgrpo import cli

ROW = {
    "id": "v&&0&&20&&1.0", "data_source": "AVOS", "dataset_name": "AVOS", "train": False, "video": [], "sampled_video_frames": [],
    "is_RC": False, "RC_info": None,
}  # fmt: skip
RESULTS = ("records.jsonl", "submission.json", "summary.json", "report.html")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rows = [
        {
            **ROW,
            "qa_type": "tal",
            "metadata": {"video_id": f"v{number % 3}", "fps": "1.0", "input_video_start_time": "0", "input_video_end_time": "20"},
            "conversations": [{"from": "human", "value": f"<video>\nWhen {number}?"}, {"from": "gpt", "value": "1.0-5.0 seconds."}],
            "struc_info": [{"spans": [{"start": 1.0, "end": 5.0}]}],
        }
        for number in range(7)
    ]
    path = tmp_path / "data.json"
    path.write_text(json.dumps(rows))
    return path


def run(data: Path, out: str, *more: str) -> int:
    replies = data.with_name("replies.json")
    if not replies.exists():
        from medgrpo.benchmark import read_rows

        replies.write_text(json.dumps({row.key: "1.0-5.0 seconds." for row in read_rows(data) if row.place != 3}))
    model = ["--model", f"scripted:{replies}", "--data", str(data)]
    return cli.main(["evaluate", "run", *model, "--out", str(data.with_name(out)), *more])


def test_a_run_and_its_parts_merged_are_the_same(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(data, "whole") == 0
    assert "AVOS, temporal_grounding" in " ".join(capsys.readouterr().out.split())
    assert run(data, "one", "--shard", "1/2") == run(data, "two", "--shard", "2/2") == 0
    parts = [str(tmp_path / "one"), str(tmp_path / "two")]
    assert cli.main(["evaluate", "merge", *parts, "--data", str(data), "--out", str(tmp_path / "merged")]) == 0
    for name in RESULTS:
        assert (tmp_path / "merged" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    summary = json.loads((tmp_path / "whole" / "summary.json").read_text())
    assert summary["tallies"][0]["model_failed"] == 1
    assert summary["scores"]["strict"]["tasks"]["temporal_grounding"]["all"]["pooled"]["value"] == pytest.approx(6 / 7)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--seed", "1"], "seed was 0, now 1"),
        (["--max-new-tokens", "5"], "references here need more"),
        (["--blind", "--videos", "x"], "leave --frames and --videos out"),
        (["--judge", "offline", "--captions", "similarity"], "give one of them"),
    ],
)
def test_what_cannot_be_is_one_line(data: Path, capsys: pytest.CaptureFixture[str], more: list[str], said: str) -> None:
    assert run(data, "whole") == 0
    capsys.readouterr()
    assert run(data, "whole", *more) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1


def test_a_part_that_is_missing_is_named(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(data, "one", "--shard", "1/3") == 0
    assert cli.main(["evaluate", "merge", str(tmp_path / "one"), "--data", str(data), "--out", str(tmp_path / "m")]) == 2
    assert "parts are missing: 2/3, 3/3" in capsys.readouterr().err


def unseen(data: Path, *more: str) -> int:
    """A model that wants pictures; it is never asked."""
    model = ["--model", "http://127.0.0.1:9/v1", "--model-name", "m", "--data", str(data)]
    return cli.main(["evaluate", "run", *model, "--out", str(data.with_name("unseen")), *more])


@pytest.mark.parametrize("given", [["--videos", "/nope"], ["--frames", "root=/nope"]])
def test_a_folder_that_is_not_there_is_one_line(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], given: list[str]
) -> None:
    assert unseen(data, *given) == 2
    assert capsys.readouterr().err == f"medgrpo: error: {given[0]} /nope: there is no such folder\n"
    assert not (tmp_path / "unseen").exists()


def test_a_run_that_saw_nothing_is_no_result_and_goes_on_with_videos(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert unseen(data) == 2
    told = capsys.readouterr().err
    assert "7 of 7 questions could not be asked, having no pictures" in told
    assert "most often: the question lists no frames; give the folder of the videos with --videos" in told
    assert sorted(path.name for path in (tmp_path / "unseen").iterdir()) == ["answers.jsonl", "settings.json"]
    (tmp_path / "videos").mkdir()
    assert unseen(data, "--videos", str(tmp_path / "videos"), "--video-rate", "0.5") == 2
    assert "most often: there is no video of that name" in capsys.readouterr().err
    assert json.loads((tmp_path / "unseen" / "settings.json").read_text())["seen"] == "videos"
    assert unseen(data, "--seed", "1") == 2
    assert "holds another run" in capsys.readouterr().err
