"""A pairs file -> aelnouby's HDF5; `prep.sources.aelnouby` says what is in it.

Pictures are stored as PNG: they lose nothing, and what opens JPEGs by Pillow, as older code does,
opens them too. The captions of a picture share one copy of it, by hard links.
"""

import io
from pathlib import Path

import h5py
import numpy as np
from PIL import Image

from prep.building.names import number_of
from prep.exports.pairs_file import Pair, PairsFile, file_name
from prep.sources.aelnouby import SPLITS, Aelnouby
from t2i.errors import InputError
from t2i.files.hdf5 import new_file, require_room
from t2i.images.pixels import Pixels
from t2i.progress import Progress, silent


def export_aelnouby(pairs: PairsFile, out: Path, progress: Progress = silent) -> None:
    """Writes the file, whole or not at all.

    A class whose folder does not begin with its number is given one: `Jay` of class 2 becomes
    `002.Jay`, and is imported again under that name.

    Args:
        pairs: the pairs file.
        out: the HDF5 file to write or replace.
        progress: of the pictures.

    Raises:
        InputError: there are no embeddings, the pictures are grey, a name is none of a file, or
            two pictures of a split have the same name but for their folders.
    """
    header = pairs.header
    if header.encoder is None:
        raise InputError(f"{out}: expected embedded captions, got none; run `t2i-prep embed` first")
    if header.channels != 3:
        raise InputError(
            f"{out}: expected pictures in colour, got greys, which older code can't read; "
            "prepare them in colour"
        )
    theirs = {ours: name for name, ours in SPLITS.items()}
    with new_file(out) as file:
        groups = {
            split: file.create_group(theirs[split], track_order=True) for split in header.images
        }
        for done, pair in enumerate(pairs, start=1):
            _write(out, groups[pair.split], pair)
            progress("exporting", done, len(pairs))


def is_aelnouby(path: Path) -> bool:
    """Returns whether a file is one of this layout."""
    try:
        Aelnouby(path)
    except InputError:
        return False
    return True


def _write(out: Path, split: h5py.Group, pair: Pair) -> None:
    """Writes a group for each caption."""
    try:
        folder, name = file_name(pair)
    except InputError as error:
        raise InputError(f"{out}: {error}") from error
    if f"{name}_0" in split:
        raise InputError(
            f"{out}: expected names that differ without their folders, got {name!r} again; "
            "prepare the pictures under others"
        )
    if number_of(folder) != pair.class_id:
        folder = f"{pair.class_id:03d}.{folder or 'class'}"
    require_room(split.file, pair.image.nbytes + pair.embeddings.nbytes)
    first = None
    for number, caption in enumerate(pair.captions):
        group = split.create_group(f"{name}_{number}")
        group["name"], group["class"] = name, folder
        group["txt"] = caption.replace("\0", " ") + "\n"
        group["embeddings"] = pair.embeddings[number]
        group["img"] = first["img"] if first else np.void(_png(pair.image))
        first = first or group


def _png(pixels: Pixels) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()
