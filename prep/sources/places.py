"""What the folders above a picture say: its split, its class, or neither."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from prep.formats.split_names import may_be_split, split_of_name
from t2i.errors import InputError

_IMAGES = "images"
_CLASS = "class"
# Folders of a downloader: 00000, 00001 and so on. Source: img2dataset.
_SHARD = re.compile(r"\d{5,}")
_NAMED = 5


class Place(NamedTuple):
    """What the folders of a picture say.

    Attributes:
        split: of `t2i.pairs.structure.SPLITS`, or None.
        class_name: or None.
    """

    split: str | None
    class_name: str | None


def places(
    folder: Path,
    paths: Iterable[str],
    meant: Mapping[str, str],
    use_classes: bool | None,
    only_splits: bool = False,
) -> dict[str, Place]:
    """Returns what the folders of each picture say; one called `images` says nothing.

    Args:
        folder: for messages.
        paths: of the pictures, relative to it.
        meant: what a folder of some name is: `class`, or a split.
        use_classes: whether folders that are no splits are classes; None asks back where they
            look like parts of a download.
        only_splits: whether classes are said elsewhere, or nowhere.

    Raises:
        InputError: a folder may be a split or a class.
    """
    above = {path: _folders(path) for path in paths}
    names = dict.fromkeys(name for folders in above.values() for name in folders)
    kinds = {name: meant.get(name) or split_of_name(name) or _CLASS for name in names}
    doubtful = [
        name for name in names if name not in meant and kinds[name] == _CLASS and may_be_split(name)
    ]
    for folders in above.values():
        splits = {kinds[name] for name in folders} - {_CLASS}
        if len(splits) > 1:
            doubtful += [name for name in folders if kinds[name] != _CLASS]
    if doubtful:
        raise _unclear(folder, doubtful)
    if set(kinds.values()) - {_CLASS}:
        above = _unwrapped(above, kinds)
    found = {path: _place(folders, kinds) for path, folders in above.items()}
    if not only_splits:
        _check(folder, above, kinds, found)
    if use_classes is not False and not only_splits:
        return _without_shards(folder, found, use_classes)
    return found


def _folders(path: str) -> list[str]:
    return [name for name in PurePosixPath(path).parent.parts if name.lower() != _IMAGES]


def _unwrapped(above: Mapping[str, list[str]], kinds: Mapping[str, str]) -> dict[str, list[str]]:
    """Returns the folders without those around all: `data/train/cat` is `train/cat`."""
    found = dict(above)
    while len(first := {folders[0] if folders else "" for folders in found.values()}) == 1:
        if kinds.get(first.pop()) != _CLASS:
            break
        found = {path: folders[1:] for path, folders in found.items()}
    return found


def _place(folders: list[str], kinds: Mapping[str, str]) -> Place:
    """Returns the split, and the first class below it or, where there is none, above it."""
    at = next((place for place, name in enumerate(folders) if kinds[name] != _CLASS), None)
    if at is None:
        return Place(None, folders[0] if folders else None)
    around = [name for name in (*folders[at + 1 :], *folders[:at]) if kinds[name] == _CLASS]
    return Place(kinds[folders[at]], next(iter(around), None))


def _check(
    folder: Path,
    above: Mapping[str, list[str]],
    kinds: Mapping[str, str],
    found: Mapping[str, Place],
) -> None:
    """Raises InputError where some folders are splits and others beside them are none."""
    beside = [above[path][0] for path, place in found.items() if above[path] and not place.split]
    splits = [name for name in kinds if kinds[name] != _CLASS]
    if beside and splits:
        raise _unclear(folder, [*splits, *beside])


def _unclear(folder: Path, names: Iterable[str]) -> InputError:
    shown = list(dict.fromkeys(names))
    more = f" and {len(shown) - _NAMED} more" if len(shown) > _NAMED else ""
    return InputError(
        f"{folder}: expected folders that are all splits or all classes, got "
        f"{', '.join(map(repr, shown[:_NAMED]))}{more}; say what each is: "
        f"--folder-is {shown[0]!r}=train, or =val, =test, =class"
    )


def _without_shards(
    folder: Path, found: dict[str, Place], use_classes: bool | None
) -> dict[str, Place]:
    """Returns the places without classes where all of these are parts of a download."""
    names = {place.class_name for place in found.values()} - {None}
    shards = {name for name in names if name and _SHARD.fullmatch(name)}
    if use_classes or not names or shards != names:
        return found
    if all((folder / f"{name}_stats.json").is_file() for name in shards):
        return {path: place._replace(class_name=None) for path, place in found.items()}
    raise InputError(
        f"{folder}: expected folders of classes, got {', '.join(sorted(shards)[:_NAMED])}, as "
        "downloaders call parts of what they fetch; say which with --classes or --no-classes"
    )
