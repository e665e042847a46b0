"""A folder of one's own pictures, captions beside them or in lists -> captioned pictures."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from prep.building.examples import Example, Fault, Note
from prep.building.splits import hashed_split
from prep.formats.caption_files import read_captions
from prep.formats.folders import PICTURES, Files, files_below
from prep.formats.split_names import split_of_name
from prep.sources.pictures import Picture, listed, listings_among, scanned
from prep.sources.places import places
from t2i.errors import InputError
from t2i.files.text import Sentences
from t2i.pairs.reading import SplitBy
from t2i.pairs.structure import SPLITS

_NONE: Mapping[str, str] = MappingProxyType({})
# What is brought by people, and what makes a folder of it.
_PACKED = {
    (".tar", ".tgz", ".tar.gz"): (
        "shards of webdataset, or another archive",
        "unpack each, `tar -xf SHARD -C FOLDER`: pictures then have their .txt beside them",
    ),
    (".zip",): ("an archive", "unpack it"),
    (".parquet", ".arrow"): (
        "tables of pictures",
        "save them as files with a metadata.jsonl, as Hugging Face's imagefolder has them",
    ),
}


class Folder:
    """Pictures with a `.txt` beside each, or with lists; the folder is gone through when made.

    A folder called train, val or test, or a column `split`, says the split; otherwise it comes
    from a hash of the class, or of the name where there are no classes, and stays the same
    whatever else is in the folder. Without a list, folders below are the classes.

    Attributes:
        split_by: `picture` where a class is in several splits.
    """

    def __init__(
        self,
        folder: Path,
        listings: Sequence[Path] = (),
        use_classes: bool | None = None,
        split_by: SplitBy = "class",
        meant: Mapping[str, str] = _NONE,
    ) -> None:
        """Reads the lists, or the names of the files.

        Args:
            folder: where the pictures are, or its folder `images`.
            listings: in whatever form `prep.formats.listings` reads; where none is given, those
                are taken that `prep.sources.pictures.listings_among` finds.
            use_classes: False makes every picture its own class; None asks back where it is
                doubtful whether folders are classes.
            split_by: what is hashed; `picture` puts classes into several splits.
            meant: what a folder of some name is, `class` or a split, where its name does not tell.

        Raises:
            InputError: there are no pictures, a list can't be read, a folder may be a split or
                a class, or too few classes are left to train on.
        """
        if not folder.is_dir():
            raise _no_folder(folder)
        files = files_below(folder)
        listings = listings or _listings(folder, files)
        found = listed(folder, files, listings) if listings else scanned(files)
        self._folder = folder
        self._faults, self._notes = list(found.faults), found.notes
        pictures = self._of_their_own_names(found.pictures)
        if not pictures and not self._faults:
            raise _no_pictures(folder, files)
        self._pictures = self._placed(pictures, meant, use_classes, bool(listings))
        self._given = any(picture.split for picture in self._pictures)
        self._splits = [_split(picture, split_by) for picture in self._pictures]
        keys = [_class_key(picture) for picture in self._pictures]
        self._class_ids = {key: number for number, key in enumerate(sorted(set(keys)), 1)}
        self._require_classes(keys)
        several = len({*zip(keys, self._splits, strict=True)}) > len(self._class_ids)
        self.split_by: SplitBy = "picture" if several else "class"

    def __len__(self) -> int:
        return len(self._pictures) + len(self._faults)

    def __iter__(self) -> Iterator[Example | Fault | Note]:
        """Yields the pictures in the order of the lists, or of their names; then what is left."""
        for picture, split in zip(self._pictures, self._splits, strict=True):
            try:
                captions = self._captions(picture)
                yield Example(
                    picture.name,
                    self._folder / picture.path,
                    captions.texts,
                    self._class_ids[_class_key(picture)],
                    split,
                    remark=captions.remark,
                )
            except InputError as error:
                yield Fault(picture.name, str(error))
        yield from self._faults
        yield from self._notes

    def _captions(self, picture: Picture) -> Sentences:
        if picture.captions is not None:
            if not picture.captions:
                raise InputError(picture.remark or "expected captions in the list, got empty ones")
            return Sentences(picture.captions, picture.remark)
        if len(picture.texts) > 1:
            raise InputError(f"expected one file of captions, got {', '.join(picture.texts)}")
        file = self._folder / (picture.texts[0] if picture.texts else f"{picture.name}.txt")
        # A link may lead anywhere, but to captions.
        if file.is_symlink() and file.resolve().suffix.lower() != ".txt":
            raise InputError(f"expected a link to a .txt, got one to {file.resolve().name}")
        return read_captions(file)

    def _of_their_own_names(self, pictures: Sequence[Picture]) -> list[Picture]:
        """Returns the pictures whose names differ before the ending; the others are faults."""
        first: dict[str, Picture] = {}
        for picture in pictures:
            known = first.setdefault(picture.name, picture)
            if known is not picture:
                reason = f"expected a name that differs before the ending, got that of {known.path}"
                self._faults.append(Fault(picture.path, f"{reason}; rename one"))
        return list(first.values())

    def _placed(
        self,
        pictures: Sequence[Picture],
        meant: Mapping[str, str],
        use_classes: bool | None,
        listed: bool,
    ) -> list[Picture]:
        """Returns the pictures with the splits and classes that folders say and no list does."""
        open_ones = [picture.path for picture in pictures if not picture.split]
        said = places(self._folder, open_ones, meant, use_classes, only_splits=listed)
        placed = []
        for picture in pictures:
            place = said.get(picture.path)
            class_name = picture.class_name if listed or not place else place.class_name
            placed.append(
                replace(
                    picture,
                    split=picture.split or (place and place.split),
                    class_name=None if use_classes is False else class_name,
                )
            )
        return placed

    def _require_classes(self, keys: Sequence[tuple[bool, str]]) -> None:
        splits = zip(keys, self._splits, strict=True)
        trained = {key for key, split in splits if split == "train"}
        if keys and len(trained) < 2:
            way = "--no-classes" if self._given else "--split-by picture or --no-classes"
            raise InputError(
                f"{self._folder}: expected at least 2 classes to train on, got {len(trained)} of "
                f"{len(self._class_ids)}; use {way}, or give splits that put more into train"
            )


def _listings(folder: Path, files: Files) -> list[Path]:
    """Returns the lists in the folder; raises InputError where it is not plain which counts."""
    found = [folder / path for path in sorted(listings_among(files.paths), key=_rank)]
    alone = [path for path in found if not path.name.lower().startswith("captions_")]
    if len({path.parent for path in alone}) < len(alone):
        raise InputError(
            f"{folder}: expected one list of captions in a folder, got "
            f"{', '.join(path.name for path in alone)}; choose with --captions"
        )
    return found


def _rank(path: str) -> tuple[int, str]:
    """Returns what puts lists in the order of their splits."""
    splits = [split_of_name(name) for name in path.split("/")[:-1]]
    return next((SPLITS.index(split) for split in splits if split), len(SPLITS)), path


def _no_folder(folder: Path) -> InputError:
    kind, way = _packed([folder.name]) if folder.is_file() else ("none", "name another")
    return InputError(f"{folder}: expected a folder of pictures, got {kind}; {way}")


def _no_pictures(folder: Path, files: Files) -> InputError:
    kind, way = _packed(files.paths)
    return InputError(f"{folder}: expected pictures ({', '.join(PICTURES)}), got {kind}; {way}")


def _packed(names: Sequence[str]) -> tuple[str, str]:
    """Returns what there is in place of pictures, and the way from it to them."""
    for endings, said in _PACKED.items():
        if any(name.lower().endswith(endings) for name in names):
            return said
    return "none", "name the folder that holds them"


def _class_key(picture: Picture) -> tuple[bool, str]:
    """Returns what tells its class from all others, of pictures or of classes."""
    if picture.class_name is None:
        return False, picture.name
    return True, picture.class_name


def _split(picture: Picture, split_by: str) -> str:
    if picture.split is not None:
        return picture.split
    if split_by == "picture" or picture.class_name is None:
        return hashed_split(picture.name)
    return hashed_split(picture.class_name)
