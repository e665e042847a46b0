"""The layout that StackGAN and AttnGAN read -> captioned pictures.

    train/, test/ and val/ (which only `t2i-prep export` makes), each with
        filenames.pickle                  list of `class folder/file name without ending`
        class_info.pickle                 list of class numbers
        char-CNN-RNN-embeddings.pickle    list of float32 [captions, d]; may be missing
        76images.pickle, 304images.pickle lists of uint8 [s, s, 3]; may be missing
    captions.pickle                       AttnGAN's; may be missing

Row i of every list belongs to the same picture, so no list is ever sorted or cut.

Published pictures differ a little from those cropped here: StackGAN cuts a box, its centre and
half its side to whole pixels, and resizes to 304 pixels before 76.

Source: Zhang et al., StackGAN (ICCV 2017), and Xu et al., AttnGAN (CVPR 2018), released code.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from prep.building.examples import UNLISTED, Example, Fault, Note
from prep.formats.caption_files import caption_root, read_captions
from prep.sources.cub import picture_files
from prep.sources.leftovers import captions_left
from prep.sources.stackgan.attngan_captions import AttnGanCaptions
from prep.sources.stackgan.index import EMBEDDINGS, SplitIndex, read_index
from t2i.errors import InputError
from t2i.files.text import Sentences
from t2i.images.decoding import RawImage
from t2i.images.squares import Box
from t2i.pairs.reading import IMPORTED, EncoderStamp
from t2i.pairs.structure import SPLITS

_Captions = Callable[[SplitIndex, int], Sentences]


class StackGan:
    """A StackGAN layout, its pickles read as far as they are an index.

    Attributes:
        encoder: the stamp of the embeddings that come with it, or None.
    """

    def __init__(self, folder: Path, images: Path, captions: Path, use_box: bool) -> None:
        """Reads the index.

        Args:
            folder: of train/ and test/.
            images: a CUB tree, or the name of a pickle of pictures in train/ and test/.
            captions: a folder of captions, in any of their known nestings, or AttnGAN's
                captions.pickle.
            use_box: whether pictures of a CUB tree are cropped to their boxes.

        Raises:
            InputError: a file is missing, is no plain pickle, or contradicts another.
        """
        stored = str(images) if images.suffix == ".pickle" else None
        if stored and len(images.parts) > 1:
            raise InputError(
                f"{images}: expected the name of a pickle that train/ and test/ each hold, got a "
                f"path; give {images.name} alone"
            )
        self._splits = [
            read_index(folder / split, split, stored)
            for split in SPLITS
            if split != "val" or (folder / split).is_dir()
        ]
        names = Counter(name for index in self._splits for name in index.names)
        twice = [name for name, count in names.items() if count > 1]
        if twice:
            raise InputError(
                f"{folder}: expected each picture once, got {twice[0]!r} again; "
                "get the files again, all from one release"
            )
        self._files = {} if stored else picture_files(images, use_box)
        self._names = names.keys()
        self._captions, self._caption_folder = _captions(captions, self._splits)
        self.encoder = _stamp(folder, self._splits)

    def __len__(self) -> int:
        return sum(len(index) for index in self._splits)

    def __iter__(self) -> Iterator[Example | Fault | Note]:
        """Yields the pictures in the order of the files: train, val, test; then what is left."""
        for index in self._splits:
            for row, name in enumerate(index.names):
                try:
                    yield self._example(index, row)
                except InputError as error:
                    yield Fault(name, str(error))
        for name in self._files:
            if name not in self._names:
                yield Note(name, "expected it in a filenames.pickle, got none", UNLISTED)
        if self._caption_folder:
            yield from captions_left(self._caption_folder, self._names)

    def _example(self, index: SplitIndex, row: int) -> Example:
        name = index.names[row]
        image: RawImage
        box: Box | None = None
        if index.pictures:
            image = index.pictures[row].read()
        elif name in self._files:
            image, box = self._files[name]
        else:
            raise InputError("expected a picture of this name in images.txt, got none")
        captions = self._captions(index, row)
        embeddings = _embeddings(index, row, len(captions.texts))
        class_id = index.class_ids[row]
        return Example(
            name, image, captions.texts, class_id, index.split, box, embeddings, captions.remark
        )


def _embeddings(index: SplitIndex, row: int, captions: int) -> npt.NDArray[np.float32] | None:
    """Returns one embedding a caption, or None where the layout has none."""
    if index.embeddings is None:
        return None
    stored = index.embeddings[row]
    if stored.shape[0] != captions:
        raise InputError(
            f"expected a caption for each of {stored.shape[0]} embeddings, got {captions}"
        )
    # What is too large for float32 becomes infinite, and is refused as such.
    with np.errstate(over="ignore"):
        embeddings = stored.read().astype(np.float32)
    if not np.isfinite(embeddings).all():
        raise InputError("expected finite embeddings, got others")
    return embeddings


def _captions(captions: Path, splits: Sequence[SplitIndex]) -> tuple[_Captions, Path | None]:
    """Returns what looks up the captions of a picture by its split and row, and their folder."""
    if captions.suffix == ".pickle":
        stored = AttnGanCaptions(captions, {index.split: len(index) for index in splits})
        return lambda index, row: Sentences(stored.of(index.split, row), None), None
    classes = dict.fromkeys(name.rpartition("/")[0] for index in splits for name in index.names)
    folder = caption_root(captions, classes)
    return lambda index, row: read_captions(folder / f"{index.names[row]}.txt"), folder


def _stamp(folder: Path, splits: Sequence[SplitIndex]) -> EncoderStamp | None:
    """Returns the stamp of the splits' embeddings, hashed in turn, or None if there are none."""
    found = [index.split for index in splits if index.embeddings is not None]
    if not found:
        return None
    sizes = {array.shape[1] for index in splits for array in index.embeddings or ()}
    if len(found) < len(splits) or len(sizes) > 1:
        raise InputError(
            f"{folder}: expected embeddings of one size in every split, got {EMBEDDINGS} in "
            f"{' and '.join(found)}, of sizes {sorted(sizes)}; get those of all splits, or remove "
            "them to embed the captions anew"
        )
    digest = hashlib.sha256()
    for split in found:
        with (folder / split / EMBEDDINGS).open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return EncoderStamp(digest.hexdigest(), f"{IMPORTED}StackGAN {EMBEDDINGS}", sizes.pop())
