"""The next-action labels of MedVidBench's sources, spelled as its evaluator spells them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class NextActionLabels:
    """`fixed`: sources with one list; `renamed`: CoPESD's old names; `nurvid`: (procedure, labels) in matching order."""

    fixed: Mapping[str, tuple[str, ...]]
    renamed: Mapping[str, str]
    nurvid: tuple[tuple[str, tuple[str, ...]], ...]
    nurvid_union: tuple[str, ...]

    def current_name(self, source: str, label: str) -> str:
        """The label's name today: CoPESD renamed some."""
        return self.renamed.get(label, label) if source == "CoPESD" else label


@cache
def next_action_labels() -> NextActionLabels:
    """The lists of the data file beside this one."""
    values = json.loads((files("medgrpo.tasks") / "data" / "next_action_labels.json").read_text(encoding="utf-8"))
    nurvid = tuple((entry["procedure"], tuple(entry["labels"])) for entry in values["NurViD_procedures"])
    return NextActionLabels(
        {name: tuple(values[name]) for name in ("AVOS", "CholecT50", "CoPESD")},
        values["CoPESD_old_names"],
        nurvid,
        tuple(sorted({label for _, labels in nurvid for label in labels})),
    )
