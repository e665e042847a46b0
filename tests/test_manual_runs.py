"""The manual's commands do what it says: blocks marked `<!-- run -->` are run, on small data.

In a folder where CUB_200_2011/ and text_c10/ are drawn birds under names of CUB's classes, page by
page and line by line; only sizes and lengths are cut, by what is appended to a command.
"""

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from prep.building import splits
from prep.cli.main import main as t2i_prep
from prep.synthetic.writing import write_synthetic
from t2i.cli.main import main as t2i

ROOT = Path(__file__).parents[1]
# In this order: later pages go on from what earlier ones made.
PAGES = ("README.md", "docs/projected.md", "docs/evaluation.md", "docs/exports.md", "docs/page.md")
COMMANDS = {"t2i": t2i, "t2i-prep": t2i_prep}
# The last of two values of an option counts.
SHORTER = {
    "cub": "--image-size 40",
    "train-encoder": "--set steps=2 --set classes_per_batch=4 --set image.image_size=64 "
    "--set image.crop=16",
    "train": "--set image_size=32 --set networks.generator_widths=[4,4,4] "
    "--set networks.eyes_size=64 --set networks.companion_size=16 --set training.epochs=1",
    "evaluate": "--count 8",
}


def _blocks(page: str) -> Iterator[list[str]]:
    text = (ROOT / page).read_text(encoding="utf-8")
    for block in re.findall(r"<!-- run -->\n```\n(.*?)```", text, re.DOTALL):
        yield block.splitlines()


def _lines() -> list[str]:
    return [line for page in PAGES for block in _blocks(page) for line in block]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with CUB_200_2011/ and text_c10/: drawn birds, a class in three for each split."""
    place = tmp_path_factory.mktemp("manual")
    write_synthetic(place, 128)
    cub = place / "CUB_200_2011"
    official = [
        splits.read_list(Path(splits.__file__).parent / "data" / f"{name}classes.txt")
        for name in ("trainval", "test")
    ]
    drawn = [line.split()[1] for line in (cub / "classes.txt").read_text().splitlines()]
    new = dict(zip(drawn, [*official[0][: len(drawn) - 8], *official[1][:8]], strict=True))
    for name in ("classes.txt", "images.txt"):
        text = (cub / name).read_text()
        (cub / name).write_text(re.sub("|".join(drawn), lambda match: new[match[0]], text))
    for folder in (cub / "images", place / "text_c10"):
        for name in drawn:
            (folder / name).rename(folder / new[name])
    return place


def test_there_are_commands_to_run() -> None:
    assert len(_lines()) >= 15


@pytest.mark.parametrize("line", [pytest.param(line, id=line[:60]) for line in _lines()])
def test_a_command_of_the_manual_runs(
    line: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    name, *words = shlex.split(line.removeprefix(".venv/bin/"), comments=True)
    shorter = next((SHORTER[word] for word in words[:1] if word in SHORTER), "")
    done = CliRunner().invoke(COMMANDS[name], [*words, *shlex.split(shorter)])
    assert done.exit_code == 0, done.output
    # Each command ends with a line that says what it made.
    assert done.output.strip()


def test_what_the_readme_paints_is_there(place: Path) -> None:
    assert (place / "birds.png").stat().st_size > 0
    shutil.rmtree(place)
