"""Draws the rooms of both packages and who imports whom, from the sources: docs/rooms.svg.

    python docs/site/rooms.py

A room stands one line below the lowest room it imports. An arrow that follows from others is left
out: where evaluation imports painting and painting imports runs, evaluation may import runs too.
"""

import ast
from html import escape
from pathlib import Path

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs" / "rooms.svg"
# Of a room, and between rooms, pixels.
_WIDE, _HIGH, _ACROSS, _DOWN = 104, 30, 22, 46
_MARGIN = 16

Graph = dict[str, set[str]]


def main() -> None:
    """Writes the picture."""
    PICTURE.write_text(drawn(imports()), encoding="utf-8")


def imports() -> Graph:
    """Returns which rooms each room imports; those of t2i by their names, of prep with `prep/`."""
    graph: Graph = {}
    for package in ("t2i", "prep"):
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            if len(parts) < 3:
                continue
            theirs = graph.setdefault(_room(parts), set())
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                for name in _names(node):
                    other = tuple(name.split("."))
                    if len(other) > 1 and other[0] in ("t2i", "prep"):
                        theirs.add(_room(other))
    return {room: {x for x in theirs if x in graph and x != room} for room, theirs in graph.items()}


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return (
            [node.module] if "." in node.module else [f"{node.module}.{a.name}" for a in node.names]
        )
    return []


def _room(parts: tuple[str, ...]) -> str:
    return parts[1] if parts[0] == "t2i" else f"prep/{parts[1]}"


def lines(graph: Graph) -> dict[str, int]:
    """Returns each room's line from the ground up: one above all it imports."""
    line: dict[str, int] = {}

    def of(room: str) -> int:
        if room not in line:
            line[room] = 1 + max((of(other) for other in sorted(graph[room])), default=-1)
        return line[room]

    for room in sorted(graph):
        of(room)
    return line


def reduced(graph: Graph) -> Graph:
    """Returns the arrows that do not follow from others."""

    def reached(room: str) -> set[str]:
        return graph[room].union(*(reached(other) for other in graph[room]))

    return {
        room: {x for x in theirs if not any(x in reached(other) for other in theirs)}
        for room, theirs in graph.items()
    }


def drawn(graph: Graph) -> str:
    """Returns the picture as SVG: t2i on the left and prep on the right, the ground at the top."""
    line = lines(graph)
    columns = [
        [room for room in sorted(graph) if room.startswith("prep/") == right]
        for right in (False, True)
    ]
    corner: dict[str, tuple[int, int]] = {}
    left = _MARGIN
    for column in columns:
        rows = [[room for room in column if line[room] == n] for n in range(max(line.values()) + 1)]
        widest = max(map(len, rows)) * (_WIDE + _ACROSS) - _ACROSS
        for number, row in enumerate(rows):
            start = left + (widest - len(row) * (_WIDE + _ACROSS) + _ACROSS) // 2
            for index, room in enumerate(row):
                place = start + index * (_WIDE + _ACROSS), _MARGIN + number * (_HIGH + _DOWN)
                corner[room] = place
        left += widest + 3 * _ACROSS
    wide = left - 3 * _ACROSS + _MARGIN
    high = 2 * _MARGIN + (max(line.values()) + 1) * (_HIGH + _DOWN) - _DOWN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" '
        f'width="{wide}" height="{high}" font-family="sans-serif" font-size="13">',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
    ]
    for room, theirs in reduced(graph).items():
        for other in sorted(theirs):
            (x, y), (to_x, to_y) = corner[room], corner[other]
            start, end = (x + _WIDE // 2, y), (to_x + _WIDE // 2, to_y + _HIGH)
            middle = (start[1] + end[1]) // 2
            parts.append(
                f'<path d="M{start[0]} {start[1]} C{start[0]} {middle} {end[0]} {middle} '
                f'{end[0]} {end[1]}" fill="none" stroke="#7a8a88" stroke-width="1.2"/>'
            )
    for room, (x, y) in corner.items():
        fill = "#e4f1ee" if not room.startswith("prep/") else "#f4ecdd"
        parts.append(
            f'<rect x="{x}" y="{y}" width="{_WIDE}" height="{_HIGH}" rx="6" fill="{fill}" '
            f'stroke="#39504d"/><text x="{x + _WIDE // 2}" y="{y + 20}" text-anchor="middle" '
            f'fill="#14211f">{escape(room)}</text>'
        )
    return "\n".join([*parts, "</svg>", ""])


if __name__ == "__main__":
    main()
