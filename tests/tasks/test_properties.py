"""Whatever a model writes, parse gives a value; whatever is a value is written and read back equal.

MEDGRPO_HOSTILE_REPLIES is the number of generated replies per task in the slow test (a million is meant for a night).
"""

import json
import os
import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medgrpo.core import Score, Span, Unparsed
from medgrpo.tasks import (
    ASPECTS,
    CRITERIA,
    TASKS,
    Caption,
    CriticalViewAnswer,
    DenseAnswer,
    Event,
    NextActionAnswer,
    PixelBox,
    SkillAnswer,
    TemporalAnswer,
    TrackAnswer,
    estimated_tokens,
)

PIECES = [
    "22.0-78.0", "22–78", "0:05", "00:00:08 to 00:01:12", "seconds", " s", ",", ";", "\n", ": ", "-", "—",
    "−", "to", "between", "and", "[", "]", "{", "}", "[1, 2, 3, 4]",
    "1.0 seconds: [235.08, 261.2, 561.58, 1005.62]", "4.0 seconds:", '{"start": 1, "end": 2}',
    '{"spans": [[1, 2]]}', "```json", "```", "**", "* ", "- ", "1. ", "# ", "Two structures: 2",
    "Cystic plate: 1", "Respect for tissue: 4/5", "/5", "out of 5", "Answer:", "cutting",
    "The surgeon ties.", "٣-٥", "５-９", "१२", "²", "½", "nan", "inf", "1e999",
    "9999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999",
    "\x00", "\ud800", "🙂", "\u202e", "\u2028", "I cannot answer.", "no", "or", "minutes", "R2: 4", "null",
    "true", "-5", "5--10", ".5", "10-20-30",
]  # fmt: skip
"""Shapes of real and broken replies: prose, JSON, Markdown, dashes, clocks, cut-off lists, digits of other scripts."""

numbers = st.floats(0, 5000, allow_nan=False).map(lambda value: round(value, 2))
spans = st.tuples(numbers, numbers).map(lambda pair: Span(min(pair), max(pair)))
captions = (
    st.text("abcdefg hij.,'", min_size=1, max_size=40).map(lambda text: " ".join(text.split())).filter(lambda text: text != "")
)
boxes = st.tuples(numbers, numbers, numbers, numbers).map(
    lambda four: PixelBox(min(four[0], four[2]), min(four[1], four[3]), max(four[0], four[2]), max(four[1], four[3]))
)
ANSWERS = {
    "temporal_grounding": st.lists(spans, min_size=1, max_size=6).map(lambda items: TemporalAnswer(tuple(items))),
    "spatiotemporal_grounding": st.dictionaries(st.integers(0, 900), boxes, min_size=1, max_size=6).map(
        lambda items: TrackAnswer(tuple((tenth / 10, box) for tenth, box in sorted(items.items())))
    ),
    "dense_captioning": st.lists(
        st.builds(Event, spans, captions.filter(lambda text: text[0].isalpha())), min_size=1, max_size=6
    ).map(lambda items: DenseAnswer(tuple(items))),
    "next_action": st.sampled_from(["tying", "carlot-triangle-dissection", "Spread the proximal bedshee"]).map(NextActionAnswer),
    "critical_view": st.dictionaries(st.sampled_from(CRITERIA), st.integers(0, 2), min_size=1).map(CriticalViewAnswer),
    "skill_assessment": st.dictionaries(st.sampled_from(ASPECTS), st.integers(1, 5), min_size=1).map(SkillAnswer),
    "video_summary": captions.filter(lambda text: any(map(str.isalpha, text))).map(Caption),
    "region_caption": captions.filter(lambda text: any(map(str.isalpha, text))).map(Caption),
}
pieces_of_replies = st.lists(st.sampled_from(PIECES), max_size=12)
replies = st.one_of(st.text(max_size=200), pieces_of_replies.map(" ".join), pieces_of_replies.map("".join))


@pytest.mark.parametrize("name", TASKS)
@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_parse_never_raises_and_its_answers_score(name, data):
    task = TASKS[name]
    read = task.parse(data.draw(replies))
    gold = data.draw(ANSWERS[name])
    score = task.score(read, gold)
    assert isinstance(score, Score)
    assert score.value is None or 0 <= score.value <= 1
    if not isinstance(read, Unparsed):
        assert task.parse(task.write(read)) == read


@pytest.mark.parametrize("name", TASKS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_what_is_written_is_read_back_and_scores_best(name, data):
    task = TASKS[name]
    answer = data.draw(ANSWERS[name])
    assert task.parse(task.write(answer)) == answer
    value = task.score(answer, answer).value
    assert value is None if task.card.needs_judge else value == pytest.approx(1)


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("piece", ["1", "1-", "[", "1 seconds: [", "a: 1/5 ", "\n", ":", "to ", "0-1 seconds: ", " "])
def test_long_replies_take_linear_time(name, piece):
    start = time.process_time()
    TASKS[name].parse(piece * (99_000 // len(piece)))
    assert time.process_time() - start < 1.5


def test_tokens_are_estimated_from_above():
    assert (
        estimated_tokens("1.0-29.0 seconds: cut") == 3 + 1 + 4 + 2 + 1 + 1
    )  # digits and marks one each, words one per four letters


@pytest.mark.slow
@pytest.mark.parametrize("name", TASKS)
def test_many_hostile_replies(name):
    count = int(os.environ.get("MEDGRPO_HOSTILE_REPLIES", "3000"))
    rng, task = random.Random(7), TASKS[name]
    for _ in range(count):
        pieces = [rng.choice(PIECES) for _ in range(rng.randint(0, 20))]
        text = rng.choice(("", " ", "\n")).join(pieces)
        kind = rng.random()
        if kind < 0.2:
            text = text[: rng.randint(0, len(text))]
        elif kind < 0.4:
            text = "".join(chr(rng.choice((rng.randint(0, 127), rng.randint(0, 0xFFFF)))) for _ in range(rng.randint(0, 80)))
        elif kind < 0.5:
            text = json.dumps({text: pieces, "spans": [[rng.random(), None], pieces]})
        read = task.parse(text)
        if not isinstance(read, Unparsed):
            assert task.parse(task.write(read)) == read
