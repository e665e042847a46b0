"""Who may import whom, held by reading the sources."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# From the ground up: a module imports only from rows above its own.
LAYERS = (
    {"t2i"},
    {"t2i.errors", "t2i.evaluation"},
    {"t2i.files", "t2i.config", "t2i.strategy", "t2i.watching", "t2i.hdf5"},
    {"t2i.encoder_config", "t2i.pairs_structure"},
    {
        "t2i.configfile",
        "t2i.images",
        "t2i.captions",
        "t2i.losses",
        "t2i.conditions",
        "t2i.schedule",
        "t2i.pairs",
        "t2i.hdf5_writing",
        "t2i.saving",
        "t2i.command_line",
        "t2i.cropping",
    },
    {
        "t2i.pairs_writing",
        "t2i.pairs_checking",
        "t2i.pairs_lookup",
        "t2i.pairs_stored",
        "t2i.keras_files",
        "t2i.batch_norm",
        "t2i.adam",
        "t2i.image_convolutions",
        "t2i.column_convolutions",
        "t2i.augmentation",
        "t2i.networks",
        "t2i.phrases",
        "t2i.torch_files",
    },
    {"t2i.vision"},
    {"t2i.vision.networks"},
    {"t2i.vision.lite"},
    {"t2i.text_encoder", "t2i.batches", "t2i.precision", "t2i.whitening", "t2i.image_encoder"},
    {"t2i.streaming", "t2i.gan", "t2i.runs", "t2i.encoder_pair"},
    {"t2i.sampling", "t2i.checkpoints"},
    {"t2i.evaluation.estimate", "t2i.evaluation.inception", "t2i.evaluation.replicas"},
    {
        "t2i.evaluation.fid",
        "t2i.evaluation.kid",
        "t2i.evaluation.inception_score",
        "t2i.evaluation.manifold",
        "t2i.evaluation.retrieval",
        "t2i.evaluation.diversity",
        "t2i.evaluation.parzen",
        "t2i.evaluation.features",
        "t2i.evaluation.pictures",
    },
    {"t2i.evaluation.measuring", "t2i.evaluation.report", "t2i.evaluation.subject"},
    {"t2i.evaluation.scores"},
    {"t2i.evaluation.evaluate"},
    {"t2i.evaluation.page", "t2i.evaluation.monitor"},
    {"t2i.evaluation.cli", "t2i.board"},
    {"t2i.launch"},
    {"t2i.training"},
    {"t2i.cli"},
    {"t2i.__main__"},
)
OPEN_TO_PREP = {
    "t2i",
    "t2i.errors",
    "t2i.files",
    "t2i.hdf5",
    "t2i.hdf5_writing",
    "t2i.saving",
    "t2i.images",
    "t2i.adam",
    "t2i.batch_norm",
    "t2i.cropping",
    "t2i.captions",
    "t2i.phrases",
    "t2i.text_encoder",
    "t2i.keras_files",
    "t2i.pairs",
    "t2i.pairs_structure",
    "t2i.pairs_writing",
    "t2i.pairs_checking",
    "t2i.config",
    "t2i.encoder_config",
    "t2i.encoder_pair",
    "t2i.image_encoder",
    "t2i.configfile",
    "t2i.command_line",
}
SOURCES = sorted([*(ROOT / "t2i").rglob("*.py"), *(ROOT / "prep").rglob("*.py")])


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _imports(tree: ast.AST) -> set[str]:
    """Returns the modules imported anywhere under a node."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inside = {f"{node.module}.{alias.name}" for alias in node.names}
            modules = {_module(path) for path in SOURCES}
            found |= (inside & modules) or {node.module}
    return found


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", SOURCES, ids=_module)
def test_modules_import_from_the_layers_below(path: Path) -> None:
    module = _module(path)
    ours = {name for name in _imports(_tree(path)) if name.split(".")[0] in ("t2i", "prep")}
    if module.startswith("prep"):
        assert {name for name in ours if name.startswith("t2i")} <= OPEN_TO_PREP
    else:
        level = next(i for i, names in enumerate(LAYERS) if module in names)
        assert ours <= set().union(*LAYERS[:level])


@pytest.mark.parametrize("path", SOURCES, ids=_module)
def test_special_libraries_have_one_home(path: Path) -> None:
    module, roots = _module(path), {name.split(".")[0] for name in _imports(_tree(path))}
    if module not in (
        "t2i.cli",
        "t2i.evaluation.cli",
        "prep.cli",
        "prep.export_cli",
        "prep.fetch_cli",
        "prep.import_cli",
        "prep.import_target",
        "t2i.command_line",
    ):
        assert "click" not in roots
    if not module.startswith(("t2i.pairs", "t2i.hdf5", "prep.hdf5", "prep.exports.aelnouby")):
        assert "h5py" not in roots
    if module != "prep.tfds_pairs":
        assert "tensorflow_datasets" not in roots
    names = {node.attr for node in ast.walk(_tree(path)) if isinstance(node, ast.Attribute)}
    if module != "t2i.strategy":
        assert not {name for name in names if name.endswith("Strategy") and name != "Strategy"}


@pytest.mark.parametrize(
    "module",
    [
        "t2i.cli",
        "t2i.evaluation.cli",
        "prep.cli",
        "t2i.config",
        "t2i.configfile",
        "t2i.pairs",
        "t2i.captions",
    ],
)
def test_what_answers_at_once_imports_no_tensorflow(module: str) -> None:
    """By the closure of module-level imports."""
    paths = {_module(path): path for path in SOURCES}
    waiting, seen = [module], set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if name in paths:
            top = [n for n in _tree(paths[name]).body if isinstance(n, ast.Import | ast.ImportFrom)]
            waiting += set().union(*map(_imports, top)) if top else set()
    assert not {name for name in seen if name.split(".")[0] in ("tensorflow", "keras")}


@pytest.mark.parametrize("path", SOURCES, ids=_module)
def test_no_assert_and_no_swallowed_error(path: Path) -> None:
    for node in ast.walk(_tree(path)):
        assert not isinstance(node, ast.Assert)
        if isinstance(node, ast.ExceptHandler):
            caught = ast.unparse(node.type) if node.type else "everything"
            assert caught not in ("everything", "Exception", "BaseException")
