"""From a procedure's name or TOML file to a checked `Procedure`."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path

from pydantic import ValidationError

from medgrpo.core import KnowledgeError
from medgrpo.knowledge.checks import check_procedure
from medgrpo.knowledge.learned_procedure import as_procedure
from medgrpo.knowledge.learning import load_learned
from medgrpo.knowledge.procedure import Procedure
from medgrpo.knowledge.reading import read_toml
from medgrpo.knowledge.vocabulary_loader import load_vocabulary

PROCEDURES = {
    "cholecystectomy": "laparoscopic_cholecystectomy",
    "laparoscopic_cholecystectomy": "laparoscopic_cholecystectomy",
    "endoscopic_submucosal_dissection": "endoscopic_submucosal_dissection",
    "open_surgery": "open_surgery",
    "egocentric_open_surgery": "egocentric_open_surgery",
    "robotic_bench_top_suturing": "robotic_bench_top_suturing",
}
"""Every name by which a shipped procedure may be asked for, and its file."""


def load_procedure(name_or_path: str | Path) -> Procedure:
    """Read a shipped procedure by name, or any procedure file by path (anything that ends in .toml), and check it whole.

    The 51 nursing procedures that were learned from NurViD go by the names of their concepts: "surgical_hand_scrub".

    KnowledgeError names the file, the entry and the reason: unreadable, not TOML, a missing or unknown field, a triplet, phase,
    instrument or citation that does not exist, shares that do not sum to 1.
    """
    if isinstance(name_or_path, Path) or name_or_path.endswith(".toml"):
        return _read(Path(name_or_path))
    if name_or_path not in PROCEDURES:
        learned = load_learned()
        for one in learned.procedures:
            if one.procedure == f"procedure:{name_or_path}":
                return as_procedure(one, learned, load_vocabulary())
        shipped = f"{', '.join(sorted(PROCEDURES))} and the {len(learned.procedures)} nursing procedures"
        raise KnowledgeError(name_or_path, "procedure", f"not known; shipped are {shipped}, or give a .toml file")
    with as_file(files("medgrpo.knowledge").joinpath(f"procedures/{PROCEDURES[name_or_path]}.toml")) as path:
        return _read(path)


def _read(path: Path) -> Procedure:
    values = read_toml(path)
    try:
        procedure = Procedure.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        entry = ".".join(str(part) for part in first["loc"]) or "file"
        raise KnowledgeError(path, entry, first["msg"]) from error
    check_procedure(procedure, path, load_vocabulary())
    return procedure
