"""Inside lmms-eval: our tasks are found and run with our model. docs/lmms-eval.md tells how the whole command was run."""

import json
from pathlib import Path
from types import ModuleType

import pytest

from tests.benchmark import making as making_module

pytest.importorskip("lmms_eval", reason="lmms-eval is not installed: pip install 'medgrpo[lmms-eval]'")
pytestmark = pytest.mark.filterwarnings("default")  # lmms-eval and what it brings warn of much


@pytest.fixture(scope="module")
def making() -> ModuleType:
    return making_module


@pytest.fixture
def data(making: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    rows = making.make_data(tmp_path / "data.json", 33)
    making.make_frames(tmp_path / "frames", 4)
    replies = {row.key: row.record.answer if row.place % 2 else "I do not know" for row in rows}
    (tmp_path / "replies.json").write_text(json.dumps(replies))
    monkeypatch.setenv("MEDGRPO_MEDVIDBENCH", str(tmp_path / "data.json"))
    monkeypatch.setenv("MEDGRPO_FRAMES", f"/root/data={tmp_path / 'frames'}")
    return tmp_path


def test_the_entry_point_gives_the_model_and_finds_the_tasks(data: Path) -> None:
    from lmms_eval.tasks import TaskManager

    from medgrpo.harness import manifests

    assert [one.model_id for one in manifests()] == ["medgrpo"]
    found = TaskManager(include_defaults=False).all_tasks
    assert "medvidbench" in found
    assert len([name for name in found if name.startswith("medvidbench_")]) == 8


def test_a_task_shows_frames_with_the_box_drawn_and_measures_all_replies(data: Path) -> None:
    from lmms_eval.tasks import TaskManager, get_task_dict

    from medgrpo.harness import manifests

    manifests()
    manager = TaskManager(include_defaults=False)
    captions = get_task_dict(["medvidbench_region_caption"], manager, "chat")["medvidbench_region_caption"]
    video = captions.doc_to_messages(captions.task_docs[0])[0]["content"][0]
    assert video["type"] == "video"
    assert [type(frame).__name__ for frame in video["url"]] == ["str", "str", "Image", "str", "str", "str"]
    assert video["url"][2].getpixel((26, 20)) == (0, 255, 0)

    skill = get_task_dict(["medvidbench_skill_assessment"], manager, "chat")["medvidbench_skill_assessment"]
    replies = [document["answer"] if number else "nothing" for number, document in enumerate(skill.task_docs)]
    kept = [skill.process_results(document, [reply]) for document, reply in zip(skill.task_docs, replies, strict=True)]
    figures = {name: measure([one[name] for one in kept]) for name, measure in skill.aggregation().items()}
    share = (len(replies) - 1) / len(replies)
    assert figures == pytest.approx({"sa_acc": 1.0, "strict": share, "unread": 1 - share})
