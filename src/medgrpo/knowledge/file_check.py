"""Everything that is wrong with one knowledge file, in words; or, in a few lines, what is in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from medgrpo.core import KnowledgeError
from medgrpo.knowledge.checks import places, procedure_faults
from medgrpo.knowledge.fault import Fault, instead
from medgrpo.knowledge.procedure import Procedure
from medgrpo.knowledge.reading import entry_name, read_toml
from medgrpo.knowledge.vocabulary import Vocabulary
from medgrpo.knowledge.vocabulary_loader import further_faults, load_vocabulary


@dataclass(frozen=True, slots=True)
class FileCheck:
    """`faults` make the file unusable; `notes` are worth a look. `summary` says what the file holds, once it is sound."""

    path: Path
    faults: tuple[Fault, ...]
    notes: tuple[Fault, ...]
    summary: tuple[str, ...]

    @property
    def sound(self) -> bool:
        return not self.faults


def check_file(path: Path) -> FileCheck:
    """Check a procedure file, or a further vocabulary file, whole; what is wrong inside it is never raised, only reported.

    A file with a wrong field is checked no further than its fields, because what depends on them cannot be read.
    """
    try:
        values = read_toml(path)
    except KnowledgeError as error:
        return FileCheck(path, (Fault(error.entry, error.reason, "mend the file so that it can be read at all"),), (), ())
    if {"concepts", "relations"} & values.keys():
        return _check_words(path, values)
    return _check_procedure(path, values)


def _check_words(path: Path, values: dict[str, Any]) -> FileCheck:
    """A further vocabulary file, beside the shipped ones."""
    try:
        found = further_faults(path)
    except KnowledgeError as error:
        found = (error,)
    faults = tuple(Fault(one.entry, one.reason, "change this entry, or remove it") for one in found)
    counts = f"{len(values.get('concepts', ()))} concepts, {len(values.get('relations', ()))} relations beside the shipped ones"
    return FileCheck(path, faults, (), () if faults else (f"a vocabulary: {counts}",))


def _check_procedure(path: Path, values: dict[str, Any]) -> FileCheck:
    vocabulary = load_vocabulary()
    try:
        procedure = Procedure.model_validate(values)
    except ValidationError as error:
        faults = tuple(_field_fault(values, dict(one)) for one in error.errors(include_url=False))
        return FileCheck(path, faults, (), ())
    faults = tuple(procedure_faults(procedure, vocabulary))
    return FileCheck(path, faults, tuple(_notes(procedure, vocabulary)), _summary(procedure) if not faults else ())


def _field_fault(values: dict[str, Any], error: dict[str, Any]) -> Fault:
    place: tuple[int | str, ...] = error["loc"]
    entry = entry_name(values, place)
    last = str(place[-1]) if place else "file"
    match error["type"]:
        case "missing":
            return Fault(entry, f"the field {last!r} is missing", "add it")
        case "extra_forbidden":
            return Fault(entry, f"{last!r} is no field here", _nearest_field(place))
        case _:
            return Fault(entry, f"{error['msg']}, got {error['input']!r}", "change the value")


def _nearest_field(place: tuple[int | str, ...]) -> str:
    """The field that was probably meant: the models are walked along the place."""
    model: Any = Procedure
    for part in place[:-1]:
        if isinstance(part, str):
            annotation = model.model_fields[part].annotation
            model = next((one for one in getattr(annotation, "__args__", ()) if hasattr(one, "model_fields")), annotation)
    return f"{instead(str(place[-1]), model.model_fields)} Otherwise remove it"


def _notes(procedure: Procedure, vocabulary: Vocabulary) -> list[Fault]:
    """Names that the vocabulary does not know, sources that nobody has read: allowed, and told."""
    notes = [
        Fault(f"{name!r}", "is no term of the vocabulary, so statements cannot be linked to it", "use a term that it knows")
        for name in places(procedure)
        if not vocabulary.by_term(name)
    ]
    unread = [citation.key for citation in procedure.citations if not citation.checked]
    if unread:
        notes.append(
            Fault("citations", f"not read in the primary source: {', '.join(unread)}", "read them, then set checked = true")
        )
    return notes


def _summary(procedure: Procedure) -> tuple[str, ...]:
    steps = sum(len(phase.steps) for phase in procedure.phases)
    goals = sum(len(phase.sub_goals) for phase in procedure.phases)
    seconds = sum(phase.typical_seconds[1] for phase in procedure.phases)
    return (
        f"{procedure.name} ({procedure.id}), in the words of {procedure.vocabulary}",
        f"{len(procedure.phases)} phases, {steps} steps, {goals} sub-goals; all phases once: about {seconds / 60:.0f} min",
        f"{len(procedure.landmarks)} landmarks, {len(procedure.variants)} variants, {len(procedure.hazards)} hazards, "
        f"{len(procedure.bail_outs)} bail-outs, {len(procedure.difficulty)} grades, {len(procedure.rules)} rules",
        f"{len(procedure.citations)} citations, {sum(one.checked for one in procedure.citations)} of them read in the source",
    )
