"""Writing files so that a reader never sees half of one, and refusing those too large to read."""

import errno
import fcntl
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from t2i.errors import InputError

# What the library's public doors take for a path.
AnyPath = os.PathLike[str] | str
# A full disk, a spent quota, a file larger than the system lets one be.
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def require_at_most(path: Path, size: int, advice: str) -> None:
    """Raises InputError, ending in the advice, when the file holds more than `size` bytes."""
    found = path.stat().st_size
    if found > size:
        raise InputError(f"{path}: expected at most {size} bytes, got {found}; {advice}")


def require_apart(out: Path, *inputs: Path | None) -> None:
    """Raises InputError where an output is one of the inputs, also by a link."""
    for given in inputs:
        if given is not None and out.exists() and given.exists() and out.samefile(given):
            raise InputError(
                f"{out}: expected another file than what is read, got {given} itself; "
                "choose another output"
            )


def require_kind(out: Path, is_kind: Callable[[Path], bool], kind: str) -> None:
    """Raises InputError where an output is there, and holds something of another kind.

    Args:
        out: what will be replaced; an empty file is nothing.
        is_kind: whether a file is what will be written in its place.
        kind: in words.
    """
    if out.is_file() and out.stat().st_size and not is_kind(out):
        raise InputError(
            f"{out}: expected {kind} to replace, or nothing there, got another file; "
            "move it away, or choose another output"
        )


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yields a name beside `path` to write to; renames it to `path` when the block ends well.

    The temporary name keeps the suffix of `path`, which some writers insist on. When the
    block raises, whatever was written is removed and the old `path` stays as it was. It may
    also be a folder, to take the place of none or of an empty one.

    Raises:
        InputError: the folder of `path` can't be made or written to, or there is no room.
    """
    # What a link points to is replaced, beside itself; the link stays.
    path = Path(path) if not Path(path).is_symlink() else Path(path).resolve()
    with ExitStack() as stack:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            folder = stack.enter_context(scratch(path.parent, f".{path.name}.", path.name))
        except OSError as error:
            # That a file can't be made in a folder that is there has the same name as no folder.
            there = error.errno == errno.ENOENT and path.parent.is_dir()
            reason = "a folder where no file can be made" if there else error.strerror
            if isinstance(error, FileExistsError | NotADirectoryError):
                reason = "a file where its folder should be"
            raise InputError(
                f"{path}: expected a place that can be written, got {reason}; choose another output"
            ) from error
        try:
            unfinished = folder / path.name
            yield unfinished
            if unfinished.is_file():
                with unfinished.open("rb") as written:
                    os.fsync(written.fileno())
            unfinished.replace(path)
        except OSError as error:
            if error.errno in FULL:
                raise InputError(
                    f"{path}: expected room for the file, got {os.strerror(error.errno)}; "
                    "free some or choose another output"
                ) from error
            raise


@contextmanager
def scratch(parent: Path, prefix: str, alone: str | None = None) -> Iterator[Path]:
    """Yields a new folder, which is gone when the block ends; so are those of dead processes.

    Args:
        parent: where it is made.
        prefix: of its name; others of this prefix, whose process has died, are removed.
        alone: the one name in it, where there is no other; a folder that holds more is nobody's
            that died.

    Raises:
        OSError: it can't be made.
    """
    _sweep(parent, prefix, alone)
    folder, lock = _locked(parent, prefix)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _locked(parent: Path, prefix: str) -> tuple[Path, int]:
    """Returns a new folder and the open file that locks it, while the process lives."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        lock = os.open(folder, os.O_RDONLY)
        # Where there are no locks, nothing is swept either.
        with suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX)
        # Another process may have swept it before it was locked.
        if folder.is_dir():
            return folder, lock
        os.close(lock)


def _sweep(parent: Path, prefix: str, alone: str | None) -> None:
    """Removes the folders of a prefix that no living process has locked."""
    ours = re.compile(re.escape(prefix) + "[a-z0-9_]{8}")
    for folder in [path for path in parent.iterdir() if ours.fullmatch(path.name)]:
        with suppress(OSError):
            if folder.is_symlink() or (alone and {p.name for p in folder.iterdir()} - {alone}):
                continue
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)
            finally:
                os.close(lock)


@contextmanager
def reserved(folder: Path, in_use: str, advice: str) -> Iterator[None]:
    """Makes a folder, and keeps it from other processes that ask the same while the block runs.

    Args:
        folder: where; the lock dies with the process.
        in_use: what was expected and what to do when another has it.
        advice: what to do when the folder can't be written.

    Raises:
        InputError: another process has it, or it can't be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("w")
    except OSError as error:
        raise InputError(
            f"{folder}: expected a folder that can be written, got {error.strerror}; {advice}"
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InputError(f"{folder}: {in_use}") from error
        except OSError as error:
            raise InputError(
                f"{folder}: expected a file system that can lock files, got {error.strerror}; "
                f"{advice}, on another disk"
            ) from error
        yield


def sha256(path: Path) -> str:
    """Returns the SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
