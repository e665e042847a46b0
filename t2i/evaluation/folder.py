"""Pictures that lie in a folder, named with their captions as `t2i generate` names its own."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from t2i.errors import InputError
from t2i.evaluation.pictures import fingerprint_of
from t2i.images.pixels import Pixels
from t2i.painting.folder import METADATA, read_folder

_MAX_BYTES = 1 << 26


@dataclass(frozen=True, eq=False)
class PictureFolder:
    """Pictures of a folder of `t2i generate`, or of anything that names them so.

    Attributes:
        paths: of the pictures, in order.
        captions: one for each.
        size: side of the pictures, pixels.
    """

    paths: list[Path]
    captions: list[str]
    size: int

    @cached_property
    def fingerprint(self) -> str:
        """Of all bytes."""
        digest = hashlib.sha256()
        for path in self.paths:
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        return fingerprint_of("folder", digest.hexdigest(), self.captions)

    def __len__(self) -> int:
        return len(self.paths)

    def at(self, rows: npt.NDArray[np.int64]) -> Pixels:
        """Returns uint8 [n, size, size, C].

        Raises:
            InputError: a picture can't be read, or is of another size.
        """
        return np.stack([_read(self.paths[row], self.size) for row in rows.tolist()])


def open_folder(folder: Path) -> PictureFolder:
    """Returns the pictures that a folder's metadata.jsonl names.

    Without one, its pictures NUMBER_anything.png; NUMBER is a line of captions.txt.

    Raises:
        InputError: there are none, or a name or a line is missing.
    """
    if (folder / METADATA).is_file():
        return _described(folder)
    paths = sorted(path for path in folder.iterdir() if path.suffix == ".png")
    listed = folder / "captions.txt"
    if not paths or not listed.is_file():
        raise InputError(
            f"{folder}: expected a run, or pictures and their metadata.jsonl, got "
            f"{len(paths)} pictures{'' if listed.is_file() else ' and no metadata.jsonl'}; "
            "make them with `t2i generate --out FOLDER`"
        )
    lines = listed.read_text(encoding="utf-8", errors="replace").split("\n")
    if not lines[-1]:
        lines.pop()
    captions = []
    for path in paths:
        number = path.stem.partition("_")[0]
        if not number.isdecimal() or not 1 <= int(number) <= len(lines):
            raise InputError(
                f"{path}: expected a name that begins with a line of {listed} from 1 to "
                f"{len(lines)}, got {path.name!r}; name it as `t2i generate` does"
            )
        captions.append(lines[int(number) - 1])
    return PictureFolder(paths, captions, _read(paths[0], None).shape[0])


def _described(folder: Path) -> PictureFolder:
    captioned = read_folder(folder)
    missing = [picture.path.name for picture in captioned if not picture.path.is_file()]
    named = {picture.path.name for picture in captioned}
    more = [path.name for path in sorted(folder.glob("*.png")) if path.name not in named]
    if not captioned or missing or more:
        got = f"no {missing[0]}" if missing else f"{more[0]} beside them" if more else "none"
        raise InputError(
            f"{folder}: expected the pictures that its {METADATA} names, got {got}; "
            "make them with `t2i generate --out FOLDER`"
        )
    paths = [picture.path for picture in captioned]
    return PictureFolder(
        paths, [picture.text for picture in captioned], _read(paths[0], None).shape[0]
    )


def _read(path: Path, size: int | None) -> Pixels:
    """Returns uint8 [size, size, 3]; any square when the size is None."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise InputError(f"{path}: expected at most {_MAX_BYTES} bytes, got more; is it right?")
        with Image.open(path, formats=("PNG",)) as picture:
            wanted = (size, size) if size else (min(picture.size),) * 2
            if picture.size != wanted or max(wanted) > 1024:
                raise InputError(
                    f"{path}: expected {wanted[0]} x {wanted[1]} pixels, got "
                    f"{picture.width} x {picture.height}; make all pictures squares of one size"
                )
            return np.asarray(picture.convert("RGB"))
    except (OSError, SyntaxError, ValueError, UnidentifiedImageError) as error:
        raise InputError(f"{path}: expected a PNG, got one that can't be read") from error
