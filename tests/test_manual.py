"""What the manual says exists: every command parses, every key and file is there, links lead on."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml

from prep.cli.main import main as t2i_prep
from t2i.cli.main import main as t2i

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    [
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "Makefile")),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("configs/*.yaml"),
    ]
)
COMMANDS = {"t2i": t2i, "t2i-prep": t2i_prep}
# Words that stand for something of the reader's.
_BLANK = re.compile(r"\.\.\.|\$\(")


def _commands() -> Iterator[tuple[str, str]]:
    """Yields (page, line) for each command line of a fenced block, or of a configuration's head."""
    for page in PAGES:
        fenced = False
        for line in page.read_text(encoding="utf-8").splitlines():
            if line.startswith("```"):
                fenced = not fenced
            text = line.removeprefix("#").strip().removeprefix(".venv/bin/")
            shown = fenced if page.suffix == ".md" else line.startswith("#")
            if shown and text.split(" ")[0] in COMMANDS and not _BLANK.search(text):
                yield str(page.relative_to(ROOT)), text


def _parse(command: click.Command, name: str, words: list[str]) -> None:
    """Parses a line as click would, down to the last sub-command, and runs nothing."""
    context = command.make_context(name, list(words))
    with context:
        if isinstance(command, click.Group):
            left = [*context._protected_args, *context.args]
            found, sub, rest = command.resolve_command(context, left)
            assert sub is not None
            _parse(sub, str(found), rest)


def test_there_are_commands_to_try() -> None:
    assert len(list(_commands())) > 20


@pytest.mark.parametrize(
    ("page", "line"), [pytest.param(*c, id=f"{c[0]}: {c[1][:50]}") for c in _commands()]
)
def test_every_command_of_the_manual_parses(page: str, line: str) -> None:
    name, *words = shlex.split(line, comments=True)
    try:
        _parse(COMMANDS[name], name, words)
    except click.UsageError as error:
        pytest.fail(f"{page}: {line}: {error.format_message()}")


def test_a_command_that_is_not_there_would_be_seen() -> None:
    with pytest.raises(click.UsageError):
        _parse(t2i, "t2i", ["generate", "run", "a bird", "--no-such-option"])
    with pytest.raises(click.UsageError):
        _parse(t2i_prep, "t2i-prep", ["import", "nothing", "DIR"])


@pytest.mark.parametrize("page", [page for page in PAGES if page.suffix == ".md"], ids=str)
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)", text):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name}: {target}"
    for path in re.findall(r"`((?:t2i|prep|tests|configs|benchmarks|docs)/[\w/.]+?\.\w+)`", text):
        assert (ROOT / path).exists(), f"{page.name}: {path}"


def test_every_page_of_the_site_has_a_place_in_it() -> None:
    listed = str(yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"])
    for page in ROOT.glob("docs/**/*.md"):
        assert str(page.relative_to(ROOT / "docs")) in listed, page


def test_the_readme_is_short() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) < 120
    assert max(map(len, lines)) < 120
