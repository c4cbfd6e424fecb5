"""docs/knowledge.md says what is so: its counts, its example file, its lines of Python."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from medgrpo.knowledge import check_file, load_learned, load_procedure, load_vocabulary

TEXT = (Path(__file__).parents[2] / "docs" / "knowledge.md").read_text(encoding="utf-8")
FLOWING = " ".join(TEXT.split())


def test_the_counts_are_those_of_the_vocabulary():
    vocabulary = load_vocabulary()
    forms = sum(len(concept.terms) for concept in vocabulary.concepts)
    assert f"{len(vocabulary.concepts)} concepts, {forms} written forms" in FLOWING
    for kind, count in Counter(concept.kind.value for concept in vocabulary.concepts).items():
        assert f" {count} {kind}" in FLOWING
    for key, count in Counter(one.system for concept in vocabulary.concepts for one in concept.external).items():
        name = next(system.name for system in vocabulary.systems if system.key == key)
        assert f"{name} {count}" in FLOWING
    assert f"{len(vocabulary.relations)} relations" in FLOWING
    for kind, count in Counter(relation.kind.value for relation in vocabulary.relations).items():
        assert f"{kind} {count}" in FLOWING


def test_the_example_file_is_sound(tmp_path: Path):
    [example] = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    path = tmp_path / "my_procedure.toml"
    path.write_text(example, encoding="utf-8")
    result = check_file(path)
    assert result.faults == ()
    assert result.notes == ()


def test_the_python_runs():
    for block in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL):
        exec(compile(block, "docs/knowledge.md", "exec"), {})


def test_what_is_said_of_cholecystectomy_and_of_small_numbers():
    procedure = load_procedure("cholecystectomy")
    steps = sum(len(phase.steps) for phase in procedure.phases)
    goals = sum(len(phase.sub_goals) for phase in procedure.phases)
    assert f"{len(procedure.phases)} phases, {steps} steps, {goals} sub-goals" in FLOWING
    few = [one for one in load_learned().procedures if one.videos < 7]
    assert len(few) == 6
    assert "six procedures rest on fewer than seven videos" in FLOWING
