"""One's own pictures, as a folder or the lists in it have them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from unicodedata import normalize

from prep.building.examples import REREAD, UNFOLLOWED, UNLISTED, UNPICTURED, Fault, Note
from prep.formats.folders import Files, is_picture
from prep.formats.listings import Listing, read_listing
from prep.formats.rows import BadRow, Row, checked_path
from prep.formats.split_names import split_of_name
from t2i.errors import InputError
from t2i.files.text import joined

_TEXT, _IMAGES = ".txt", "images"
# Of an output in the folder itself.
_REPORT = ".report.txt"
# Rows by which is found where the paths of a list start.
_LOOKED_UP = 20
# Lists that are found by their names, without and with their endings.
_STEMS = ("metadata", "captions")
_ENDINGS = (".jsonl", ".ndjson", ".json", ".csv", ".tsv")
_NAMES = ("captions.txt", "results.csv", "flickr8k.token.txt", "results_20130124.token")


@dataclass(frozen=True)
class Picture:
    """A picture as the folder has it.

    Attributes:
        path: relative to the folder; it may be missing.
        captions: of the list, or None where they are in `texts`.
        texts: files of captions beside the picture.
        class_name: of the list, or None.
        split: of the list, or None.
        remark: what was left out of the captions of the list, or None.
    """

    path: str
    captions: tuple[str, ...] | None
    texts: tuple[str, ...] = ()
    class_name: str | None = None
    split: str | None = None
    remark: str | None = None

    @property
    def name(self) -> str:
        """The path without its ending."""
        return str(PurePosixPath(self.path).with_suffix(""))


@dataclass(frozen=True)
class Found:
    """What is in a folder.

    Attributes:
        pictures: in order.
        faults: pictures, or rows of lists, that can't be used.
        notes: what should be known beside.
    """

    pictures: list[Picture]
    faults: list[Fault]
    notes: list[Note]


def listings_among(paths: Iterable[str]) -> list[str]:
    """Returns the files that are lists by their names."""
    paths = list(paths)
    pictures = {_stem(path) for path in paths if is_picture(path)}
    return [path for path in paths if _is_listing(path) and _stem(path) not in pictures]


def _is_listing(path: str) -> bool:
    name = PurePosixPath(path).name.lower()
    stem, dot, ending = name.rpartition(".")
    of_coco = stem.startswith("captions_") and ending == "json"
    return name in _NAMES or of_coco or (stem in _STEMS and f"{dot}{ending}" in _ENDINGS)


def scanned(files: Files) -> Found:
    """Returns the pictures with the texts beside them: `x.txt`, or `x.jpg.txt`, in any case."""
    texts: dict[str, list[str]] = {}
    for path in files.paths:
        if path.lower().endswith(_TEXT):
            texts.setdefault(_key(path[: -len(_TEXT)]), []).append(path)
    found = Found([], [], _unfollowed(files))
    used: set[str] = set()
    for path in filter(is_picture, files.paths):
        own = (*texts.get(_key(_stem(path)), ()), *texts.get(_key(path), ()))
        used.update(own)
        try:
            found.pictures.append(Picture(checked_path(path), None, own))
        except InputError as error:
            found.faults.append(Fault(path, str(error)))
    for path in sorted({text for own in texts.values() for text in own} - used):
        if path.endswith(_REPORT):
            continue
        reason = "expected a picture to these captions, got none"
        found.notes.append(Note(path, reason, UNPICTURED))
    return found


def listed(folder: Path, files: Files, listings: Sequence[Path]) -> Found:
    """Returns the pictures of the lists; several rows of a picture are several captions.

    Args:
        folder: what paths are relative to.
        files: below it.
        listings: the lists.

    Raises:
        InputError: a list can't be read.
    """
    found = Found([], [], _unfollowed(files))
    rows_of: dict[str, list[Row]] = {}
    for file in listings:
        listing = read_listing(file)
        if listing.remark:
            found.notes.append(Note(file.name, listing.remark, REREAD))
        for picture, row in _below(folder, file, listing, files):
            if isinstance(row, BadRow) and not row.pictured:
                found.notes.append(Note(row.name, row.reason, UNPICTURED))
            elif isinstance(row, BadRow):
                found.faults.append(Fault(picture, row.reason))
            else:
                rows_of.setdefault(picture, []).append(row)
    for path, rows in rows_of.items():
        if len({(row.class_name, row.split) for row in rows}) > 1:
            reason = "expected one class and one split of each picture, got others; correct them"
            found.faults.append(Fault(path, reason))
            continue
        captions = tuple(caption for row in rows for caption in row.captions)
        remark = joined(*(row.remark for row in rows))
        own = Picture(path, captions, (), rows[0].class_name, rows[0].split, remark)
        found.pictures.append(own)
    where = ", ".join(file.name for file in listings)
    named = {*rows_of, *(fault.name for fault in found.faults)}
    for path in filter(is_picture, files.paths):
        if path not in named:
            found.notes.append(Note(path, f"expected it in {where}, got no line of it", UNLISTED))
    return found


def _below(
    folder: Path, path: Path, listing: Listing, files: Files
) -> Iterator[tuple[str, Row | BadRow]]:
    """Yields the path of each row's picture below the folder, and the row with its split."""
    exact, on_disk = set(files.paths), {_key(name): name for name in files.paths}
    rows = [row for row in listing.rows if isinstance(row, Row)]
    base = _base(folder, path, rows, on_disk)
    # `captions_train2017.json`, `test.csv`; a folder says more than the name of its list.
    split = split_of_name(path.stem.removeprefix("captions_"))
    for row in listing.rows:
        if isinstance(row, BadRow):
            picture = f"{base}{row.name}"
            yield picture if picture in exact else on_disk.get(_key(picture), row.name), row
            continue
        picture = f"{base}{row.path}"
        spelled = picture if picture in exact else on_disk.get(_key(picture), picture)
        above = PurePosixPath(spelled).parent.parts
        named = None if any(map(split_of_name, above)) else split
        yield spelled, replace(row, split=row.split or named)


def _base(folder: Path, listing: Path, rows: Sequence[Row], on_disk: Mapping[str, str]) -> str:
    """Returns where the paths of a list start, below the folder, as a prefix.

    Where the list is, or at a folder `images`; else where alone pictures of such paths are.
    """
    beside = listing.parent.resolve()
    within = beside.is_relative_to(folder.resolve())
    own = beside.relative_to(folder.resolve()) if within else Path()
    wanted = [_key(row.path) for row in rows[:_LOOKED_UP]]
    usual = [_prefix(base) for base in (own, own / _IMAGES, Path(_IMAGES), Path())]
    for base in usual:
        if any(f"{_key(base)}{path}" in on_disk for path in wanted):
            return base
    others = Counter(
        name.removesuffix(path)
        for path in wanted
        for key, name in on_disk.items()
        if key.endswith(f"/{path}")
    ).most_common(2)
    if others and (len(others) == 1 or others[0][1] > others[1][1]):
        return others[0][0]
    return usual[0]


def _prefix(base: Path) -> str:
    return "" if base == Path() else f"{base.as_posix()}/"


def _unfollowed(files: Files) -> list[Note]:
    reason = "expected a folder that is read once, got a link to one that is, or that it lies in"
    return [Note(path, reason, UNFOLLOWED) for path in files.unfollowed]


def _stem(path: str) -> str:
    return str(PurePosixPath(path).with_suffix(""))


def _key(path: str) -> str:
    """Returns a path so that letters that look alike, however they are spelled, are alike."""
    return normalize("NFC", path)
