"""Tar and zip archives from outside: read in passing, or unpacked so that nothing escapes."""

import os
from collections.abc import Generator, Iterable
from contextlib import ExitStack, closing
from gzip import GzipFile
from pathlib import Path

from prep.formats.archives.entries import Member, tar_members, zip_members
from prep.formats.archives.limits import Budget, Limits, reading
from t2i.errors import InputError
from t2i.files.disk import scratch
from t2i.progress import Progress, silent

_LIMITS = Limits()


def members(
    archive: Path, limits: Limits = _LIMITS, progress: Progress = silent, doing: str = "reading"
) -> Generator[Member, None, None]:
    """Yields the files in a .tar, .tgz or .zip, in their order, without unpacking anything.

    Which of the three it is, its content says. One that is read to the end is known to be
    whole, by the check sums that it has.

    Args:
        archive: the file.
        limits: when to stop.
        progress: of the archive's bytes.
        doing: what is done with it, in a word.

    Raises:
        InputError: it is no archive or a damaged one, goes beyond a limit, or holds a link, a
            device, or a name that leads out of the folder.
    """
    if not archive.is_file():
        raise InputError(f"{archive}: expected an archive, got no such file; check the path")
    budget = Budget(archive, limits)
    with reading(archive), archive.open("rb") as file:
        magic = file.read(2)
        file.seek(0)
        if magic == b"PK":
            found = zip_members(file, budget)
        elif magic == b"\x1f\x8b":
            found = tar_members(GzipFile(fileobj=file), budget)
        else:
            found = tar_members(file, budget)
        size = archive.stat().st_size
        with closing(found):
            for member in found:
                yield member
                for _ in member.chunks:
                    pass
                progress(f"{doing} {archive.name}", file.tell(), size)


def extract(
    archive: Path,
    folder: Path,
    limits: Limits = _LIMITS,
    progress: Progress = silent,
    doing: str = "unpacking",
) -> tuple[Path, ...]:
    """Returns the files and folders that were unpacked to the top of `folder`.

    They appear when all are whole; when anything fails, none does. Files get the rights that
    new files get here, whatever the archive says.

    Args:
        archive: as of `members`, and so are `limits`, `progress` and `doing`.
        folder: is made where it is not there.

    Raises:
        InputError: as by `members`; or one of the names is taken, or the folder can't be
            written to.
    """
    with ExitStack() as stack:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            unfinished = stack.enter_context(scratch(folder, ".unpacking."))
        except OSError as error:
            raise InputError(
                f"{folder}: expected a folder that can be written to, got {error.strerror}; "
                "choose another"
            ) from error
        try:
            return _unpacked(archive, folder, unfinished, members(archive, limits, progress, doing))
        except OSError as error:
            raise InputError(
                f"{archive}: expected to be unpacked to {folder}, got {error.strerror}; "
                "make room there, or fetch the archive again"
            ) from error


def _unpacked(
    archive: Path, folder: Path, unfinished: Path, found: Iterable[Member]
) -> tuple[Path, ...]:
    tops = set[str]()
    for member in found:
        top = member.name.partition("/")[0]
        if top not in tops and os.path.lexists(folder / top):
            raise InputError(
                f"{folder / top}: expected nothing there yet, got something; "
                f"move it away to unpack {archive.name}"
            )
        tops.add(top)
        path = unfinished / member.name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.writelines(member.chunks)
    return tuple((unfinished / top).rename(folder / top) for top in sorted(tops))
