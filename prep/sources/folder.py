"""A folder of one's own pictures, captions beside them or in a list -> captioned pictures."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from prep.building.examples import Example, Fault
from prep.building.splits import hashed_split
from prep.formats.caption_files import read_captions
from prep.formats.listings import SPLIT_NAMES, checked_path, read_listing
from t2i.errors import InputError
from t2i.pairs.reading import SplitBy

_ENDINGS = (".jpg", ".jpeg", ".png")
_LISTINGS = ("metadata.jsonl", "metadata.csv", "captions.jsonl", "captions.csv")
_IMAGES = "images"


@dataclass(frozen=True)
class _Picture:
    """A picture as the folder has it.

    Attributes:
        path: relative to the folder.
        captions: of the list; None where they are in a file beside the picture.
        class_name: or None where it is its own class.
        split: or None where none is given.
    """

    path: str
    captions: tuple[str, ...] | None
    class_name: str | None
    split: str | None

    @property
    def name(self) -> str:
        """The path without its ending."""
        return str(PurePosixPath(self.path).with_suffix(""))


class Folder:
    """Pictures with a `.txt` beside each, or with a list; the folder is gone through when made.

    A folder called train, val or test, or a column `split`, says the split; otherwise it comes
    from a hash of the class, or of the name where there are no classes, and stays the same
    whatever else is in the folder. Without a list, folders below are the classes.

    Attributes:
        split_by: `picture` where a class is in several splits.
    """

    def __init__(
        self,
        folder: Path,
        listing: Path | None = None,
        use_classes: bool = True,
        split_by: SplitBy = "class",
    ) -> None:
        """Reads the list, or the names of the files.

        Args:
            folder: where the pictures are, or its folder `images`.
            listing: CSV or JSON lines; None looks for metadata or captions, .jsonl or .csv.
            use_classes: False makes every picture its own class.
            split_by: what is hashed; `picture` puts classes into several splits.

        Raises:
            InputError: there are no pictures, the list is malformed, two pictures have one name,
                or too few classes are left to train on.
        """
        if not folder.is_dir():
            raise InputError(f"{folder}: expected a folder of pictures, got none; name another")
        listings = [listing] if listing else _listings(folder)
        pictures = _listed(folder, listings) if listings else _scanned(folder)
        if not use_classes:
            pictures = [replace(picture, class_name=None) for picture in pictures]
        self._folder, self._pictures = folder, pictures
        self._splits = [_split(picture, split_by) for picture in pictures]
        self._class_ids = {
            key: number for number, key in enumerate(sorted(set(map(_class_key, pictures))), 1)
        }
        self._check()
        several = len({*zip(map(_class_key, pictures), self._splits, strict=True)})
        self.split_by: SplitBy = "picture" if several > len(self._class_ids) else "class"

    def __len__(self) -> int:
        return len(self._pictures)

    def __iter__(self) -> Iterator[Example | Fault]:
        """Yields the pictures in the order of the list, or of their names."""
        root = self._folder.resolve()
        for picture, split in zip(self._pictures, self._splits, strict=True):
            path = self._folder / picture.path
            try:
                captions = picture.captions
                if captions is None:
                    captions = read_captions(_inside(path.with_suffix(".txt"), root))
                elif not captions:
                    raise InputError("expected captions in the list, got empty ones")
                yield Example(
                    picture.name,
                    _inside(path, root),
                    captions,
                    self._class_ids[_class_key(picture)],
                    split,
                )
            except InputError as error:
                yield Fault(picture.name, str(error))

    def _check(self) -> None:
        if not self._pictures:
            raise InputError(
                f"{self._folder}: expected pictures ({', '.join(_ENDINGS)}), got none; "
                "name the folder that holds them"
            )
        names: set[str] = set()
        for picture in self._pictures:
            if picture.name in names:
                raise InputError(
                    f"{self._folder}: expected names that differ before the ending, "
                    f"got {picture.name!r} again; rename one"
                )
            names.add(picture.name)
        trained = {
            _class_key(picture)
            for picture, split in zip(self._pictures, self._splits, strict=True)
            if split == "train"
        }
        if len(trained) < 2:
            raise InputError(
                f"{self._folder}: expected at least 2 classes to train on, got {len(trained)} of "
                f"{len(self._class_ids)}; use --split-by picture or --no-classes, or give splits"
            )


def _listings(folder: Path) -> list[Path]:
    """Returns the list in the folder, or those in its folders of splits."""
    for parents in ([folder], [folder / name for name in SPLIT_NAMES]):
        found = [parent / name for parent in parents for name in _LISTINGS]
        found = [path for path in found if path.is_file()]
        if len({path.parent for path in found}) < len(found):
            raise InputError(
                f"{folder}: expected one list of captions in a folder, got "
                f"{', '.join(path.name for path in found)}; choose with --captions"
            )
        if found:
            return found
    return []


def _listed(folder: Path, listings: list[Path]) -> list[_Picture]:
    """Returns the pictures of the lists; several rows of a picture are several captions."""
    pictures: dict[str, _Picture] = {}
    captions: dict[str, list[str]] = {}
    for listing in listings:
        base: str | None = None
        for row in read_listing(listing):
            if base is None:
                base = _base(folder, listing, row.path)
            path = f"{base}{row.path}"
            split = row.split or _split_of_folder(path)
            known = pictures.setdefault(path, _Picture(path, None, row.class_name, split))
            if (known.class_name, known.split) != (row.class_name, split):
                raise InputError(
                    f"{listing}: expected one class and one split of each picture, "
                    f"got others of {path!r}; correct them"
                )
            captions.setdefault(path, []).extend(row.captions)
    return [replace(picture, captions=tuple(captions[path])) for path, picture in pictures.items()]


def _base(folder: Path, listing: Path, first: str) -> str:
    """Returns where the paths of a list start, below the folder, as a prefix."""
    beside = listing.parent
    within = beside.resolve().is_relative_to(folder.resolve())
    own = beside.resolve().relative_to(folder.resolve()) if within else Path()
    for base in (own, own / _IMAGES, Path(_IMAGES)):
        if (folder / base / first).is_file():
            return "" if base == Path() else f"{base.as_posix()}/"
    return "" if own == Path() else f"{own.as_posix()}/"


def _scanned(folder: Path) -> list[_Picture]:
    """Returns the pictures in and below the folder, in the order of their names."""
    found = sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.suffix.lower() in _ENDINGS and not _hidden(path.relative_to(folder))
    )
    return [
        _Picture(checked_path(str(folder), path), None, _class_folder(path), _split_of_folder(path))
        for path in found
    ]


def _hidden(path: Path) -> bool:
    return any(part.startswith((".", "__")) for part in path.parts)


def _folders(path: str) -> list[str]:
    """Returns the folders of a picture, `images` left out."""
    return [name for name in PurePosixPath(path).parent.parts if name.lower() != _IMAGES]


def _split_of_folder(path: str) -> str | None:
    return next(iter(SPLIT_NAMES.get(name.lower()) for name in _folders(path)), None)


def _class_folder(path: str) -> str | None:
    names = _folders(path)
    return next(iter(names[1:] if _split_of_folder(path) else names), None)


def _class_key(picture: _Picture) -> tuple[bool, str]:
    """Returns what tells its class from all others, of pictures or of classes."""
    if picture.class_name is None:
        return False, picture.name
    return True, picture.class_name


def _split(picture: _Picture, split_by: str) -> str:
    if picture.split is not None:
        return picture.split
    if split_by == "picture" or picture.class_name is None:
        return hashed_split(picture.name)
    return hashed_split(picture.class_name)


def _inside(path: Path, root: Path) -> Path:
    """Returns the path; raises InputError where a link leads out of the folder."""
    if not path.resolve().is_relative_to(root):
        raise InputError(f"expected a file in {root}, got a link out of it")
    return path
