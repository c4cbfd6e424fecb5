"""Files and folders appear whole or not at all, and no room writes them in a way of its own."""

from __future__ import annotations

import ast
import os
from pathlib import Path

import pytest

import medgrpo
from medgrpo.core import hidden_name, whole_file, whole_folder, write_whole

_OWN = {
    "core/whole.py",
    "video/writer.py",  # frames come one by one
    "library/build.py",  # folders with a place for what they replace,
    "library/index_build.py",  # or that are gone on with after a kill
    "audit/pruning.py",  # a case that is going
}
"""Where a file or folder is still given its name by hand, and why."""


def _half(path: Path) -> None:
    path.write_text("half")
    path.mkdir()


def test_a_file_is_not_there_before_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_whole(path, "old\n")
    with whole_file(path, durable=True) as hidden:
        hidden.write_text("new")
        assert path.read_text() == "old\n"
        assert hidden.name.startswith(".")
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_leaves_what_was_there_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_whole(path, b"old")
    with pytest.raises(FileExistsError), whole_file(path) as hidden:
        _half(hidden)
    with pytest.raises(OSError, match="No such file"):
        write_whole(tmp_path / "absent" / "a.json", "x")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_durable_is_on_the_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bool] = []
    monkeypatch.setattr(os, "fsync", lambda _: synced.append((tmp_path / "a").exists()))
    write_whole(tmp_path / "a", "x")
    assert synced == []
    (tmp_path / "a").unlink()
    write_whole(tmp_path / "a", "x", durable=True)
    assert synced == [False]


def test_names_for_writers_that_go_by_the_ending_and_for_several_processes() -> None:
    assert hidden_name(Path("x/clip.1.mp4"), ending=True) == ".clip.1.unfinished.mp4"
    assert hidden_name(Path("x/a.json")) == ".a.json.unfinished"
    assert str(os.getpid()) in hidden_name(Path("a"), process=True)


def test_a_folder_appears_whole(tmp_path: Path) -> None:
    out = tmp_path / "out"
    (tmp_path / hidden_name(out)).mkdir()
    (tmp_path / hidden_name(out) / "left by a kill").touch()
    with pytest.raises(FileExistsError), whole_folder(out) as hidden:
        _half(hidden / "a")
    assert list(tmp_path.iterdir()) == []
    with whole_folder(out) as hidden:
        (hidden / "a").touch()
    assert [path.name for path in out.iterdir()] == ["a"]


def test_no_room_gives_a_file_its_name_by_hand() -> None:
    root = Path(medgrpo.__file__).parent
    found = set[str]()
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            if not isinstance(node, ast.Call) or not isinstance(called, ast.Attribute):
                continue
            if called.attr in ("replace", "rename") and len(node.args) == 1 and not node.keywords:  # of a text it takes two
                found.add(path.relative_to(root).as_posix())
    assert found == _OWN
