"""How large a file and a function may be, held by reading the sources."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MOST_LINES, MOST_OF_A_FUNCTION = 300, 50

PACKAGES = sorted([*(ROOT / "t2i").rglob("*.py"), *(ROOT / "prep").rglob("*.py")])
OTHERS = sorted(
    path for folder in ("tests", "benchmarks", "docs") for path in (ROOT / folder).rglob("*.py")
)


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", PACKAGES + OTHERS, ids=_name)
def test_a_file_is_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


@pytest.mark.parametrize("path", PACKAGES, ids=_name)
def test_a_function_is_short(path: Path) -> None:
    """From its name to its end, the docstring too; decorators don't count."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            assert node.end_lineno - node.lineno < MOST_OF_A_FUNCTION, node.name
