"""What people said of the captions: the page on which they say it, and how far they agree."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from medgrpo.cli import main
from medgrpo.curation.raters import alpha, kappa, percent
from medgrpo.curation.review import ReviewItem, review_items, review_page
from medgrpo.video import encode_jpeg

N = None
KRIPPENDORFF = list(
    zip(
        [1, 2, 3, 3, 2, 1, 4, 1, 2, N, N, N],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, N, 3],
        [N, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, N],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, N],
        strict=True,
    )
)
"""Four observers, twelve units with gaps: the example of Krippendorff (2011), whose alphas he prints with three decimals."""


def test_alpha_is_the_published_one() -> None:
    assert alpha(KRIPPENDORFF, "nominal") == pytest.approx(0.743, abs=5e-4)
    assert alpha(KRIPPENDORFF, "ordinal") == pytest.approx(0.815, abs=5e-4)


def test_kappa_by_hand_and_against_scikit_learn() -> None:
    pairs = [(0, 0)] * 20 + [(0, 1)] * 5 + [(1, 0)] * 10 + [(1, 1)] * 15
    assert kappa(pairs, [0, 1], "nominal") == pytest.approx(0.4)  # observed 0.7, expected 0.5
    rng = random.Random(3)
    one = [rng.randint(1, 5) for _ in range(80)]
    two = [min(5, max(1, value + rng.randint(-1, 2))) for value in one]
    both = list(zip(one, two, strict=True))
    assert kappa(both, range(1, 6), "nominal") == pytest.approx(cohen_kappa_score(one, two))
    assert kappa(both, range(1, 6), "ordinal") == pytest.approx(cohen_kappa_score(one, two, weights="quadratic"))


def test_what_is_not_defined_is_none() -> None:
    assert kappa([], [0, 1], "nominal") is None
    assert kappa([(1, 1), (1, 1)], [0, 1], "nominal") is None
    assert alpha([(1, 1), (1, N)], "ordinal") is None
    assert percent([(1, N), (N, N)]) is None
    assert percent([(1, 1, 2), (1, 1, N)]) == pytest.approx((1 / 3 + 1) / 2)


def _items(folder: Path, count: int) -> list[ReviewItem]:
    picture = folder / "a.jpg"
    picture.write_bytes(encode_jpeg(np.full((48, 64, 3), 99, np.uint8)))
    return [ReviewItem(f"item{place}", "CholecT50", (picture,) * 9, f"a <b> {place}", f"other {place}") for place in range(count)]


def test_the_page_shows_both_captions_in_a_drawn_order(tmp_path: Path) -> None:
    page = review_page(_items(tmp_path, 40), seed=0)
    assert "http" not in page
    assert "a &lt;b&gt; 0" in page
    assert page.count("<img ") == 40 * 4
    articles = page.split("<article")[1:]
    first = sum(article.index("rating_a") < article.index("rating_b") for article in articles)
    assert 8 < first < 32
    assert page == review_page(_items(tmp_path, 40), seed=0)


def test_the_items_drawn_first_are_reviewed(tmp_path: Path) -> None:
    items = _items(tmp_path, 4)
    assert [one.key for one in review_items(zip([0.4, 0.1, 0.3, 0.2], items, strict=True), 2)] == ["item1", "item3"]


def _exported(path: Path, rater: str, answers: list[tuple[int | None, int | None, str | None]], review: str = "r1") -> str:
    told: list[dict[str, Any]] = [
        {"item": f"item{place}", "rating_a": one, "rating_b": two, "choice": choice}
        for place, (one, two, choice) in enumerate(answers)
    ]
    content = {"format": "medgrpo-review/1", "review": review, "rater": rater, "answers": told}
    path.write_text(json.dumps(content), encoding="utf-8")
    return str(path)


def test_statistics_of_two_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = _exported(tmp_path / "1.json", "Ada", [(5, 1, "a"), (4, 2, "a"), (1, 5, "b"), (3, 3, None)])
    two = _exported(tmp_path / "2.json", "Ben", [(5, 1, "a"), (4, 3, "b"), (1, 5, "b"), (3, 3, "both")])
    assert main(["data", "review-stats", one, two, "--json", str(tmp_path / "out.json")]) == 0
    found = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    choice, rating_a, _ = found["agreed"]
    assert (choice["items"], choice["percent"], choice["kappa"]) == (3, 0.6667, 0.4)  # by hand: 2 of 3, expected 4/9
    assert choice["counts"] == {"a": 3, "b": 3, "both": 1, "neither": 0}
    assert (rating_a["percent"], rating_a["kappa"], rating_a["alpha"], rating_a["mean"]) == (1.0, 1.0, 1.0, 3.25)
    assert "2 people, 4 items" in capsys.readouterr().out


def test_answers_that_do_not_belong_together_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = _exported(tmp_path / "1.json", "Ada", [(5, 1, "a")])
    for other, said in (
        (_exported(tmp_path / "2.json", "Ben", [(5, 1, "a")], "r2"), "answers another review"),
        (_exported(tmp_path / "3.json", "Ada", [(5, 1, "a")]), "Ada answered twice"),
        (_exported(tmp_path / "4.json", "Cy", [(6, 1, "a")]), "answers.0.rating_a"),
        (str(tmp_path / "none.json"), "cannot be read"),
    ):
        assert main(["data", "review-stats", one, other]) == 2
        assert said in capsys.readouterr().err
