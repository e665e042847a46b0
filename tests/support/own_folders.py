"""Folders of one's own pictures, as files of text."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from prep.building.examples import Example
from prep.sources.folder import Folder
from t2i.errors import InputError


def tree(folder: Path, files: Mapping[str, str]) -> Path:
    """Writes files; pictures are empty, as nothing that reads a folder opens them."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder


def captioned(folder: Path, *names: str) -> Path:
    """Writes pictures, `cube/1` say, each with a caption."""
    return tree(folder, {f"{n}.jpg": "" for n in names} | {f"{n}.txt": "words" for n in names})


def examples(*arguments, **options) -> dict[str, Example]:
    items = list(Folder(*arguments, **options))
    assert all(isinstance(item, Example) for item in items), items
    return {item.name: item for item in items if isinstance(item, Example)}


def refusal(*arguments, **options) -> str:
    with pytest.raises(InputError) as raised:
        Folder(*arguments, **options)
    return str(raised.value)
