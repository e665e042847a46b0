"""A notebook's cells, run one behind another as Jupyter would, by nothing but Python."""

import ast
import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

COMMANDS = {"t2i": "t2i", "t2i-prep": "prep"}


def cells(path: Path) -> list[str]:
    """Returns the source of each cell of code."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "code"]


def shown(sources: list[str]) -> Iterator[Any]:
    """Yields what each cell shows: its last line, where that is an expression."""
    names: dict[str, Any] = {}
    for source in sources:
        lines = source.splitlines()
        for line in (line for line in lines if line.startswith("!")):
            command, *arguments = shlex.split(line[1:].format(**names))
            call = [sys.executable, "-m", COMMANDS[command], *arguments]
            subprocess.run(call, check=True, capture_output=True, timeout=600)
        tree = ast.parse("\n".join(line for line in lines if not line.startswith("!")))
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "<cell>", "exec"), names)
        yield eval(compile(ast.Expression(last.value), "<cell>", "eval"), names) if last else None
