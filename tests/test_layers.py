"""Who may import whom, and what a room looks like, held by reading the sources."""

import ast
import re
from functools import cache
from graphlib import TopologicalSorter
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
# From the ground up: a room imports rooms of the lines above its own, none of its own line.
ROOMS = {
    "t2i": (
        "errors progress shipped",
        "files config",
        "images pairs compute",
        "vision",
        "encoders models runs",
        "painting",
        "evaluation",
        "training",
        "web",
        "exports",
        "cli",
        "__main__",
    ),
    "prep": (
        "formats building synthetic",
        "sources fetching encoder",
        "exports",
        "tfds_pairs cli",
        "__main__",
    ),
}
# What `prep` takes of `t2i`.
OPEN_TO_PREP = (
    *(
        "t2i.errors",
        "t2i.progress",
        "t2i.files",
        "t2i.config",
        "t2i.images",
        "t2i.pairs",
        "t2i.compute",
    ),
    *("t2i.encoders", "t2i.runs.checkpoints", "t2i.cli.command_line", "t2i.cli.progress"),
)
# The one thing that is done wherever anything of ours is imported.
FIRST = "t2i.compute.backend"
MOST_FILES, MOST_DOORS, MOST_ARROWS = 12, 18, 75

SOURCES = sorted([*(ROOT / "t2i").rglob("*.py"), *(ROOT / "prep").rglob("*.py")])
INSIDE = [path for path in SOURCES if path.parent.parent != ROOT]


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {_module(path): path for path in SOURCES}


def _imports(tree: ast.AST) -> set[str]:
    """Returns the modules imported anywhere under a node."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inside = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (inside & MODULES.keys()) or {node.module}
    return found


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _ours(path: Path) -> set[str]:
    """Returns our modules that one imports, but for `t2i`, which has the version."""
    names = {name for name in _imports(_tree(path)) if name.split(".")[0] in ROOMS}
    return names - {"t2i"}


def _within(module: str, rooms: tuple[str, ...]) -> bool:
    return any(module == room or module.startswith(f"{room}.") for room in rooms)


def _room(module: str) -> tuple[str, int]:
    """Returns the room of a module and the number of its line, counted from the ground up."""
    package, room, *_ = module.split(".")
    return room, next(i for i, line in enumerate(ROOMS[package]) if room in line.split())


@pytest.mark.parametrize("path", SOURCES, ids=_module)
def test_rooms_import_from_the_lines_above_their_own(path: Path) -> None:
    module = _module(path)
    package, _, rest = module.partition(".")
    if not rest:
        assert _ours(path) <= {FIRST}
        return
    room, line = _room(module)
    for name in _ours(path):
        if name.split(".")[0] != package:
            assert package == "prep"
            assert _within(name, OPEN_TO_PREP), name
        else:
            theirs, above = _room(name)
            assert theirs == room or above < line, name


@pytest.mark.parametrize("path", SOURCES, ids=_module)
def test_rooms_within_a_room_know_nothing_of_one_another(path: Path) -> None:
    inner = path.relative_to(ROOT).parent.parts
    for name in _ours(path):
        theirs = MODULES[name].relative_to(ROOT).parent.parts
        assert len(inner) < 3 or len(theirs) < 3 or inner[:2] != theirs[:2] or inner == theirs, name


def test_modules_import_in_no_circle() -> None:
    TopologicalSorter({module: _ours(path) for module, path in MODULES.items()}).prepare()


def test_what_is_first_needs_next_to_nothing() -> None:
    assert _ours(MODULES[FIRST]) == {"t2i.errors"}
    assert not _ours(MODULES["t2i.errors"])


@pytest.fixture(scope="module")
def rooms() -> Any:
    """What draws the picture of the rooms."""
    spec = spec_from_file_location("rooms", ROOT / "docs" / "site" / "rooms.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_few_arrows_lead_from_room_to_room(rooms: Any) -> None:
    graph = {room: theirs for room, theirs in rooms.imports().items() if "/" not in room}
    assert sum(len(theirs) for theirs in graph.values()) < MOST_ARROWS


def test_the_picture_of_the_rooms_is_that_of_the_imports(rooms: Any) -> None:
    assert rooms.PICTURE.read_text(encoding="utf-8") == rooms.drawn(rooms.imports()), (
        "run python docs/site/rooms.py"
    )


def test_the_page_of_the_code_names_what_is_there() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:t2i|prep|tests|docs|configs|benchmarks)/[\w./]*)", page))
    assert len(named) > 20
    # NAME stands for a new one.
    assert not [name for name in named if not (ROOT / name.partition("NAME")[0]).exists()]


def test_metrics_know_no_run_no_file_and_no_network() -> None:
    for module, path in MODULES.items():
        if _within(module, ("t2i.evaluation.metrics",)):
            assert all(
                _within(name, ("t2i.errors", "t2i.evaluation.metrics")) for name in _ours(path)
            )


@pytest.mark.parametrize("path", [p for p in INSIDE if p.name == "__init__.py"], ids=_module)
def test_a_room_says_what_it_is_for_and_is_no_larger_than_it_should_be(path: Path) -> None:
    tree = _tree(path)
    said = ast.get_docstring(tree)
    assert said
    assert len(re.findall(r"\.(?=\s|$)", said)) == 3, "what it is for, what enters, what leaves"
    assert len(tree.body) == 1
    assert len([file for file in path.parent.glob("*.py") if file != path]) <= MOST_FILES


def test_every_folder_of_modules_is_a_room_and_the_house_has_few_doors() -> None:
    for path in INSIDE:
        assert (path.parent / "__init__.py").is_file()
    for package in ROOMS:
        modules = [module.split(".") for module in MODULES if module.startswith(f"{package}.")]
        doors = {parts[1] for parts in modules} - {"__main__"}
        assert doors == {door for line in ROOMS[package] for door in line.split()} - {"__main__"}
        assert len(doors) <= MOST_DOORS


@pytest.mark.parametrize("path", SOURCES, ids=_module)
def test_special_libraries_have_one_home(path: Path) -> None:
    module, roots = _module(path), {name.split(".")[0] for name in _imports(_tree(path))}
    if not _within(module, ("t2i.cli", "prep.cli")):
        assert "click" not in roots
    homes = ("t2i.files.hdf5", "t2i.pairs", "prep.formats.hdf5", "prep.exports.aelnouby")
    if not _within(module, homes):
        assert "h5py" not in roots
    if module not in ("t2i.exports.onnx_model", "t2i.exports.quantized"):
        assert "onnx" not in roots
    if module != "t2i.encoders.tokenizers":
        assert "tokenizers" not in roots
    if module != "t2i.encoders.transformer":
        assert "safetensors" not in roots
    if not _within(module, ("t2i.web",)):
        assert not roots & {"starlette", "uvicorn"}
    if module != "prep.tfds_pairs":
        assert "tensorflow_datasets" not in roots
    names = {node.attr for node in ast.walk(_tree(path)) if isinstance(node, ast.Attribute)}
    if module != "t2i.compute.strategy":
        assert not {name for name in names if name.endswith("Strategy") and name != "Strategy"}
    if not _within(module, ("t2i.compute",)):
        assert "environ" not in names


@pytest.mark.parametrize(
    "module",
    [
        "t2i",
        "t2i.cli.main",
        "prep.cli.main",
        "t2i.config.file",
        "t2i.models.catalogue",
        "t2i.pairs.reading",
        "t2i.encoders.tokenizers",
    ],
)
def test_what_answers_at_once_imports_no_tensorflow(module: str) -> None:
    """By the closure of module-level imports."""
    waiting, seen = [module], set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if name in MODULES:
            body = _tree(MODULES[name]).body
            top = [node for node in body if isinstance(node, ast.Import | ast.ImportFrom)]
            waiting += set().union(*map(_imports, top)) if top else set()
    assert not {name for name in seen if name.split(".")[0] in ("tensorflow", "keras")}


@pytest.mark.parametrize("path", SOURCES, ids=_module)
def test_no_assert_and_no_swallowed_error(path: Path) -> None:
    for node in ast.walk(_tree(path)):
        assert not isinstance(node, ast.Assert)
        if isinstance(node, ast.ExceptHandler):
            caught = ast.unparse(node.type) if node.type else "everything"
            assert caught not in ("everything", "Exception", "BaseException")
