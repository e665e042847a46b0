"""Sentences to pictures, from a run directory alone."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from t2i.config.run import RunConfig
from t2i.encoders.embedder import Embedder
from t2i.encoders.lookup import KnownSentences, load_sentences
from t2i.encoders.text import load_encoder
from t2i.errors import InputError
from t2i.files.disk import AnyPath
from t2i.files.weights import load_weights, weights_sha256
from t2i.images.pixels import to_uint8
from t2i.models.catalogue import load_config, offered
from t2i.models.contract import Facts, Floats, Painting
from t2i.painting.poses import posed
from t2i.painting.variety import VARIETY, varied
from t2i.pairs.stored import OpenPairs
from t2i.progress import Progress, silent
from t2i.runs.directory import Run, painting_of
from t2i.runs.record import Record, read_record

# Pictures painted at a time; bounds the memory whatever is asked for.
_BATCH = 64


class Painter:
    """A trained generator, and its text encoder where there is one.

    Attributes:
        config: of the run.
        path: the run directory.
        network: what paints; see `models.contract.Painting`.
        prior: of the latents.
        embedder: of sentences: the run's encoder, or a pairs file.
        identity: sixteen digits, of the weights and the encoder's: they tell this painter from
            others.
    """

    def __init__(
        self, path: AnyPath, data: AnyPath | None = None, step: int | str | None = None
    ) -> None:
        """Loads the last checkpoint of the run in `path`, or another that is kept.

        Args:
            path: the run directory.
            data: the pairs file that sentences are looked up in; None takes the run's encoder,
                or, where the embeddings were imported, the pairs file of the training.
            step: see `painting_of`.

        Raises:
            InputError: there is no run, no such checkpoint, or a file is damaged or not there.
        """
        self.path, self._step = Path(path), step
        generator = painting_of(path, step)
        # Before it is read: written anew meanwhile, it is read again.
        self._loaded = _stamp(generator)
        pairs = None if data is None else Path(data)
        self.config, self.embedder, channels = load_run(Path(path), pairs)
        self.network, self.prior = load_painting(
            generator, self.config, self.embedder.embedding_size, channels
        )
        self.identity = self._identity()

    def _identity(self) -> str:
        return weights_sha256(self.network, *self.embedder.networks)[:16]

    def refresh(self) -> bool:
        """Takes the weights that the run has by now; returns whether they are others.

        What it has stays where the file can't be read.
        """
        try:
            generator = painting_of(self.path, self._step)
            stamp = _stamp(generator)
            if stamp == self._loaded:
                return False
        except (InputError, OSError):
            return False
        self._loaded = stamp
        before = self.network.get_weights()
        try:
            load_weights(generator, self.network)
        except InputError:
            self.network.set_weights(before)
            return False
        self.identity = self._identity()
        return True

    def paint(
        self,
        captions: Sequence[str],
        count: int,
        seed: int,
        variety: float = VARIETY,
        pose: str = "",
        progress: Progress = silent,
    ) -> npt.NDArray[np.uint8]:
        """Returns uint8 [captions, count, s, s, C]; a column shares its latent.

        Args:
            captions: sentences, not empty.
            count: pictures of each.
            seed: of the latents.
            variety: see `varied`.
            pose: see `posed`; empty sets none.
            progress: of the pictures.
        """
        embedding = self.embed(captions).repeat(count, axis=0)
        latent = np.tile(self.latents(count, seed, variety, pose), (len(captions), 1))
        painted = self.paint_rows(embedding, latent, progress)
        return painted.reshape(len(captions), count, *painted.shape[1:])

    def embed(self, captions: Sequence[str]) -> Floats:
        """Returns float32 [n, d].

        Raises:
            InputError: there is no caption, or the encoder can't read one, or one is not in the
                pairs file where there is no encoder.
        """
        if not captions:
            raise InputError("captions: expected at least one sentence, got none; type one")
        return self.embedder.embed_typed(captions)

    def latents(self, count: int, seed: int, variety: float = VARIETY, pose: str = "") -> Floats:
        """Returns float32 [count, z] ~ N(0, 1), `varied`, and `posed` where there is a pose."""
        latent = varied(self.prior.draw(count, seed), variety)
        return posed(latent, self.prior, pose) if pose else latent

    def paint_rows(
        self,
        embedding: Floats,
        latent: Floats,
        progress: Progress = silent,
    ) -> npt.NDArray[np.uint8]:
        """Returns uint8 [n, s, s, C] of embeddings [n, d] and latents [n, z]."""
        blocks = []
        for start in range(0, len(latent), _BATCH):
            rows = slice(start, start + _BATCH)
            inputs = {"embedding": embedding[rows], "latent": latent[rows]}
            # Called as it is: tracing a graph takes longer than painting a few batches.
            blocks.append(to_uint8(self.network(inputs, training=False).numpy()))
            progress("painting", min(start + _BATCH, len(latent)), len(latent))
        return np.concatenate(blocks)


def _stamp(path: Path) -> tuple[int, ...]:
    """Returns what tells a file from the one that takes its place."""
    status = path.stat()
    return status.st_ino, status.st_mtime_ns, status.st_size


def load_run(path: Path, data: Path | None = None) -> tuple[RunConfig, Embedder, int]:
    """Returns the configuration of the run in `path`, what embeds its sentences, and channels.

    Args:
        path: the run directory.
        data: see `Painter`.

    Raises:
        InputError: there is no run, no checkpoint yet, or a file is damaged or not there.
    """
    painting_of(path)
    run = Run(path)
    config, record = load_config(run.config), read_record(run)
    if data:
        return config, load_sentences(data, record.encoder), record.channels
    return config, load_embedder(run, record), record.channels


def load_embedder(run: Run, record: Record, data: OpenPairs | None = None) -> Embedder:
    """Returns what embedded the sentences of a run.

    Args:
        run: its directory.
        record: in it.
        data: the pairs file where imported embeddings are looked up, there being no encoder;
            None for that of the training.

    Raises:
        InputError: a file is damaged or not there.
    """
    stamp = record.encoder
    if stamp is None or not stamp.imported:
        return load_encoder(run.encoder)
    return KnownSentences(data, stamp) if data else load_sentences(Path(record.pairs), stamp)


def load_painting(path: Path, config: RunConfig, embedding_size: int, channels: int) -> Painting:
    """Returns what paints: of the run in `path`, its last; or that of a generator's file.

    Raises:
        InputError: its file is damaged.
    """
    painting: Painting = offered(config).build_painting(config, Facts(embedding_size, channels))
    load_weights(Run(path).generator if path.is_dir() else path, painting.network)
    return painting
