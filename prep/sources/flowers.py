"""Oxford-102 flowers as published, with the captions of Reed et al. -> captioned pictures."""

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from prep.building.examples import Example, Fault, Note
from prep.building.splits import hashed_order, split_classes
from prep.formats.caption_files import caption_root, read_captions
from prep.formats.matlab import read_whole_numbers
from prep.sources.leftovers import captions_left, pictures_left
from t2i.errors import InputError

_CLASSES = 102
# The published sizes of the class-disjoint split: 62 + 20 to train with, 20 never seen.
_HELD_OUT = 20
_PUBLISHED = {"train": "trnid", "val": "valid", "test": "tstid"}


class Flowers:
    """The pictures, in the order of their numbers; iterating reads the captions."""

    def __init__(
        self, flowers: Path, captions: Path | None = None, split_of: Mapping[str, str] | None = None
    ) -> None:
        """Reads labels and splits.

        Args:
            flowers: the folder with `jpg` and `imagelabels.mat`, or `setid.mat` as well.
            captions: the folder of the captions; None takes the same.
            split_of: the split of each class name, `class_00001` say; None takes the published
                split of pictures, in setid.mat, in which every class is in every split.

        Raises:
            InputError: a file is missing or damaged, does not fit the others, or a class has no
                split.
        """
        path = flowers / "imagelabels.mat"
        self._labels = read_whole_numbers(path, "labels").tolist()
        for number, label in enumerate(self._labels, start=1):
            if not 1 <= label <= _CLASSES:
                raise InputError(
                    f"{path}: expected labels 1 to {_CLASSES}, got {label} for picture {number}; "
                    "download it again"
                )
        classes = {label: class_name(label) for label in sorted(set(self._labels))}
        if split_of is None:
            self._splits = _published_splits(flowers / "setid.mat", len(self._labels))
        else:
            of_class = split_classes(classes, split_of)
            self._splits = [of_class[label] for label in self._labels]
        self._images = flowers / "jpg"
        self._captions = caption_root(captions or flowers, classes.values())

    def __len__(self) -> int:
        return len(self._labels)

    def __iter__(self) -> Iterator[Example | Fault | Note]:
        """Yields the pictures in the order of their numbers, then what has no label."""
        names = []
        pairs = zip(self._labels, self._splits, strict=True)
        for number, (label, split) in enumerate(pairs, start=1):
            file = f"image_{number:05d}"
            name = f"{class_name(label)}/{file}"
            names.append(name)
            try:
                captions = read_captions(self._captions / f"{name}.txt")
            except InputError as error:
                yield Fault(name, str(error))
                continue
            picture = self._images / f"{file}.jpg"
            yield Example(name, picture, captions.texts, label, split, remark=captions.remark)
        pictures = [f"{PurePosixPath(name).name}.jpg" for name in names]
        yield from pictures_left(self._images, pictures, "imagelabels.mat")
        yield from captions_left(self._captions, names)


def class_name(label: int) -> str:
    """Returns the folder that the captions of a class are in."""
    return f"class_{label:05d}"


def class_split() -> dict[str, str]:
    """Returns the split of each class by its name: 62 train, 20 val, 20 test.

    Deviation: which classes they are is ours, the published lists were not at hand. Those of
    Reed et al. (ICML 2016) are in flowers_icml, and `prep.building.splits.read_split` reads them.
    """
    names = hashed_order(class_name(label) for label in range(1, _CLASSES + 1))
    splits = ["test"] * _HELD_OUT + ["val"] * _HELD_OUT
    splits += ["train"] * (_CLASSES - len(splits))
    return dict(zip(names, splits, strict=True))


def _published_splits(path: Path, count: int) -> list[str]:
    splits: dict[int, str] = {}
    for split, variable in _PUBLISHED.items():
        for number in read_whole_numbers(path, variable).tolist():
            if number in splits or not 1 <= number <= count:
                raise InputError(
                    f"{path}: expected each picture from 1 to {count} in one split, "
                    f"got {number} in {variable}; download it again"
                )
            splits[number] = split
    if len(splits) < count:
        raise InputError(
            f"{path}: expected {count} pictures in the splits, got {len(splits)}; download it again"
        )
    return [splits[number] for number in range(1, count + 1)]
