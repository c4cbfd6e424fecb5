"""One task of MedVidBench as lmms-eval runs it: its documents, what a model is shown, and what is kept of a reply."""

from __future__ import annotations

from typing import Any, cast

from datasets import Dataset, DatasetDict
from lmms_eval.api.task import ConfigurableMessagesTask
from PIL import Image

from medgrpo.benchmark import Row
from medgrpo.core import InputError
from medgrpo.harness.data import DATA, pictures, questions
from medgrpo.video import draw_box, mapped_path, read_image

SPLIT = "test"


class MedVidBenchTask(ConfigurableMessagesTask):
    """`metadata.task` in the task file names one of medgrpo.tasks.TASKS; documents are that task's rows, in the file's order."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config={key: value for key, value in config.items() if key != "class"})

    def download(self, dataset_kwargs: Any = None) -> None:
        """InputError when the data file holds no row of the task: an empty figure would look like a bad one."""
        del dataset_kwargs
        task = cast("Any", self.config).metadata["task"]
        rows = [row for row in questions() if row.task.card.name == task]
        if not rows:
            raise InputError(f"{DATA}: its file holds no question of {task}")
        documents = Dataset.from_list([_document(row) for row in rows])
        self.dataset = DatasetDict({SPLIT: documents})
        self.dataset_no_image = self.dataset


def _document(row: Row) -> dict[str, Any]:
    record = row.record
    return {
        "place": row.place,
        "qa_type": record.qa_type,
        "source": record.source,
        "video": record.video,
        "question": record.question,
        "answer": record.answer or "",
    }


def row_of(document: dict[str, Any]) -> Row:
    """The row that a document stands for."""
    return questions()[document["place"]]


def doc_to_text(document: dict[str, Any], lmms_eval_specific_kwargs: Any = None) -> str:
    del lmms_eval_specific_kwargs
    return document["question"]


def doc_to_target(document: dict[str, Any]) -> str:
    return document["answer"]


def doc_to_visual(document: dict[str, Any]) -> list[dict[str, Any]]:
    """One video as a list of its frames, or one image: paths, and the picture itself where the region's box is drawn on it."""
    record, places = row_of(document).record, pictures()
    frames: list[Any] = [str(mapped_path(frame, places.moved)) for frame in record.frames]
    if record.region is not None:
        number, box = record.frames.index(record.region.frame), record.region.box
        frames[number] = Image.fromarray(draw_box(read_image(frames[number]), (box.x0, box.y0, box.x1, box.y1)))
    return [{"type": "image", "url": frames[0]} if record.still else {"type": "video", "url": frames}]


def doc_to_messages(document: dict[str, Any], lmms_eval_specific_kwargs: Any = None) -> list[dict[str, Any]]:
    """For any chat model of lmms-eval."""
    content = [*doc_to_visual(document), {"type": "text", "text": doc_to_text(document, lmms_eval_specific_kwargs)}]
    return [{"role": "user", "content": content}]


def process_results(document: dict[str, Any], results: list[str]) -> dict[str, Any]:
    """Every measure gets row and reply; it is worked out over all of them, as the leaderboard does."""
    reply = {"place": document["place"], "prediction": results[0]}
    card = row_of(document).task.card
    return dict.fromkeys((*(key for key in card.leaderboard_keys if not key.endswith("_llm")), "strict", "unread"), reply)
