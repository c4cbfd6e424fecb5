"""The strict protocol: counts, macro beside pooled, baselines, intervals, by hand where it can be."""

import pytest

from medgrpo.scoring import Records, answer_all, as_json, record_from, score_file, score_strict, usable, validate_records

SPANS = [{"spans": [{"start": 0, "end": 10}]}]


def one(qa_type, prediction, struc_info=(), source="AVOS", video="v", gnd=""):
    values = {"id": video, "qa_type": qa_type, "data_source": source, "metadata": {"video_id": video, "fps": "1.0"}, "gnd": gnd}
    return record_from({**values, "struc_info": list(struc_info), "prediction": prediction, "question": "When?"}, f"{video}:1")


def test_unread_is_wrong_and_unscored_is_not():
    records = Records(
        (
            one("tal", "0-10", SPANS),
            one("tal", "", SPANS, video="w"),
            one("tal", None, SPANS, video="w"),
            one("tal", "0-10", [{"spans": []}], video="x"),
            one("sleep", "0-10"),
            record_from({"id": 1, "qa_type": "tal"}, "f:9"),
        )
    )
    result = score_strict(records)
    assert [verdict.status for verdict in result.verdicts] == ["scored", "unparsed", "unparsed", "unscored", "unscored", "broken"]
    figure = result.tasks["temporal_grounding"]["all"]
    assert {name: figure[name] for name in ("records", "scored", "unparsed", "unscored", "broken")} == {
        "records": 5, "scored": 1, "unparsed": 2, "unscored": 1, "broken": 1,
    }  # fmt: skip
    assert figure["pooled"]["value"] == pytest.approx(1 / 3)


def test_macro_balances_the_labels():
    labels = ["cutting"] * 8 + ["tying"] * 2
    records = Records(tuple(one("next_action", "cutting", gnd=label, video=f"v{n}") for n, label in enumerate(labels)))
    figure = score_strict(records).tasks["next_action"]["sources"]["AVOS"]
    assert figure["pooled"]["value"] == pytest.approx(0.8)
    assert figure["pooled"]["majority"] == pytest.approx(0.8)
    assert figure["macro"]["value"] == pytest.approx(0.5)
    low, high = figure["pooled"]["ci95"]
    assert 0.4 <= low < 0.8 < high <= 1


def test_macro_balances_the_grades_of_each_criterion():
    def grades(n, plate):
        info = [{"cvs_scores": {"two_structures": 0, "cystic_plate": plate, "hepatocystic_triangle": 0}}]
        return one("cvs_assessment", "Two structures: 0, Cystic plate: 0, Hepatocystic triangle: 0", info, "Cholec80_CVS", f"v{n}")

    task = score_strict(Records(tuple(grades(n, 2 if n == 0 else 0) for n in range(4)))).tasks["critical_view"]
    assert list(task["sources"]) == ["Cholec80-CVS"]
    assert task["all"]["pooled"]["value"] == pytest.approx(11 / 12)
    assert task["all"]["macro"]["value"] == pytest.approx((1 + 0.5 + 1) / 3)


def test_intervals_are_over_videos():
    same = [one("tal", "0-10" if n < 10 else "50-60", SPANS, video="a" if n < 10 else "b") for n in range(20)]
    figure = score_strict(Records(tuple(same))).tasks["temporal_grounding"]["all"]
    assert figure["videos"] == 2
    assert figure["pooled"]["ci95"] == [0, 1]  # two videos, one right: nothing is known
    assert score_strict(Records(tuple(same[:10]))).tasks["temporal_grounding"]["all"]["pooled"]["ci95"] is None


def test_sources_weigh_the_same_in_macro():
    records = [one("tal", "0-10", SPANS, "AVOS", f"a{n}") for n in range(3)] + [one("tal", "50-60", SPANS, "NurViD", "n")]
    figure = score_strict(Records(tuple(records))).tasks["temporal_grounding"]
    assert figure["all"]["pooled"]["value"] == pytest.approx(0.75)
    assert figure["all"]["macro"]["value"] == pytest.approx(0.5)
    assert set(figure["sources"]) == {"AVOS", "NurViD"}


def test_captions_wait_for_a_judge_but_silence_is_wrong():
    records = Records(
        (one("video_summary_gpt", "He cuts.", gnd="She cuts."), one("video_summary_gpt", " ", gnd="She cuts.", video="w"))
    )
    task = score_strict(records).tasks["video_summary"]["all"]
    assert (task["unscored"], task["unparsed"]) == (1, 1)
    assert task["pooled"]["value"] == 0
    assert task["pooled"]["majority"] is None


def test_scripts_answer_and_the_perfect_one_is_perfect():
    info = [{"bbox_dict": {"0.0": [0, 0, 10, 10], "4.0": [0, 0, 20, 10]}}]
    events = [{"start": 0, "end": 10, "caption": "cuts"}, {"start": 10, "end": 20, "caption": "ties"}]
    records = usable(
        Records(
            (
                one("tal", "", SPANS),
                one("stg", "", info),
                one("dense_captioning_gpt", "", events),
                one("tal", "", [{"spans": [{"start": "0", "end": "1"}]}]),
                one("next_action", "", gnd="tying"),
            )
        )
    )
    assert len(records.records) == 4
    perfect = score_file(answer_all(records, "perfect"), "both", None, None)
    assert {task["all"]["pooled"]["value"] for task in perfect["strict"]["summary"]["tasks"].values()} == {1.0}
    first = score_file(answer_all(records, "first part"), "both", None, None)
    assert first["leaderboard"]["summary"]["metrics"]["stg_miou"] == pytest.approx(0.75)  # forward fill
    assert first["strict"]["summary"]["tasks"]["spatiotemporal_grounding"]["all"]["pooled"]["value"] == pytest.approx(0.5)
    silent = score_file(answer_all(records, "silent"), "both", None, None)
    assert silent["strict"]["summary"]["counts"] == {"records": 4, "unparsed": 4}


def test_nan_is_spelled():
    info = [{"bbox_dict": {"0.0": [0, 0, 10, 10]}}]
    result = score_file(Records((one("stg", "0.0 seconds: [nan, 0, 1, 1]", info),)), "leaderboard", None, None)
    assert '"miou": "nan"' in as_json(result)
    assert result["summary"]["outcome"] == "ok"


def test_references_are_validated():
    checked = validate_records(Records((one("tal", "", SPANS), one("tal", "", [{"spans": [{"start": 9, "end": 1}]}]))))
    assert [(result.references, len(result.failures), result.passed) for result in checked] == [(2, 1, False)]
