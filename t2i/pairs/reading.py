"""The pairs file: the HDF5 contract between `prep` and `t2i`.

A group for each split, /train /val /test; image i owns the captions (and embeddings)
caption_offset[i]:caption_offset[i + 1]. The encoder that made the embeddings travels inside
the file, so that nothing else crosses from `prep` to `t2i`. Embeddings may also be imported: then
there is no encoder, and the stamp says what file they came from.

    /SPLIT/image           uint8   [n, S, S, C]  C = 3 for colours, 1 for greys
    /SPLIT/caption         str     [m]
    /SPLIT/embedding       float32 [m, d]        once embedded
    /SPLIT/caption_offset  int64   [n + 1]
    /SPLIT/class_id        int32   [n]
    /SPLIT/name            str     [n]
    /encoder               uint8   [bytes]       the encoder's .keras file; not if imported
    attributes: format, version, image_size, source, split_by, fit, created_with, encoder (JSON)
"""

import errno
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import h5py
import numpy as np
import numpy.typing as npt

from t2i.errors import InputError
from t2i.pairs.structure import SPLITS, structure_faults

FORMAT = "t2i-pairs"
VERSION = 1
IMPORTED = "imported: "
SplitBy = Literal["class", "picture"]


@dataclass(frozen=True)
class EncoderStamp:
    """Which encoder made the embeddings, or which file they came from.

    Attributes:
        sha256: of the encoder's file, or of the imported one, hexadecimal.
        kind: the encoder's name of its shape, `char-cnn-gru` say; or `IMPORTED` and where from.
        embedding_size: numbers in an embedding.
    """

    sha256: str
    kind: str
    embedding_size: int

    @property
    def imported(self) -> bool:
        """Whether the encoder itself is not at hand."""
        return self.kind.startswith(IMPORTED)


@dataclass(frozen=True)
class Header:
    """What a pairs file says of itself.

    Attributes:
        image_size: side of the square pictures, pixels.
        channels: 3 for colours, 1 for greys.
        source: where the pictures came from, in words.
        split_by: `class` where no class is in two splits, `picture` where that is not meant.
        created_with: the version that wrote it.
        encoder: who made the embeddings, or None before `embed`.
        images: pictures in each split.
        captions: captions in each split.
        fit: how pictures became square, `crop`, `pad` or `stretch`; None where it is not known.
    """

    image_size: int
    channels: int
    source: str
    split_by: SplitBy
    created_with: str
    encoder: EncoderStamp | None
    images: Mapping[str, int]
    captions: Mapping[str, int]
    fit: str | None = None


@dataclass(frozen=True, eq=False)
class Pairs:
    """Captioned pictures in memory, of one split or several joined.

    Attributes:
        image: uint8 [n, S, S, C].
        caption: m sentences.
        embedding: float32 [m, d], or None before `embed`.
        caption_offset: int64 [n + 1], rising from 0 to m.
        class_id: int32 [n].
        name: n unique names.
    """

    image: npt.NDArray[np.uint8]
    caption: list[str]
    embedding: npt.NDArray[np.float32] | None
    caption_offset: npt.NDArray[np.int64]
    class_id: npt.NDArray[np.int32]
    name: list[str]

    def captions_of(self, index: int) -> list[str]:
        """Returns the captions of one picture."""
        return self.caption[self.caption_offset[index] : self.caption_offset[index + 1]]


def is_pairs_file(path: Path) -> bool:
    """Returns whether a file says that it is a pairs file, of whatever version."""
    try:
        with opened(path) as file:
            return bool(np.all(file.attrs.get("format") == FORMAT))
    except InputError:
        return False


def read_header(path: Path) -> Header:
    """Returns what a pairs file says of itself, its structure checked.

    Raises:
        InputError: the file is missing, is no pairs file, is of another version, or is misshaped.
    """
    with opened(path) as file:
        return header_of(file)


def read(path: Path, splits: Sequence[str], images: bool = True, embeddings: bool = True) -> Pairs:
    """Returns the named splits, joined, in memory.

    Args:
        path: the pairs file.
        splits: of `SPLITS`.
        images: False leaves the pictures out: `image` is then [n, 0, 0, C].
        embeddings: False leaves them out: `embedding` is then [0, d], or None before `embed`.

    Raises:
        InputError: as `read_header`, or the splits hold no picture.
    """
    with opened(path) as file:
        return pairs_of(file, header_of(file), splits, images, embeddings)


def read_encoder(path: Path) -> bytes | None:
    """Returns the bytes of the encoder's .keras file, or None where embeddings are imported.

    Raises:
        InputError: as `read_header`, or the file holds no embeddings yet.
    """
    with opened(path) as file:
        return encoder_of(file, header_of(file))


def pairs_of(
    file: h5py.File, header: Header, splits: Sequence[str], images: bool, embeddings: bool
) -> Pairs:
    """Returns splits of an open file, whose header was read; raises as `read`."""
    path = file.filename
    groups = [file[split] for split in splits]
    count = sum(header.images[split] for split in splits)
    if not count:
        raise InputError(
            f"{path}: expected pictures in {' + '.join(splits)}, got none; "
            "prepare the file with a split that fills it"
        )
    caption_offset = _offsets(path, groups)
    none = np.zeros((count, 0, 0, header.channels), np.uint8)
    return Pairs(
        image=_joined(groups, "image") if images else none,
        caption=_texts(groups, "caption"),
        embedding=_joined(groups, "embedding", None if embeddings else 0)
        if header.encoder
        else None,
        caption_offset=caption_offset,
        class_id=_joined(groups, "class_id"),
        name=_texts(groups, "name"),
    )


def encoder_of(file: h5py.File, header: Header) -> bytes | None:
    """Returns the encoder in an open file, whose header was read; raises as `read_encoder`."""
    if header.encoder is None:
        raise InputError(
            f"{file.filename}: expected embedded captions, got none; "
            f"run `t2i-prep embed {file.filename} --encoder ENCODER`"
        )
    return None if header.encoder.imported else bytes(file["encoder"][:])


def _offsets(path: str, groups: Sequence[h5py.Group]) -> npt.NDArray[np.int64]:
    """Returns where the captions of each picture of the joined groups begin, [n + 1]."""
    start, parts = 0, []
    for group in groups:
        offset, captions = group["caption_offset"][:], group["caption"].shape[0]
        if offset[0] != 0 or offset[-1] != captions or (np.diff(offset) < 1).any():
            raise InputError(
                f"{path}: {group.name}/caption_offset: expected to rise from 0 to {captions}, "
                f"got otherwise; see `t2i-prep check {path}`"
            )
        parts.append(offset[:-1] + start)
        start += captions
    return np.append(np.concatenate(parts), start).astype(np.int64)


def _joined(groups: Sequence[h5py.Group], name: str, rows: int | None = None) -> npt.NDArray[Any]:
    blocks = [group[name][:rows] for group in groups]
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)


def _texts(groups: Sequence[h5py.Group], name: str) -> list[str]:
    return [text for group in groups for text in group[name].asstr(errors="replace")[:]]


@contextmanager
def opened(path: Path) -> Iterator[h5py.File]:
    """Yields the file open for reading; raises as `open_file`."""
    with open_file(path) as file:
        yield file


def open_file(path: Path) -> h5py.File:
    """Returns the file open for reading; raises InputError when HDF5 can't open it."""
    if not Path(path).is_file():
        raise InputError(f"{path}: expected a pairs file, got nothing there; see `t2i-prep --help`")
    try:
        return h5py.File(path, "r")
    except OSError as error:
        raise InputError(f"{path}: {_unopened(error)}") from error


def _unopened(error: OSError) -> str:
    """Returns what was expected of a file that HDF5 can't open, and what to do: by the cause."""
    if error.errno in (errno.EAGAIN, errno.EACCES) and "lock" in str(error):
        return (
            "expected a file that nobody writes, got one that another program has open; wait for it"
        )
    if error.errno in (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP) and "lock" in str(error):
        return (
            "expected a file system that can lock files, got one that can't; copy the file to "
            "another disk, or set HDF5_USE_FILE_LOCKING=FALSE"
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return "expected a file that may be read, got one that may not; change its permissions"
    return "expected a pairs file, got one that HDF5 can't open; prepare it again"


def header_of(file: h5py.File) -> Header:
    """Returns the header of an open file; raises as `read_header`."""
    path = file.filename
    found = file.attrs.get("format")
    if not isinstance(found, str) or found != FORMAT:
        raise InputError(
            f"{path}: expected format {FORMAT!r}, got {found!r}; make one with `t2i-prep`"
        )
    version = file.attrs.get("version")
    if not isinstance(version, np.integer) or version != VERSION:
        raise InputError(
            f"{path}: expected version {VERSION}, got {version}; "
            "prepare it again with this release, or read it with the one that wrote it"
        )
    encoder = _stamp(file)
    size, inside = (encoder.embedding_size, not encoder.imported) if encoder else (None, False)
    faults = list(structure_faults(file, size, inside))
    if faults:
        raise InputError(f"{path}: {'; '.join(faults)}; prepare it again")
    return Header(
        image_size=int(file.attrs["image_size"]),
        channels=file["train"]["image"].shape[3],
        source=str(file.attrs["source"]),
        split_by="picture" if file.attrs.get("split_by") == "picture" else "class",
        created_with=str(file.attrs["created_with"]),
        encoder=encoder,
        images={split: file[split]["image"].shape[0] for split in SPLITS},
        captions={split: file[split]["caption"].shape[0] for split in SPLITS},
        fit=file.attrs.get("fit"),
    )


def _stamp(file: h5py.File) -> EncoderStamp | None:
    if "encoder" not in file.attrs:
        return None
    try:
        stamp = json.loads(file.attrs["encoder"])
        return EncoderStamp(str(stamp["sha256"]), str(stamp["kind"]), int(stamp["embedding_size"]))
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise InputError(
            f"{file.filename}: expected the encoder's hash, kind and size in attribute 'encoder', "
            f"got {file.attrs['encoder']!r}; run `t2i-prep embed` again"
        ) from error
