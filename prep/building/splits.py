"""Class-disjoint splits: which classes are trained on, and which are never seen in training."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from t2i.errors import InputError
from t2i.files.disk import require_at_most
from t2i.files.text import read_text
from t2i.pairs.structure import SPLITS

_OFFICIAL = Path(__file__).parent / "data"
_MAX_LIST_BYTES = 1 << 20


def official_split() -> dict[str, str]:
    """Returns the split of each of CUB's 200 classes by its name: 100 train, 50 val, 50 test.

    Source: Akata et al., Evaluation of Output Embeddings for Fine-Grained Image Classification
        (CVPR 2015), as released by Reed et al. for the 150 train + val and the 50 test classes.
        Deviation: the division of the 150 is ours; the published 100 / 50 was not at hand.
    """
    return read_split(_OFFICIAL)


def read_split(folder: Path) -> dict[str, str]:
    """Returns the split of each class that a folder's lists name.

    The lists are trainclasses.txt, testclasses.txt and, where there is one, valclasses.txt;
    a class a line. In place of the first and the last, trainvalclasses.txt may list both, as
    published for CUB: every third of its sorted names is then val.

    Raises:
        InputError: a list is missing or empty, or a class stands in two of them.
    """
    split_of: dict[str, str] = {}
    for split, path, names in _lists(folder):
        repeated = [name for name in names if name in split_of]
        if repeated:
            raise InputError(
                f"{path}: expected classes of no other list, got {_some(repeated)}; "
                "leave each in one list"
            )
        split_of.update(dict.fromkeys(names, split))
    return split_of


def _lists(folder: Path) -> Iterator[tuple[str, Path, list[str]]]:
    """Yields each split, the file that lists its classes, and their names."""
    both = folder / "trainvalclasses.txt"
    train, val, test = (folder / f"{split}classes.txt" for split in SPLITS)
    if both.exists() and not train.exists():
        names = sorted(read_list(both))
        yield "train", both, [name for place, name in enumerate(names) if place % 3 != 2]
        yield "val", both, names[2::3]
    else:
        yield "train", train, read_list(train)
        if val.exists():
            yield "val", val, read_list(val)
    yield "test", test, read_list(test)


def split_classes(classes: Mapping[int, str], split_of: Mapping[str, str]) -> dict[int, str]:
    """Returns the split of each class number.

    Args:
        classes: the names of the classes that have pictures, by number.
        split_of: the split of each name; it may name classes without pictures.

    Raises:
        InputError: a class is in no list.
    """
    unknown = sorted(name for name in classes.values() if name not in split_of)
    if unknown:
        raise InputError(
            f"classes: expected each in one of the class lists, got {_some(unknown)}; "
            "name the lists' folder with --split"
        )
    return {class_id: split_of[name] for class_id, name in classes.items()}


def read_list(path: Path) -> list[str]:
    """Returns the lines of a list that are not empty.

    Raises:
        InputError: the list is missing, empty, too large or no text.
    """
    if not path.is_file():
        raise InputError(f"{path}: expected a list of classes, got no such file; add it")
    require_at_most(path, _MAX_LIST_BYTES, "name one class a line")
    lines = read_text(path, _MAX_LIST_BYTES).content.split("\n")
    names = [line.strip() for line in lines if line.strip()]
    if not names:
        raise InputError(f"{path}: expected a class a line, got none; name them")
    return names


def _some(names: Sequence[str], limit: int = 5) -> str:
    """Returns the first few names, and how many more there are."""
    shown = ", ".join(repr(name) for name in names[:limit])
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit} more"


def hashed_order(keys: Iterable[str]) -> list[str]:
    """Returns the keys in an order that looks drawn, the same wherever and whenever."""
    return sorted(keys, key=_hashed)


def hashed_split(key: str) -> str:
    """Returns train, val or test, 80 : 10 : 10, the same for a key wherever and whenever."""
    return {8: "val", 9: "test"}.get(_hashed(key) % 10, "train")


def _hashed(key: str) -> int:
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big")
