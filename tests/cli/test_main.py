"""The front door: fast, one line per mistake, bugs visible."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import medgrpo
from medgrpo import cli
from medgrpo.cli import analyze
from medgrpo.core import InputError, Interrupted, ModelError

COMMAND = str(Path(sys.executable).with_name("medgrpo"))


def _fastest(command: list[str]) -> float:
    """Processor seconds of the quickest of five runs: the machine may be busy, the program is not slower for that."""
    seconds: list[float] = []
    for _ in range(5):
        before = os.times()
        subprocess.run(command, check=True, capture_output=True)
        after = os.times()
        seconds.append(after.children_user + after.children_system - before.children_user - before.children_system)
    return min(seconds)


def test_import_and_help_answer_at_once():
    nothing = _fastest([sys.executable, "-c", "pass"])
    assert _fastest([sys.executable, "-c", "import medgrpo"]) - nothing < 0.15
    assert _fastest([COMMAND, "--help"]) < 0.5


def test_help_imports_nothing_heavy():
    code = (
        "import sys, medgrpo.cli; medgrpo.cli.build_parser().format_help(); "
        "print([name for name in ('numpy', 'av', 'onnxruntime', 'pydantic', 'rich', 'torch') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "[]\n"


def test_version(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"medgrpo {medgrpo.__version__}\n"


def test_every_command_has_help(capsys):
    for group, command in cli.COMMANDS:
        name = command.__name__.rpartition(".")[2].removeprefix(f"{group.replace(' ', '_')}_").replace("_", "-")
        with pytest.raises(SystemExit) as stop:
            cli.main([*group.split(), name, "--help"])
        assert stop.value.code == 0
        assert "usage: medgrpo" in capsys.readouterr().out


def test_what_a_command_does_not_know_is_its_own_error_with_the_near_option(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["analyze", "x.mp4", "--mdel", "nano"])
    assert stop.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("usage: medgrpo analyze ")
    assert said.endswith("medgrpo analyze: error: unrecognized arguments: --mdel nano (is --model meant?)\n")


@pytest.mark.parametrize(("given", "named"), [([], "simulate "), (["cases", "user"], "change ")])
def test_no_command_lists_the_commands(given, named, capsys):
    assert cli.main(given) == 2
    said = capsys.readouterr().err
    assert f"\n    {named}" in said
    assert "name one of these commands" in said


def test_the_docs_name_every_command():
    text = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
    for group, command in cli.COMMANDS:
        name = command.__name__.rpartition(".")[2].removeprefix(f"{group.replace(' ', '_')}_").replace("_", "-")
        assert f"medgrpo {group} {name}".replace("  ", " ") in text


@pytest.mark.parametrize(
    ("error", "code"),
    [(InputError("x.mp4: is\nwrong"), 2), (ModelError("weights: altered"), 3), (Interrupted("stopped at 00:10"), 130)],
)
def test_an_error_on_purpose_is_one_line_and_its_code(error, code, monkeypatch, capsys):
    def fail(_args):
        raise error

    monkeypatch.setattr(analyze, "run", fail)
    assert cli.main(["analyze", "x.mp4"]) == code
    assert re.fullmatch(r"medgrpo: error: [^\n]+\n", capsys.readouterr().err)


def test_a_bug_shows_itself(monkeypatch):
    monkeypatch.setattr(analyze, "run", lambda args: args.no_such_argument)
    with pytest.raises(AttributeError):
        cli.main(["analyze", "x.mp4"])


def test_a_reader_that_goes_away_is_no_error():
    code = (
        "import sys; from medgrpo import cli; from medgrpo.cli import analyze\n"
        "analyze.run = lambda args: [sys.stdout.write('line\\n') for _ in range(100000)] and 0\n"
        "sys.exit(cli.main(['analyze', 'x.mp4']))"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=30) == 1
    assert errors == b""
