"""What is evaluated: a run that paints for the captions of a split, or a folder of pictures."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from t2i.compute.replicas import OnReplicas
from t2i.encoders.lookup import KnownSentences
from t2i.encoders.text import TextEncoder
from t2i.errors import InputError
from t2i.evaluation.pictures import (
    PaintedPictures,
    PictureFolder,
    Pictures,
    caption_groups,
    caption_rows,
    open_folder,
)
from t2i.files.weights import weights_sha256
from t2i.models.contract import Prior
from t2i.painting.painter import load_painting, load_run
from t2i.pairs.digests import digest
from t2i.pairs.reading import Pairs
from t2i.runs.directory import Run, require_there
from t2i.runs.record import read_record

# How many captions are painted how often to see how much their pictures differ.
VARIED_CAPTIONS = 100
VARIATIONS = 10


@dataclass(frozen=True, eq=False)
class Subject:
    """Pictures, and the captions that they were painted for.

    Attributes:
        path: of the run or the folder.
        pictures: one for each of `caption`.
        caption: rows of the split's captions, [n]; the first one's, of a picture of several.
        varied: several pictures of each of some captions.
        varied_caption: of each of `varied`.
        size: side of the pictures, pixels.
        encoder: that the run was trained with; None for a folder.
        trained_on: splits that the run was trained on.
        latents: how they were drawn, in words.
        captions: what a picture was painted for, in words.
        vision: networks of others that took part in training the run, by name.
        generator: hash of the weights that paint; of a folder, what tells its pictures.
    """

    path: Path
    pictures: Pictures
    caption: npt.NDArray[np.int64]
    varied: Pictures
    varied_caption: npt.NDArray[np.int64]
    size: int
    encoder: TextEncoder | KnownSentences | None
    trained_on: tuple[str, ...]
    latents: str
    captions: str
    vision: tuple[str, ...] = ()
    generator: str = ""

    @property
    def home(self) -> Path:
        """The folder that the evaluation is written to: the run's own, or that of the pictures."""
        return self.path


def open_subject(
    path: Path,
    data: Path,
    real: Pairs,
    count: int,
    seed: int,
    strategy: tf.distribute.Strategy,
    captions: int = 1,
) -> Subject:
    """Returns what is in `path`.

    Args:
        path: a run directory, or a folder of pictures.
        data: the pairs file.
        real: the split that it is measured against.
        count: pictures that a run paints.
        seed: of the captions and latents.
        strategy: whose replicas paint.
        captions: of a real picture, for the mean of which a run paints one.

    Raises:
        InputError: it is neither, or a file is damaged; or several captions are asked for of a
            folder.
    """
    require_there(path)
    if Run(path).config.is_file():
        return _run(path, data, real, count, seed, strategy, captions)
    if captions > 1:
        raise InputError(
            f"--captions: expected 1 for the folder {path}, whose pictures are painted, got "
            f"{captions}; leave it out"
        )
    return _folder(path, real)


def _run(
    path: Path,
    data: Path,
    real: Pairs,
    count: int,
    seed: int,
    strategy: tf.distribute.Strategy,
    captions: int,
) -> Subject:
    record = read_record(Run(path))
    stamp = record.encoder
    # Imported embeddings are looked up in the pairs file, there being no encoder.
    config, encoder, channels = load_run(path, data if stamp and stamp.imported else None)
    with strategy.scope():
        network, prior = load_painting(path, config, encoder.embedding_size, channels)
    return painted(
        path, OnReplicas(network, strategy), weights_sha256(network), encoder, real,
        count, seed, config.image_size, prior, tuple(config.training.splits), tuple(record.vision),
        captions,
    )  # fmt: skip


def painted(
    path: Path,
    generator: OnReplicas,
    sha256: str,
    encoder: TextEncoder | KnownSentences,
    real: Pairs,
    count: int,
    seed: int,
    size: int,
    prior: Prior,
    trained_on: tuple[str, ...],
    vision: tuple[str, ...],
    captions: int = 1,
) -> Subject:
    """Returns a generator as a subject; the arguments are those of `Subject` and `_run`."""
    rows = caption_rows(len(real.caption), count, seed)
    varied = caption_rows(len(real.caption), VARIED_CAPTIONS, seed)[: len(real.caption)]
    varied = varied.repeat(VARIATIONS)
    split = digest(real)

    each = "" if captions == 1 else f", means of {captions}"

    def pictures(first: npt.NDArray[np.int64], part: int, plan: str) -> PaintedPictures:
        groups = caption_groups(first, real.caption_offset, captions, seed)
        texts = [[real.caption[row] for row in group] for group in groups]
        return PaintedPictures(
            generator, sha256, encoder, texts, prior, (seed, part), f"{plan} of {split}{each}"
        )

    return Subject(
        path=path,
        pictures=pictures(rows, 0, "permuted"),
        caption=rows,
        varied=pictures(varied, 1, "repeated"),
        varied_caption=varied,
        size=size,
        encoder=encoder,
        trained_on=trained_on,
        latents="z ~ N(0, 1), not truncated",
        captions="one a picture, each once before one comes again"
        if captions == 1
        else f"the mean of {captions} of one picture, each once the first before one is again",
        vision=vision,
        generator=sha256,
    )


def _folder(path: Path, real: Pairs) -> Subject:
    pictures: PictureFolder = open_folder(path)
    row_of = {_plain(text): row for row, text in reversed(list(enumerate(real.caption)))}
    missing = [text for text in pictures.captions if _plain(text) not in row_of]
    if missing:
        raise InputError(
            f"{path}: expected captions of the split evaluated, got {missing[0]!r}; "
            "paint captions of that split, or choose another --split"
        )
    caption = np.array([row_of[_plain(text)] for text in pictures.captions], np.int64)
    return Subject(
        path=path,
        pictures=pictures,
        caption=caption,
        varied=pictures,
        varied_caption=caption,
        size=pictures.size,
        encoder=None,
        trained_on=("train",),
        latents="unknown: a folder of pictures",
        captions="as the folder says",
        generator=pictures.fingerprint,
    )


def _plain(text: str) -> str:
    return " ".join(text.split())
