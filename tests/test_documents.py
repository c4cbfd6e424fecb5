"""Documents say what is so: figures come from the measuring command's own file, commands exist, links lead somewhere."""

import json
import re
import shlex
from pathlib import Path

import pytest

from medgrpo.cli import build_parser

ROOT = Path(__file__).parents[1]
HELD_OUT = json.loads((ROOT / "docs" / "perception_held_out.json").read_text())
PAGES = [
    ROOT / "README.md",
    ROOT / "ARCHITECTURE.md",
    ROOT / "src/medgrpo/perception/weights/MODEL_CARD.md",
    *(ROOT / "docs").rglob("*.md"),
]
COMPONENTS = ("instrument", "verb", "target", "triplet", "phase")


def row(name: str, figures: dict[str, object]) -> str:
    cells = [*(figures[f"{component}_map"] for component in COMPONENTS), figures["instrument_ece"], figures["tip_ap50"]]
    return f"| {name} | " + " | ".join(f"{cell:.3f}" for cell in cells) + " |"


def test_the_figures_in_the_documents_are_those_of_the_measurement():
    summary = HELD_OUT["summary"]
    chance = (
        "| chance (base rate) | " + " | ".join(f"{summary[f'{component}_base_rate']:.3f}" for component in COMPONENTS) + " | | |"
    )
    rows = [row(video["video"], video) for video in HELD_OUT["videos"]]
    rows += [row("mean over the four", summary), chance]
    card = (ROOT / "src/medgrpo/perception/weights/MODEL_CARD.md").read_text()
    assert [line for line in rows if line not in card] == []
    assert [line for line in rows[-2:] if line not in (ROOT / "README.md").read_text()] == []


def test_the_shipped_card_has_the_same_figures():
    shipped = json.loads((ROOT / "src/medgrpo/perception/weights/cholecystectomy.json").read_text())["figures"]
    assert {key: shipped[key] for key in HELD_OUT["summary"]} == HELD_OUT["summary"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path):
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text())
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_command_in_the_readme_is_understood():
    blocks = re.findall(r"```bash\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    lines = [line.split("#")[0].strip() for block in blocks for line in block.splitlines() if line.startswith("medgrpo ")]
    assert lines
    for line in lines:
        build_parser().parse_args(shlex.split(line)[1:])
