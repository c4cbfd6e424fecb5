"""What commands print of their results."""

import ast
from pathlib import Path

from rich.table import Table

from medgrpo import cli
from medgrpo.cli.tables import table_console


def test_a_wide_table_is_whole_where_nobody_watches(capsys):
    table = Table(title="t" * 300)
    for number in range(40):
        table.add_column(f"column{number}", no_wrap=True)
    table.add_row(*(f"cell{number}" for number in range(40)))
    table_console().print(table)
    table_console().print("w" * 5 + " w" * 200)
    printed = capsys.readouterr().out
    assert all(f"column{number} " in printed and f"cell{number} " in printed for number in range(40))
    lines = printed.splitlines()
    assert "w" * 5 + " w" * 200 in lines
    assert max(map(len, lines)) < 1000


def test_no_command_prints_its_results_through_a_console_of_its_own():
    for path in sorted(Path(cli.__file__).parent.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Console":
                given = {one.arg for one in node.keywords}
                assert given & {"stderr", "soft_wrap"} or path.name == "tables.py", f"{path.name}:{node.lineno}"
