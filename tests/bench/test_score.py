"""The peer of the scoring benchmark gives our figures on generated records."""

import pytest

from medgrpo.bench import bench_score


def test_both_methods_agree(monkeypatch):
    monkeypatch.setattr("medgrpo.bench.score.load_minilm", _missing)
    bench = bench_score(600, 1, seed=3)
    assert bench.records == 600
    assert set(bench.metrics) == {"tag_miou_03", "tag_miou_05", "stg_miou", "dvc_f1", "nap_acc", "cvs_acc", "sa_acc"}
    assert bench.times_faster > 1.5
    assert bench.free_times_faster is None


def test_a_difference_is_an_error(monkeypatch):
    from medgrpo.core import InputError

    monkeypatch.setattr("medgrpo.bench.score.plain_metrics", lambda rows, embedder: {"stg_miou": 2.0})
    with pytest.raises(InputError, match="do not agree"):
        bench_score(50, 1, seed=3)


def _missing():
    from medgrpo.core import MissingExtra

    raise MissingExtra("caption similarity", "similarity", "the sentence model")
