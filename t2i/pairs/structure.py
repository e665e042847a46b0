"""What a pairs file must hold, by name, type and shape; see `reading` for what it means."""

from collections.abc import Iterator

import h5py
import numpy as np

from t2i.files.hdf5 import dataset_faults

SPLITS = ("train", "val", "test")
MAX_IMAGE_SIZE = 1024
# How pictures that are not square became so.
FITS = ("crop", "pad", "stretch")

COLUMNS = {
    "image": (4, np.dtype(np.uint8)),
    "caption": (1, h5py.string_dtype()),
    "embedding": (2, np.dtype(np.float32)),
    "caption_offset": (1, np.dtype(np.int64)),
    "class_id": (1, np.dtype(np.int32)),
    "name": (1, h5py.string_dtype()),
}


def structure_faults(
    file: h5py.File, embedding_size: int | None, encoder_inside: bool
) -> Iterator[str]:
    """Yields what is wrong with names, types and shapes, reading no data.

    Args:
        file: open, of a known format and version.
        embedding_size: numbers in an embedding, or None before `embed`.
        encoder_inside: whether the encoder's own file is in there.
    """
    size = file.attrs.get("image_size")
    if not isinstance(size, np.integer) or not 1 <= size <= MAX_IMAGE_SIZE:
        yield f"attribute image_size: expected 1 to {MAX_IMAGE_SIZE}, got {size!r}"
        return
    for name in ("source", "created_with"):
        if not isinstance(file.attrs.get(name), str):
            yield f"attribute {name}: expected text, got {file.attrs.get(name)!r}"
    split_by = file.attrs.get("split_by", "class")
    if not isinstance(split_by, str) or split_by not in ("class", "picture"):
        yield f"attribute split_by: expected class or picture, got {split_by!r}"
    fit = file.attrs.get("fit", FITS[0])
    if not isinstance(fit, str) or fit not in FITS:
        yield f"attribute fit: expected {', '.join(FITS)}, got {fit!r}"
    if encoder_inside:
        yield from dataset_faults(file, "encoder", 1, np.dtype(np.uint8))
    channels = None
    for split in SPLITS:
        link = file.get(split, getlink=True)
        group = file[split] if isinstance(link, h5py.HardLink) else None
        if not isinstance(group, h5py.Group):
            yield f"/{split}: expected a group, got none"
            continue
        faults = [
            fault
            for name, (rank, dtype) in COLUMNS.items()
            if name != "embedding" or embedding_size is not None
            for fault in dataset_faults(group, name, rank, dtype)
        ]
        yield from faults
        if not faults:
            channels = channels or (1 if group["image"].shape[3] == 1 else 3)
            yield from _length_faults(group, (int(size), int(size), channels), embedding_size)


def _length_faults(
    group: h5py.Group, picture: tuple[int, int, int], embedding_size: int | None
) -> Iterator[str]:
    split = group.name
    count, captions = group["image"].shape[0], group["caption"].shape[0]
    if group["image"].shape[1:] != picture:
        yield f"{split}/image: expected pictures {[*picture]}, got {group['image'].shape}"
    for name, length in (("class_id", count), ("name", count), ("caption_offset", count + 1)):
        if group[name].shape != (length,):
            yield f"{split}/{name}: expected {length} rows, got {group[name].shape[0]}"
    table = (captions, embedding_size)
    if embedding_size is not None and group["embedding"].shape != table:
        yield f"{split}/embedding: expected {table}, got {group['embedding'].shape}"
