"""The classes of a pairs file in words: how many a split has, which, and which are shared."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from t2i.pairs.reading import opened
from t2i.pairs.structure import SPLITS

# What goes without pictures of a split.
_WANTED = {
    "train": "a generator and an encoder are trained on it",
    "val": "the encoder is scored on it, and judges may be chosen by it",
    "test": "`t2i evaluate` measures on it, and sentences never trained on are shown from it",
}


def class_lines(path: Path) -> Iterator[str]:
    """Yields how many classes each split has, with a few names, and whether they are shared."""
    with opened(path) as file:
        ids = {split: file[split]["class_id"][:].tolist() for split in SPLITS}
        names = {split: file[split]["name"].asstr(errors="replace")[:] for split in SPLITS}
    for split in SPLITS:
        if not ids[split]:
            yield f"{split}: no pictures; {_WANTED[split]}"
            continue
        named = _names(ids[split], names[split])
        if len(named) == len(ids[split]):
            yield f"classes in {split}: each picture is its own"
        else:
            yield f"classes in {split}: {len(named):,}, {some(list(named.values()), 3)}"
    if sum(map(bool, ids.values())) < 2:
        return
    shared = list(shared_classes(ids))
    if not shared:
        yield "classes in two splits: none"
    for splits, classes in shared:
        both = {
            key: name for split in SPLITS for key, name in _names(ids[split], names[split]).items()
        }
        shown = some([both[key] for key in classes], 3)
        yield f"classes in both {splits}: {len(classes):,}, {shown}"


def shared_classes(ids: Mapping[str, Sequence[int]]) -> Iterator[tuple[str, list[int]]]:
    """Yields `train and val`, say, and the classes in both, of the class of each picture."""
    classes = {split: set(own) for split, own in ids.items()}
    for split, other in combinations(SPLITS, 2):
        shared = sorted(classes[split] & classes[other])
        if shared:
            yield f"{split} and {other}", shared


def some(values: Sequence[Any], limit: int = 5) -> str:
    """Returns the first few values in words, and how many more there are."""
    named = ", ".join(str(value) for value in values[:limit])
    return named if len(values) <= limit else f"{named} and {len(values) - limit} more"


def _names(ids: Sequence[int], names: Sequence[str]) -> dict[int, str]:
    """Returns what each class is called: the folder of its first picture, where it has one."""
    called: dict[int, str] = {}
    for class_id, name in zip(ids, names, strict=True):
        folders = name.split("/")[:-1]
        called.setdefault(class_id, folders[-1] if folders else f"class {class_id}")
    return dict(sorted(called.items()))
