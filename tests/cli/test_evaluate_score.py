"""The scoring commands: layouts in, one score per record and a summary out, mistakes in one line."""

import json

import pytest

from medgrpo import cli
from medgrpo.cli import judges
from medgrpo.tasks import DIMENSIONS, Rating

RECORD = {
    "id": "a&&1",
    "qa_type": "tal",
    "data_source": "AVOS",
    "metadata": {"video_id": "a", "fps": "1.0"},
    "question": "When?",
    "struc_info": [{"spans": [{"start": 0, "end": 10}]}],
    "gnd": "0-10 seconds.",
    "prediction": "0-9",
}


def write(path, value):
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return str(path)


@pytest.mark.parametrize(
    "value",
    [
        json.dumps(RECORD) + "\n\n" + json.dumps({"case": "c", "input": RECORD, "expected": {}}) + "\n",
        [RECORD, RECORD],
        {"0": RECORD, "1": {**{key: item for key, item in RECORD.items() if key != "prediction"}, "answer": "0-9"}},
    ],
)
def test_layouts(value, tmp_path, capsys):
    out = tmp_path / "out.json"
    assert cli.main(["evaluate", "score", write(tmp_path / "r.jsonl", value), "--protocol", "leaderboard", "--json", str(out)]) == 0
    told = json.loads(out.read_text())
    assert [(record["id"], record["status"]) for record in told["records"]] == [("a&&1", "scored")] * 2
    assert told["records"][0]["score"] == pytest.approx(0.9)
    assert told["records"][0]["parts"] == {"miou_03": 0.9, "miou_05": 0.9, "pred_spans": [[0, 9]]}
    assert told["summary"]["metrics"] == {"tag_miou_03": 0.9, "tag_miou_05": 0.9}
    assert told["summary"]["published"]["vs_llm"] == 0
    assert told["summary"]["per_data_source"]["tal"]["AVOS"]["by_fps"]["1.0"]["count"] == 2
    assert "tag_miou_05" in capsys.readouterr().out


def test_both_protocols_side_by_side(tmp_path, capsys):
    out = tmp_path / "out.json"
    broken = {key: item for key, item in RECORD.items() if key != "prediction"}
    path = write(tmp_path / "r.json", [RECORD, broken])
    assert cli.main(["evaluate", "score", path, "--json", str(out)]) == 0
    told = json.loads(out.read_text())
    assert set(told) == {"leaderboard", "strict"}
    assert [record["status"] for record in told["strict"]["records"]] == ["scored", "broken"]
    assert told["strict"]["summary"]["counts"] == {"records": 2, "broken": 1, "scored": 1}
    printed = capsys.readouterr().out
    assert "leaderboard: 2 records" in printed
    assert "temporal_grounding, AVOS" in printed


def test_a_submission_is_joined_by_position(tmp_path, capsys):
    truth = [{**RECORD, "conversations": [{"from": "gpt", "value": "0-10"}]}]
    given = [{"id": "other", "qa_type": "tal", "prediction": "0-9"}]
    arguments = ["--submission", write(tmp_path / "s.json", given), "--ground-truth", write(tmp_path / "g.json", truth)]
    assert cli.main(["evaluate", "score", *arguments]) == 0
    assert "1 of 1 records have another id" in capsys.readouterr().err
    out = tmp_path / "out.json"
    arguments[1] = write(tmp_path / "s2.json", given * 2)
    assert cli.main(["evaluate", "score", *arguments, "--json", str(out)]) == 2
    assert "2 predictions for 1 questions" in capsys.readouterr().err
    assert json.loads(out.read_text())["summary"]["error"] == "length_mismatch"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"qa_type": "tal"}\n{"qa_type": ', "r.jsonl:2: is not JSON"),
        ('{"qa_type": "tal"}\n7\n', "r.jsonl:2: is not an object"),
        ("[1]", "record 1: is not an object"),
        ("[1,\n", "r.jsonl:2: is not JSON"),
        ("", "holds no records"),
        ('{"a": 1}', "not one from keys to records"),
    ],
)
def test_a_mistake_names_file_and_line(text, words, tmp_path, capsys):
    assert cli.main(["evaluate", "score", write(tmp_path / "r.jsonl", text)]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


def test_a_missing_file_and_wrong_arguments(tmp_path, capsys):
    for arguments in ([str(tmp_path / "none")], [], ["x", "--submission", "y", "--ground-truth", "z"], ["--submission", "y"]):
        assert cli.main(["evaluate", "score", *arguments]) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_validate_and_baselines(tmp_path, capsys):
    path = write(tmp_path / "r.json", [RECORD, {**RECORD, "struc_info": [{"spans": [{"start": 5, "end": 1}]}]}])
    assert cli.main(["evaluate", "validate", path]) == 1
    assert "temporal_grounding: 1 of 2 pass" in capsys.readouterr().out
    assert cli.main(["evaluate", "baselines", path, "--json", str(tmp_path / "b.json")]) == 0
    summaries = json.loads((tmp_path / "b.json").read_text())
    assert summaries["perfect"]["strict"]["tasks"]["temporal_grounding"]["all"]["pooled"]["value"] == 1
    assert "ladder" in capsys.readouterr().out


CAPTIONS = [
    {**RECORD, "id": name, "qa_type": kind, "struc_info": truth, "gnd": gnd, "prediction": prediction}
    for name, kind, truth, gnd, prediction in (
        ("s", "video_summary_gpt", [], "The hook cuts the duct.", "The hook cuts the duct."),
        ("r", "region_caption_gpt", [], "Forceps lift the flap.", "Scissors cut the bowel."),
        (
            "d",
            "dense_captioning_gpt",
            [{"start": 0, "end": 10, "caption": "cut"}, {"start": 10, "end": 20, "caption": "tie"}],
            "",
            "0-10 seconds: cut\n10-15 seconds: tie",
        ),
    )
]


class ByRule:
    """Same text 5, other text 1; and nothing for what it is told to fail on."""

    name = "by rule"

    def __init__(self, kind, fails=()):
        self.kind, self.fails = kind, fails

    def rating(self, pair):
        if pair.prediction in self.fails:
            return None
        return Rating(dict.fromkeys(DIMENSIONS, 5 if pair.prediction == pair.reference else 1))


def judged(monkeypatch, tmp_path, *fails):
    monkeypatch.setattr(judges, "open_judge", lambda args, name, kind, account: ByRule(kind, fails))
    monkeypatch.setattr(judges, "ask_judge", lambda judge, pairs: [judge.rating(pair) for pair in pairs])
    out = tmp_path / "out.json"
    assert cli.main(["evaluate", "score", write(tmp_path / "r.json", CAPTIONS), "--judge", "offline", "--json", str(out)]) == 0
    return json.loads(out.read_text())


def test_a_judge_scores_captions_under_both_protocols(monkeypatch, tmp_path, capsys):
    told = judged(monkeypatch, tmp_path)
    summary = told["leaderboard"]["summary"]
    assert summary["metrics"] == {"dvc_f1": 0.6667, "vs_llm": 5, "rc_llm": 1, "dvc_llm": 5}
    assert summary["judge"] == {
        "judge": "by rule",
        "rubric": "absolute",
        "scale": "1 to 5",
        "pairs": 4,
        "scored": 4,
        "success_rate": 1,
    }
    assert [record["score"] for record in told["strict"]["records"][:2]] == [1, 0]
    # two events: IoU 1 and 0.5, both captions right: soft F1 = 2 * 1.5 / 4
    assert told["strict"]["records"][2]["parts"]["captions"] == pytest.approx(0.75)
    assert told["strict"]["summary"]["tasks"]["dense_captions"]["all"]["pooled"]["value"] == pytest.approx(0.75)
    assert told["strict"]["summary"]["judge"]["rubric"] == "comparative"
    assert "4 of 4 pairs rated" in capsys.readouterr().out


def test_what_the_judge_fails_on_is_unscored_not_wrong(monkeypatch, tmp_path):
    told = judged(monkeypatch, tmp_path, "Scissors cut the bowel.", "tie")
    summary = told["leaderboard"]["summary"]
    assert "rc_llm" not in summary["metrics"]
    assert summary["metrics"]["dvc_llm"] == 5
    assert summary["per_data_source"]["dense_captions"]["success_rate"] == pytest.approx(0.6)  # tie at 0.3, 0.5; cut at all three
    assert [record["status"] for record in told["leaderboard"]["records"]] == ["scored", "unscored", "scored"]
    strict = told["strict"]
    assert [record["status"] for record in strict["records"]] == ["scored", "unscored", "scored"]
    assert strict["records"][2]["parts"]["captions"] is None
    assert strict["summary"]["tasks"]["dense_captions"]["all"]["unscored"] == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--judge", "scripted:/nowhere"], "/nowhere"),
        (["--judge", "http://localhost:1/v1"], "--judge-model"),
        (["--judge", "offline", "--captions", "similarity"], "give one of them"),
        (["--judge", "http://x/v1", "--judge-model", "m", "--judge-budget-money", "1"], "needs the prices"),
    ],
)
def test_a_judge_that_cannot_be_had(arguments, words, tmp_path, capsys):
    assert cli.main(["evaluate", "score", write(tmp_path / "r.json", CAPTIONS), *arguments]) == 2
    assert words in capsys.readouterr().err


def test_judges_compared(tmp_path, capsys):
    pairs = {
        "id": "x",
        "world": "open",
        "source": "AVOS",
        "reference": "The scalpel cuts the skin.",
        "candidates": [
            {"kind": "right", "text": "The skin is cut with a scalpel.", "grade": 5},
            {"kind": "wrong_action", "text": "The scalpel touches nothing.", "grade": 1},
        ],
    }
    out = tmp_path / "j.json"
    given = ["--half", "all", "--pairs", write(tmp_path / "p.jsonl", json.dumps(pairs)), "--json", str(out)]
    assert cli.main(["evaluate", "judges", "--judge", "offline", "--judge", "similarity", *given]) == 0
    told = json.loads(out.read_text())
    assert [report["expected"]["order"] for report in told["judges"]] == [1, 1]
    assert told["rows"][0]["kind"] == "right"
    assert "weighted kappa" in capsys.readouterr().out


def test_a_judge_that_rates_nothing_is_an_error(tmp_path, capsys):
    replies = write(tmp_path / "replies.json", {})  # a model without a reply to anything
    given = [
        write(tmp_path / "r.json", CAPTIONS),
        "--judge",
        f"scripted:{replies}",
        "--judge-replies",
        str(tmp_path / "kept.jsonl"),
    ]
    assert cli.main(["evaluate", "score", *given, "--protocol", "strict"]) == 3
    assert "pairs rated, most often: " in capsys.readouterr().err.splitlines()[-1]


def test_questions_without_answers_are_no_result(tmp_path, capsys):
    question = {key: item for key, item in RECORD.items() if key != "prediction"}
    out = tmp_path / "out.json"
    given = [write(tmp_path / "q.json", [question] * 2), "--json", str(out)]
    assert cli.main(["evaluate", "score", *given]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "(2 of 2): no prediction; these are questions without answers: give a run's records.jsonl" in told.err
    assert [record["status"] for record in json.loads(out.read_text())["strict"]["records"]] == ["broken"] * 2


def test_no_frame_without_a_figure_and_one_record_is_one(tmp_path, capsys):
    path = write(tmp_path / "r.json", [{**CAPTIONS[0], "qa_type": "unheard_of"}])
    assert cli.main(["evaluate", "score", path, "--protocol", "leaderboard"]) == 0
    printed = capsys.readouterr().out
    assert "leaderboard: 1 record (" in printed
    assert "as the board shows it" not in printed


def test_in_a_pipe_a_table_is_whole(tmp_path, capsys):
    sources = [f"A data set whose name is longer than a column is, number {number}, {'x' * 100}" for number in (1, 2)]
    path = write(tmp_path / "r.json", [{**RECORD, "data_source": source} for source in sources])
    assert cli.main(["evaluate", "score", path]) == 0
    printed = capsys.readouterr().out
    assert all(source in printed for source in sources)
    assert "\u2026" not in printed
    assert "macro" in printed
    assert "by the official evaluator" in printed
    assert "no figure here is another's" in printed
