"""The files below a folder of one's own, its links followed."""

import os
from dataclasses import dataclass
from pathlib import Path

# Of formats that are read, and of those that hold pictures all the same.
PICTURES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"),
    *(".ppm", ".pgm", ".pbm", ".pnm"),
)
OTHER_PICTURES = (
    *(".heic", ".heif", ".avif", ".jp2", ".j2k", ".jxl", ".tga", ".ico", ".pcx", ".svg"),
    *(".psd", ".eps", ".exr", ".hdr", ".dds"),
    *(".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf", ".pef", ".srw"),
)


@dataclass(frozen=True)
class Files:
    """What is below a folder.

    Attributes:
        paths: of the files, relative, with /, in order; a name that is no text has surrogates.
        unfollowed: links to folders that are not followed, relative.
    """

    paths: list[str]
    unfollowed: list[str]


def is_picture(path: str) -> bool:
    """Returns whether a file's name is one of a picture, of whatever format."""
    return path.lower().endswith((*PICTURES, *OTHER_PICTURES))


def files_below(folder: Path) -> Files:
    """Returns the files in and below a folder, hidden ones left out.

    Links to folders are followed, each folder once and none that the folder itself lies in:
    archives that this package unpacks hold no links, so they are the user's own.
    """
    above = set(folder.resolve().parents)
    seen: set[Path] = set()
    paths: list[str] = []
    unfollowed: list[str] = []
    starts = [folder]
    # Links after all that lies in the folder itself, so that a folder has its own name.
    for start in starts:
        for place, folders, files in os.walk(start):
            here = Path(place)
            below, real = here.relative_to(folder), here.resolve()
            if real in seen or real in above:
                folders.clear()
                unfollowed.append(below.as_posix())
                continue
            seen.add(real)
            folders[:] = sorted(name for name in folders if not _is_hidden(name))
            starts += [here / name for name in folders if (here / name).is_symlink()]
            paths += [(below / name).as_posix() for name in files if not _is_hidden(name)]
    return Files(sorted(paths), unfollowed)


def _is_hidden(name: str) -> bool:
    # The other is what macOS puts into archives.
    return name.startswith(".") or name == "__MACOSX"
