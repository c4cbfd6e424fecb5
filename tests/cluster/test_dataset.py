"""What verl's data set refuses before anything is asked; the rest of it runs against the installed verl (`test_verl`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from medgrpo.cluster import dataset
from medgrpo.core import InputError


def test_questions_about_single_pictures_are_refused(recipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def registered(_: Any) -> bool:
        return True

    monkeypatch.setattr(dataset, "is_registered", registered)
    path = recipe.parent / "questions.json"
    rows = json.loads(path.read_text())
    rows[1] |= {
        "video": ["frames/1.png"],
        "metadata": {"video_id": "v", "fps": "1.0", "start_frame": "1", "end_frame": "1"},
        "conversations": [{"from": "human", "value": "<image>\nWhen?"}, rows[1]["conversations"][1]],
    }
    path.write_text(json.dumps(rows))
    with pytest.raises(InputError, match=r"questions\.json: 1 questions are about single pictures, and verl is handed clips alone"):
        dataset.QuestionDataset(str(recipe), processor=object())
