"""Weights out of `.keras` files that may come from anybody.

The network is built by us from a checked configuration; the one that Keras wrote into the file
is never read, and only numbers are taken from it: no code runs.
"""

import hashlib
import json
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from t2i.errors import InputError
from t2i.files.disk import require_kind

WEIGHTS = "model.weights.h5"

_UNREADABLE = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    RuntimeError,
    UserWarning,
    zipfile.BadZipFile,
)


def member(path: Path, archive: zipfile.ZipFile, name: str, bound: int) -> zipfile.ZipInfo:
    """Returns the one member of that name, which no more than `bound` bytes unpack to.

    Raises:
        InputError: there is none, there are two, it is packed, or it is too large.
    """
    found = [info for info in archive.infolist() if info.filename == name]
    if len(found) != 1:
        raise InputError(f"{path}: expected one {name} inside, got {len(found)}; make it again")
    info = found[0]
    # As Keras writes them. What is not packed can't unpack to more than the file holds.
    if info.compress_type != zipfile.ZIP_STORED or info.file_size > bound:
        raise InputError(
            f"{path}: expected {name} unpacked and of at most {bound} bytes, "
            f"got {info.file_size}; make it again"
        )
    return info


def described(path: Path, name: str, bound: int) -> Any:
    """Returns what a JSON member of a `.keras` file says; anybody may have written it.

    Raises:
        InputError: as `member`.
        ValueError: the file is no archive, or the member no JSON.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return json.loads(archive.read(member(path, archive, name, bound)))
    except (zipfile.BadZipFile, NotImplementedError, OSError, RecursionError) as error:
        raise ValueError(str(error)) from error


def require_encoder(path: Path) -> None:
    """Raises InputError when there is no text encoder; cheap, so asked before Keras is imported."""
    if not path.is_file():
        raise InputError(
            f"{path}: expected an encoder, got nothing there; "
            "make one with `t2i-prep train-encoder`"
        )


def holds(path: Path, name: str) -> bool:
    """Returns whether a file is an archive with a member of that name."""
    try:
        with zipfile.ZipFile(path) as archive:
            return name in archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return False


def require_output(out: Path, description: str, kind: str) -> None:
    """Raises InputError where a `.keras` file is not to be written; cheap.

    Args:
        out: where; a file of another kind that is there is not replaced.
        description: the member by which the kind is told.
        kind: in words.
    """
    if out.suffix != ".keras":
        raise InputError(f"{out}: expected a name ending in .keras, got {out.name!r}; add it")
    require_kind(out, lambda path: holds(path, description), kind)


def load_weights(path: Path, model: Any) -> None:
    """Fills a model with the weights in a `.keras` file.

    Raises:
        InputError: the file is no such archive, or holds other or damaged weights.
    """
    fill(path, model, f"{path}: expected the weights of a {model.name}", "make it again")


def fill(path: Path, model: Any, expected: str, advice: str) -> None:
    """Fills every weight of a model from a `.keras`, `.weights.h5` or `.h5` file.

    Args:
        path: the file.
        model: built.
        expected: the start of a message, `place: expected ...`.
        advice: its end, what to do.

    Raises:
        InputError: the file holds other or damaged weights.
    """
    try:
        if path.suffix == ".keras":
            with zipfile.ZipFile(path) as archive:
                member(path, archive, WEIGHTS, path.stat().st_size)
        with warnings.catch_warnings():
            # Where a file lacks a layer's weights, Keras warns and leaves the random ones.
            warnings.simplefilter("error", UserWarning)
            model.load_weights(path)
    except _UNREADABLE as error:
        raise InputError(f"{expected}, got others; {advice}") from error
    if not all(np.isfinite(weight).all() for weight in model.get_weights()):
        raise InputError(f"{expected}, got nan or infinity; {advice}")


def weights_sha256(*models: Any) -> str:
    """Returns a hash of the weights alone: files that hold the same ones differ in their times."""
    digest = hashlib.sha256()
    for model in models:
        for weight in model.get_weights():
            digest.update(str(weight.shape).encode())
            digest.update(np.ascontiguousarray(weight).data)
    return digest.hexdigest()
