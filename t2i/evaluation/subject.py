"""What is evaluated: a run that paints for the captions of a split, or a folder of pictures."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from t2i.compute.replicas import OnReplicas
from t2i.encoders.embedder import Embedder
from t2i.errors import InputError
from t2i.evaluation.folder import PictureFolder, open_folder
from t2i.evaluation.pictures import (
    Generator,
    PaintedPictures,
    Pictures,
    caption_groups,
    caption_rows,
)
from t2i.files.weights import weights_sha256
from t2i.models.catalogue import load_config
from t2i.painting.painter import load_embedder, load_painting
from t2i.pairs.digests import digest
from t2i.pairs.reading import Pairs
from t2i.pairs.stored import OpenPairs
from t2i.runs.directory import Run, painting_of, require_there
from t2i.runs.record import read_record

# How many captions are painted how often to see how much their pictures differ.
VARIED_CAPTIONS = 100
VARIATIONS = 10


@dataclass(frozen=True)
class Sampling:
    """Which captions of a split a run paints.

    Attributes:
        count: pictures.
        seed: of the captions and latents.
        captions: of a real picture, for the mean of which one is painted.
    """

    count: int
    seed: int
    captions: int = 1


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
        embedder: that the run was trained with; None for a folder.
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
    embedder: Embedder | None
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
    data: OpenPairs,
    real: Pairs,
    sampling: Sampling,
    strategy: tf.distribute.Strategy,
) -> Subject:
    """Returns what is in `path`.

    Args:
        path: a run directory, or a folder of pictures.
        data: the pairs file.
        real: the split that it is measured against.
        sampling: what a run paints.
        strategy: whose replicas paint.

    Raises:
        InputError: it is neither, or a file is damaged; or several captions are asked for of a
            folder.
    """
    require_there(path)
    if Run(path).config.is_file():
        return painted(_generator(path, data, strategy), real, sampling)
    if sampling.captions > 1:
        raise InputError(
            f"--captions: expected 1 for the folder {path}, whose pictures are painted, got "
            f"{sampling.captions}; leave it out"
        )
    return _folder(path, real)


def _generator(path: Path, data: OpenPairs, strategy: tf.distribute.Strategy) -> Generator:
    painting_of(path)
    config, record = load_config(Run(path).config), read_record(Run(path))
    embedder = load_embedder(Run(path), record, data)
    with strategy.scope():
        network, prior = load_painting(path, config, embedder.embedding_size, record.channels)
    return Generator(
        run=path,
        network=OnReplicas(network, strategy),
        sha256=weights_sha256(network),
        embedder=embedder,
        prior=prior,
        size=config.image_size,
        trained_on=tuple(config.training.splits),
        vision=tuple(record.vision),
    )


def painted(generator: Generator, real: Pairs, sampling: Sampling) -> Subject:
    """Returns what a generator paints for the captions of a split."""
    seed, captions = sampling.seed, sampling.captions
    rows = caption_rows(len(real.caption), sampling.count, seed)
    varied = caption_rows(len(real.caption), VARIED_CAPTIONS, seed)[: len(real.caption)]
    varied = varied.repeat(VARIATIONS)
    split = digest(real)
    each = "" if captions == 1 else f", means of {captions}"

    def pictures(first: npt.NDArray[np.int64], part: int, plan: str) -> PaintedPictures:
        groups = caption_groups(first, real.caption_offset, captions, seed)
        texts = [[real.caption[row] for row in group] for group in groups]
        return PaintedPictures(generator, texts, (seed, part), f"{plan} of {split}{each}")

    return Subject(
        path=generator.run,
        pictures=pictures(rows, 0, "permuted"),
        caption=rows,
        varied=pictures(varied, 1, "repeated"),
        varied_caption=varied,
        size=generator.size,
        embedder=generator.embedder,
        trained_on=generator.trained_on,
        latents="z ~ N(0, 1), not truncated",
        captions="one a picture, each once before one comes again"
        if captions == 1
        else f"the mean of {captions} of one picture, each once the first before one is again",
        vision=generator.vision,
        generator=generator.sha256,
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
        embedder=None,
        trained_on=("train",),
        latents="unknown: a folder of pictures",
        captions="as the folder says",
        generator=pictures.fingerprint,
    )


def _plain(text: str) -> str:
    return " ".join(text.split())
