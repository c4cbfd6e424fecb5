"""The task files agree with the tasks, without lmms-eval."""

import re
from pathlib import Path

import pytest

from medgrpo.tasks import TASKS

FOLDER = Path(__file__).parents[2] / "src/medgrpo/harness/tasks"
FILES = {
    found[1]: text
    for path in FOLDER.glob("*.yaml")
    if (found := re.search(r"^  task: (\w+)$", text := path.read_text(encoding="utf-8"), re.MULTILINE))
}


@pytest.mark.parametrize("name", TASKS)
def test_each_task_has_its_file_with_its_budget_and_measures(name: str) -> None:
    text, card = FILES[name], TASKS[name].card
    assert re.findall(r"max_new_tokens: (\d+)", text) == [str(card.answer_tokens)]
    own = [] if card.needs_judge else ["strict"]
    official = [key for key in card.leaderboard_keys if not key.endswith("_llm")]
    assert re.findall(r"metric: (\w+)", text) == [*official, *own, "unread"]


def test_the_group_holds_every_task() -> None:
    group = (FOLDER / "medvidbench.yaml").read_text(encoding="utf-8")
    named = {re.search(r"^task: (\w+)$", text, re.MULTILINE)[1] for text in FILES.values()}
    assert set(re.findall(r"^  - (\w+)$", group, re.MULTILINE)) == named
    assert len(named) == len(TASKS) == 8
