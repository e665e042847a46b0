"""Writing pairs files; `reading` says what is in one."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

import t2i
from t2i.files.hdf5 import new_file, require_room
from t2i.pairs.reading import FORMAT, VERSION, EncoderStamp, SplitBy, opened
from t2i.pairs.structure import COLUMNS, SPLITS

# Pictures gathered before they are written: HDF5 calls cost more than the copy.
_BLOCK = 64


# Picture, captions, class, name, embeddings.
_Row = tuple[npt.NDArray[np.uint8], Sequence[str], int, str, npt.NDArray[np.float32] | None]


class PairsWriter:
    """Appends captioned pictures to an open file; memory does not grow with their number."""

    def __init__(
        self, file: h5py.File, image_size: int, channels: int, encoder: EncoderStamp | None
    ) -> None:
        self._file = file
        self._picture = picture = (image_size, image_size, channels)
        self._embedding_size = encoder.embedding_size if encoder else None
        self._waiting: dict[str, list[_Row]] = {}
        for split in SPLITS:
            group = file.create_group(split)
            group.create_dataset(
                "image", (0, *picture), np.uint8, maxshape=(None, *picture), chunks=(8, *picture)
            )
            for name in ("caption", "name", "class_id"):
                group.create_dataset(name, (0,), COLUMNS[name][1], maxshape=(None,), chunks=(1024,))
            group.create_dataset(
                "caption_offset", data=np.zeros(1, np.int64), maxshape=(None,), chunks=(1024,)
            )
            if encoder:
                width = encoder.embedding_size
                group.create_dataset(
                    "embedding", (0, width), np.float32, maxshape=(None, width), chunks=(64, width)
                )
            self._waiting[split] = []

    def add(
        self,
        split: str,
        image: npt.NDArray[np.uint8],
        captions: Sequence[str],
        class_id: int,
        name: str,
        embeddings: npt.NDArray[np.float32] | None = None,
    ) -> None:
        """Appends one picture, uint8 [S, S, C], its captions, and their embeddings if any."""
        if image.shape != self._picture or image.dtype != np.uint8:
            raise ValueError(f"image {name}: {image.dtype} {image.shape}")
        expected = (len(captions), self._embedding_size) if self._embedding_size else None
        if (None if embeddings is None else embeddings.shape) != expected:
            raise ValueError(f"embeddings of {name}: expected shape {expected}")
        self._waiting[split].append((image, captions, class_id, name, embeddings))
        if len(self._waiting[split]) == _BLOCK:
            self._flush(split)

    def describe(self, fit: str, split_by: SplitBy) -> None:
        """Notes what is known when all are added: how they became square, and how they are split.

        Args:
            fit: one of `FITS`.
            split_by: as for `writing`.
        """
        self._file.attrs.update(fit=fit, split_by=split_by)

    def finish(self) -> None:
        """Writes what is still waiting."""
        for split in SPLITS:
            self._flush(split)

    def _flush(self, split: str) -> None:
        waiting, self._waiting[split] = self._waiting[split], []
        if not waiting:
            return
        group = self._file[split]
        images, captions, class_ids, names, embeddings = zip(*waiting, strict=True)
        offset = int(group["caption_offset"][-1]) + np.cumsum([len(own) for own in captions])
        _append(group["image"], np.stack(images))
        _append(group["caption"], [caption for own in captions for caption in own])
        _append(group["caption_offset"], offset)
        _append(group["class_id"], np.asarray(class_ids, np.int32))
        _append(group["name"], list(names))
        if self._embedding_size:
            _append(group["embedding"], np.concatenate(embeddings))


def _append(dataset: h5py.Dataset, rows: npt.NDArray[Any] | list[str]) -> None:
    # A character takes four bytes at most.
    size = rows.nbytes if isinstance(rows, np.ndarray) else 4 * sum(map(len, rows))
    require_room(dataset.file, size)
    start = dataset.shape[0]
    dataset.resize(start + len(rows), axis=0)
    dataset[start:] = rows


@contextmanager
def writing(
    path: Path,
    image_size: int,
    source: str,
    channels: int = 3,
    encoder: EncoderStamp | None = None,
    split_by: SplitBy = "class",
) -> Iterator[PairsWriter]:
    """Yields a writer; the file takes its name only when the block ends well.

    Args:
        path: the pairs file to write or replace.
        image_size: side of the square pictures, pixels.
        source: where the pictures come from, in words.
        channels: 3 for colours, 1 for greys.
        encoder: who made the embeddings, where every caption comes with one.
        split_by: `picture` where classes may be in several splits.
    """
    with new_file(path) as file:
        file.attrs.update(
            format=FORMAT,
            version=VERSION,
            image_size=image_size,
            source=source,
            split_by=split_by,
            created_with=f"t2i {t2i.__version__}",
        )
        if encoder:
            file.attrs["encoder"] = json.dumps(asdict(encoder))
        writer = PairsWriter(file, image_size, channels, encoder)
        yield writer
        writer.finish()


def write_embeddings(
    path: Path,
    embeddings: Mapping[str, Iterable[npt.NDArray[np.float32]]],
    encoder: bytes,
    kind: str,
    embedding_size: int,
) -> None:
    """Replaces the file by one that also holds embeddings; the old one stays whole until then.

    Args:
        path: an existing pairs file.
        embeddings: for each split, float32 [k, d] blocks in the order of its captions.
        encoder: the bytes of the encoder's .keras file.
        kind: the encoder's name of its shape.
        embedding_size: d.
    """
    stamp = EncoderStamp(hashlib.sha256(encoder).hexdigest(), kind, embedding_size)
    with opened(path) as old, new_file(path) as new:
        size = path.stat().st_size + len(encoder)
        for split in SPLITS:
            size += old[split]["caption"].shape[0] * embedding_size * 4
            size -= old[split]["embedding"].nbytes if "embedding" in old[split] else 0
        require_room(new, size)
        new.attrs.update(old.attrs)
        new.attrs["encoder"] = json.dumps(asdict(stamp))
        new["encoder"] = np.frombuffer(encoder, np.uint8)
        for split in SPLITS:
            group = new.create_group(split)
            for name in old[split]:
                if name != "embedding":
                    old.copy(old[split][name], group)
            rows = group["caption"].shape[0]
            table = group.create_dataset("embedding", (rows, embedding_size), np.float32)
            start = 0
            for block in embeddings[split]:
                table[start : start + len(block)] = block
                start += len(block)
            if start != rows:
                raise ValueError(f"{split}: {start} embeddings for {rows} captions")
