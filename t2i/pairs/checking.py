"""What only a look at the contents of a pairs file can tell."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np

from t2i.pairs.classes import shared_classes, some
from t2i.pairs.reading import Header, header_of, opened
from t2i.pairs.sentences import compare
from t2i.pairs.structure import SPLITS


class Report(NamedTuple):
    """What a pairs file holds.

    Attributes:
        header: what it says of itself.
        faults: what is wrong with its contents; none in a good file.
        remarks: what may be meant, and should be known.
    """

    header: Header
    faults: list[str]
    remarks: list[str]


def check(path: Path) -> Report:
    """Returns what a look at everything in a pairs file finds.

    Raises:
        InputError: as `read_header`: the structure is wrong, so the contents can't be read.
    """
    with opened(path) as file:
        header = header_of(file)
        faults = [fault for split in SPLITS for fault in _content_faults(file[split], header)]
        ids = {split: file[split]["class_id"][:].tolist() for split in SPLITS}
        if header.split_by == "class":
            faults += [
                f"classes: expected none in both {splits}, got {some(classes)}"
                for splits, classes in shared_classes(ids)
            ]
        remarks: list[str] = []
        if not faults:
            remarks = [line for split in SPLITS for line in _right_by_chance(file[split])]
        if header.encoder and not header.encoder.imported:
            digest = hashlib.sha256(file["encoder"][:].tobytes()).hexdigest()
            if digest != header.encoder.sha256:
                faults.append(f"/encoder: expected SHA-256 {header.encoder.sha256}, got {digest}")
        return Report(header, faults, remarks)


def _right_by_chance(group: h5py.Group) -> Iterator[str]:
    """Yields how often a text of another class would be right, where that can be."""
    captions = group["caption"].asstr(errors="replace")[:].tolist()
    if captions:
        offset, class_id = group["caption_offset"][:], group["class_id"][:]
        chance = compare(captions, offset, class_id).chance
        if chance:
            yield (
                f"{group.name.strip('/')}: {100 * chance:.2g} % of the texts of other classes are "
                "the right one word for word; training draws none of them as mismatched"
            )


def _content_faults(group: h5py.Group, header: Header) -> Iterator[str]:
    split = group.name
    offset = group["caption_offset"][:]
    captions = group["caption"].shape[0]
    if offset[0] != 0 or offset[-1] != captions or (np.diff(offset) < 0).any():
        yield f"{split}/caption_offset: expected to rise from 0 to {captions}, got otherwise"
    names = group["name"].asstr(errors="replace")[:].tolist()
    bare = [names[i] for i in np.flatnonzero(np.diff(offset) == 0)]
    if bare:
        yield f"{split}/caption: expected captions for every picture, got none for {some(bare)}"
    if len(set(names)) != len(names):
        repeated = sorted({name for name in names if names.count(name) > 1})
        yield f"{split}/name: expected unique names, got {some(repeated)} again"
    empty = [
        i for i, text in enumerate(group["caption"].asstr(errors="replace")[:]) if not text.strip()
    ]
    if empty:
        yield f"{split}/caption: expected words, got empty captions in rows {some(empty)}"
    if header.encoder is not None:
        bad = [
            start + int(row)
            for start in range(0, captions, 8192)
            for row in np.flatnonzero(
                ~np.isfinite(group["embedding"][start : start + 8192]).all(axis=1)
            )
        ]
        if bad:
            yield f"{split}/embedding: expected finite numbers, got others in rows {some(bad)}"
