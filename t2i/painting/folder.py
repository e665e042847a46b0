"""A folder of single pictures that says which file is of which sentence.

metadata.jsonl holds {"file_name": ..., "text": ...} a line, as Hugging Face's imagefolder reads it;
captions.txt a sentence a line, for people.
"""

import json
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from t2i.errors import InputError
from t2i.files.disk import AnyPath, replacing
from t2i.images.pixels import made_here

METADATA = "metadata.jsonl"
CAPTIONS = "captions.txt"
_MAX_BYTES = 1 << 28
# What `t2i evaluate` leaves in a folder that it measured.
_MEASURED = ("evaluation", "evaluation.json", "evaluation.html")


class Captioned(NamedTuple):
    """A picture's file, and its sentence."""

    path: Path
    text: str


def write_folder(
    out: AnyPath, sentences: Sequence[str], pictures: Iterable[Iterable[bytes]]
) -> None:
    """Writes pictures, several of each sentence, whole or not at all, over what it wrote before.

    Args:
        out: the folder.
        sentences: in the order of the pictures.
        pictures: of each sentence, PNG files of `recipe.inscribed_png`.

    Raises:
        InputError: as `require_replaceable`, or the folder can't be written.
    """
    out = Path(out)
    require_replaceable(out)
    digits = len(str(len(sentences)))
    with replacing(out) as unfinished:
        unfinished.mkdir()
        lines = []
        for number, (text, own) in enumerate(zip(sentences, pictures, strict=True), start=1):
            for index, picture in enumerate(own):
                name = f"{number:0{digits}d}_{index:04d}.png"
                (unfinished / name).write_bytes(picture)
                lines.append(json.dumps({"file_name": name, "text": text}))
        (unfinished / METADATA).write_text("\n".join(lines) + "\n", encoding="utf-8")
        plain = "".join(f"{' '.join(text.split())}\n" for text in sentences)
        (unfinished / CAPTIONS).write_text(plain, encoding="utf-8", errors="replace")
        require_replaceable(out)
        if out.exists():
            # Out of the way in one move: it goes with the folder that this one was made in.
            shutil.move(out.resolve(), unfinished.parent / "before")


def require_replaceable(out: Path) -> None:
    """Raises InputError where what is there is neither nothing nor a folder of `write_folder`."""
    if not out.exists():
        return
    if not out.is_dir():
        raise InputError(f"{out}: expected a folder for the pictures, got a file; choose another")
    there = sorted(path.name for path in out.iterdir())
    if not there:
        return
    named = {*_MEASURED, METADATA, CAPTIONS, *_pictures_of_ours(out)}
    foreign = [name for name in there if name not in named and not name.startswith(".")]
    if METADATA not in there or foreign:
        shown = ", ".join((foreign or there)[:3])
        raise InputError(
            f"{out}: expected no folder, or one of pictures of t2i generate alone, got {shown} "
            "there; choose another --out"
        )


def read_folder(folder: Path) -> list[Captioned]:
    """Returns the pictures that a folder's metadata.jsonl names, by name.

    The file may come from anybody: a name that leads out of the folder is refused.

    Raises:
        InputError: the file can't be read, or does not say a picture and its text in each line.
    """
    path = folder / METADATA
    expected = f'{path}: expected lines of {{"file_name": ..., "text": ...}}'
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise InputError(f"{expected}, got more than {_MAX_BYTES} bytes; is it right?")
        # Not `splitlines`, which takes more for the end of a line than JSON lines do.
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{expected}, got a file that can't be read; make it again") from error
    found = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            name, text = _of_line(line)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise InputError(f"{expected}, got another in line {number}; correct it") from error
        found.append(Captioned(folder / name, text))
    return sorted(found)


def _of_line(line: str) -> tuple[str, str]:
    content = json.loads(line)
    name, text = content["file_name"], content["text"]
    if not isinstance(name, str) or not isinstance(text, str):
        raise TypeError("no texts")
    if not name or name != Path(name).name or "\0" in name:
        raise ValueError("no name in the folder")
    return name, text


def _pictures_of_ours(folder: Path) -> set[str]:
    """Returns the names of the pictures that were painted here and that its metadata name."""
    if not (folder / METADATA).is_file():
        return set()
    return {captioned.path.name for captioned in read_folder(folder) if made_here(captioned.path)}
