"""A published file from the first mirror that gives it, known by its SHA-256 or its content."""

import re
from pathlib import Path
from urllib.parse import urlsplit

from prep.fetching.downloads import MirrorError, download
from prep.fetching.published import Published
from prep.formats.archives.unpacking import extract, members
from t2i.errors import InputError
from t2i.files.disk import sha256
from t2i.progress import Progress, silent

# What is being done, how many bytes are, and of how many where that is known.

_CAPTION_FILE = re.compile(r"(?:.*/)?text_c10/[^/]+/[^/.][^/]*\.txt")


def fetch(file: Published, folder: Path, progress: Progress = silent) -> Path:
    """Returns the path of the file in `folder`, checked; what is not there is fetched first.

    On its way it is called `NAME.part`, and the next call resumes it.

    Args:
        file: what to fetch.
        folder: is made where it is not there.
        progress: of the bytes, a work for each file and what is done with it.

    Raises:
        InputError: no mirror gives it, or what is there under its name is something else.
    """
    path = folder / file.name
    if path.exists():
        fault = _fault(file, path, progress)
        if fault:
            raise InputError(f"{path}: expected {fault}; remove it to fetch it again")
        return path
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{folder}: expected a folder that can be written to, got {error.strerror}; "
            "choose another"
        ) from error
    part = path.with_name(f"{path.name}.part")
    failures = []
    for url in file.urls:
        try:
            _fetch_from(url, file, part, progress)
        except MirrorError as error:
            failures.append(f"{urlsplit(url).hostname}: {error}")
        else:
            return part.replace(path)
    raise InputError(
        f"{path}: expected it from a mirror, got {', '.join(failures)}; run this again to resume, "
        f"or fetch it by hand from {file.page} and put it there"
    )


def unpack(archive: Path, progress: Progress = silent) -> tuple[Path, ...]:
    """Returns the files and folders that were unpacked beside the archive, as `extract` does."""
    return extract(archive, archive.parent, progress=progress, doing="unpacking")


def _fetch_from(url: str, file: Published, part: Path, progress: Progress) -> None:
    """Leaves the whole file in `part`, and nothing of a wrong one."""
    while True:
        resumed = part.exists()
        download(url, part, file.size, f"fetching {file.name}", progress)
        fault = _fault(file, part, progress)
        if not fault:
            return
        part.unlink()
        # Else what an earlier attempt left, or another mirror, may be what is wrong.
        if not resumed:
            raise MirrorError(f"expected {fault}")


def _fault(file: Published, path: Path, progress: Progress) -> str | None:
    """Returns what was expected of the file at `path` and what was got, when they differ."""
    if file.sha256:
        got = sha256(path)
        return None if got == file.sha256 else f"SHA-256 {file.sha256}, got {got}"
    expected = f"an archive with {file.captions:,} caption files in text_c10"
    try:
        inside = members(path, progress=progress, doing="checking")
        captions = sum(bool(_CAPTION_FILE.fullmatch(member.name)) for member in inside)
    except InputError:
        return f"{expected}, got something else or a damaged one"
    return None if captions >= file.captions else f"{expected}, got {captions:,}"
