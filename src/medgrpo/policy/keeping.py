"""A run's folder: what it was told, what it measured, and one checkpoint that holds everything it needs to go on.

    recipe.json      the resolved recipe, with the version of medgrpo
    questions.json   how many questions it is about, and how many were left out, by reason
    metrics.jsonl    one line per step
    samples.jsonl    answers with their rewards, of some groups of each step
    held_out.jsonl   scores on questions that are never trained on, where the recipe has them
    skipped.jsonl    questions whose clip could not be had, with the reason
    checkpoint.pt    network, optimiser, schedule, generators, question sampler, running spreads, counts; replaced whole
    shares-STEP/     in place of network and optimiser in it, a file per process, where they lie in shares (checkpoints.py)
    model/           the weights in transformers' form, when the run is done
    adapter/         the adapters alone, as peft reads them, where the recipe trains adapters

After a kill the lines of steps that the checkpoint does not know are cut off, so that a resumed run leaves the same files.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch

from medgrpo.core import InputError, ModelError, whole_file, write_whole

CHECKPOINT = "checkpoint.pt"
LINES = ("metrics.jsonl", "samples.jsonl", "held_out.jsonl", "skipped.jsonl")


def run_lines(folder: Path, name: str) -> list[dict[str, Any]]:
    """The lines of a run's file, empty where it is not there."""
    return RunFolder(folder).lines(name)


class RunFolder:
    """Append lines, replace the checkpoint whole, cut back to a step."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(self, recipe: Mapping[str, Any]) -> bool:
        """Make or reopen the folder; whether there is a checkpoint to go on from. InputError when it holds another run.

        A folder that holds no step belongs to nobody: a start that was refused does not stand in the way of a corrected recipe.
        """
        told = json.dumps(recipe, indent=1, sort_keys=True) + "\n"
        path = self.folder / "recipe.json"
        try:
            if path.exists():
                before: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
                different = sorted(key for key in {*before, *recipe} if before.get(key) != json.loads(told).get(key))
                if different and self._has_steps():
                    raise InputError(f"{self.folder}: holds a run with other settings ({', '.join(different)}); give a new folder")
                if different:
                    write_whole(path, told)
            else:
                if self.folder.exists() and any(self.folder.iterdir()):
                    raise InputError(f"{self.folder}: is not empty and no run; give a new folder")
                self.folder.mkdir(parents=True, exist_ok=True)
                write_whole(path, told)
        except OSError as error:
            raise InputError(f"{error.filename or self.folder}: cannot be written: {error.strerror or error}") from error
        return (self.folder / CHECKPOINT).exists()

    def _has_steps(self) -> bool:
        return (self.folder / CHECKPOINT).exists() or bool(self.lines("metrics.jsonl"))

    def count(self, kept: int, left_out: Mapping[str, int]) -> None:
        """Write down what the questions file holds for the run."""
        told = json.dumps({"kept": kept, "left_out": dict(left_out)}, indent=1) + "\n"
        try:
            write_whole(self.folder / "questions.json", told)
        except OSError as error:
            raise InputError(f"{self.folder / 'questions.json'}: cannot be written: {error.strerror or error}") from error

    def counts(self) -> tuple[int, dict[str, int]] | None:
        """Questions kept, and left out by reason; None of a run that did not write them down."""
        path = self.folder / "questions.json"
        if not path.exists():
            return None
        told = json.loads(path.read_text(encoding="utf-8"))
        return told["kept"], told["left_out"]

    def append(self, name: str, line: Mapping[str, Any]) -> None:
        """One line, flushed."""
        try:
            with (self.folder / name).open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(line, ensure_ascii=False) + "\n")
        except OSError as error:
            raise InputError(f"{self.folder / name}: cannot be written: {error.strerror or error}") from error

    def lines(self, name: str) -> list[dict[str, Any]]:
        """What was appended so far; a last line that was cut by a kill is left out."""
        path = self.folder / name
        if not path.exists():
            return []
        whole = path.read_text(encoding="utf-8").split("\n")[:-1]
        return [json.loads(line) for line in whole]

    def seen(self, rank: int) -> None:
        """InputError when a process cannot see what the first one made here."""
        if not (self.folder / "recipe.json").exists():
            raise InputError(f"{self.folder}: process {rank} does not see what the first made: all machines need one folder")

    def cut_back(self, step: int) -> list[dict[str, Any]]:
        """Drop lines of steps from `step` on: they are made again. The figures that are left."""
        for name in LINES:
            if (self.folder / name).exists():
                kept = [line for line in self.lines(name) if line["step"] < step]
                text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in kept)
                write_whole(self.folder / name, text)
        return self.lines("metrics.jsonl")

    def save(self, state: Mapping[str, Any]) -> None:
        """Replace the checkpoint; a kill leaves the one before."""
        write_tensors(self.folder / CHECKPOINT, state)

    def load(self, device: torch.device) -> dict[str, Any]:
        """ModelError when the file is not whole."""
        return read_tensors(self.folder / CHECKPOINT, device)


def write_tensors(path: Path, state: Mapping[str, Any]) -> None:
    """A file of tensors and plain values, replaced whole."""
    try:
        with whole_file(path) as unfinished:
            torch.save(dict(state), unfinished)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from error


def read_tensors(path: Path, device: torch.device) -> dict[str, Any]:
    """What `write_tensors` wrote. ModelError when the file is not whole."""
    try:
        return torch.load(path, map_location=device, weights_only=True)
    except (RuntimeError, EOFError, ValueError, OSError, UnpicklingError) as error:
        raise ModelError(f"{path}: cannot be read as a checkpoint: {str(error).splitlines()[0]}") from error
