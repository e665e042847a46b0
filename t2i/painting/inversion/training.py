"""Trains an inverting encoder, on pictures that the generator paints for it."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from t2i.errors import InputError
from t2i.files.disk import reserved
from t2i.models.contract import Floats, Painting, Prior, Tensor
from t2i.painting.inversion.network import build_inverting
from t2i.painting.inversion.places import save_inverting
from t2i.painting.painter import Painter
from t2i.pairs.reading import read
from t2i.progress import Progress, silent
from t2i.runs.checkpoints import Checkpoints
from t2i.runs.directory import Run
from t2i.runs.record import read_record

_BATCH = 32
_RATE = 2e-3
_CHECKPOINT_EVERY = 100
# Behind every step of training: what the encoder is measured on was never painted for it.
_FRESH = 1 << 40
_MEASURED = 512
_SENTENCES = 4096


@dataclass(frozen=True)
class Measured:
    """How well latents are told from pictures painted anew.

    Attributes:
        latent: R^2, the mean over the numbers of a latent.
        geometry: R^2 of each that has a name; of a switch, that of its sign.
        embedding: R^2 of all numbers of the embedding together.
    """

    latent: float
    geometry: dict[str, float]
    embedding: float


def sentences_of(run: Path, data: Path | None, splits: Sequence[str]) -> list[str]:
    """Returns thousands of sentences to paint for: captions that a run was trained on.

    Args:
        run: the run directory.
        data: the pairs file; None takes that of the training.
        splits: of its training.

    Raises:
        InputError: there is no such file, or it can't be read.
    """
    trained_on = read_record(Run(run)).pairs
    pairs = data or Path(trained_on)
    if not pairs.is_file():
        named = data or trained_on
        got = f"{pairs}, which is not there" if named else "none that the run was trained on"
        raise InputError(
            f"--data: expected a pairs file, whose captions are painted, got {got}; name one"
        )
    captions = read(pairs, splits, images=False, embeddings=False).caption
    return captions[:: -(-len(captions) // _SENTENCES)]


def train_inversion(
    painter: Painter,
    sentences: Sequence[str],
    out: Path,
    steps: int,
    progress: Progress = silent,
) -> Measured:
    """Trains an encoder to its end and writes it; begun before, it goes on where it stopped.

    Args:
        painter: whose latents are to be found; it stays as it is.
        sentences: that pictures are painted for, thousands of them.
        out: the encoder's file; what is needed to go on lies beside it meanwhile.
        steps: of 32 pictures each.
        progress: of the steps.

    Raises:
        InputError: the folder can't be written, or somebody else trains it.

    Source: Reed et al. 2016 (1605.05396), section 4.4: squared loss between z and S(G(z, t)).
    """
    folder = out.with_name(f"{out.name}.{painter.identity}.training")
    in_use = "expected an encoder that nobody trains, got one in use; wait for it"
    with reserved(folder, in_use, "copy the run to where you can write"):
        training = _Training(painter, sentences, steps)
        kept = Checkpoints(training.kept, folder, kept=1, writes=True)
        done = kept.restore(advice=f"remove {folder}")
        progress("training", done, steps)
        for step in range(done, steps):
            training.step(step)
            progress("training", step + 1, steps)
            if (step + 1) % _CHECKPOINT_EVERY == 0:
                kept.save(step + 1)
        measured = training.measured()
        save_inverting(out, training.network, painter)
        shutil.rmtree(folder, ignore_errors=True)
    return measured


def targets(latent: Tensor, prior: Prior) -> Tensor:
    """Returns what can be told of latents [n, z]: of a switch, its sign alone."""
    return tf.where(switched(prior), tf.sign(latent), latent)


def switched(prior: Prior) -> npt.NDArray[np.bool_]:
    """Returns which numbers of a latent are switches, [z]."""
    columns = [prior.geometry.index(name) for name in prior.switches]
    return np.isin(np.arange(prior.size), columns)


def weights(prior: Prior) -> Floats:
    """Returns how much each number of a latent counts, [z]; 1 in the mean.

    Those that have names count as much together as all others: they are few, and say where things
    are, while much of the others can't be seen.
    """
    named = len(prior.geometry)
    if named in (0, prior.size):
        return np.ones(prior.size, np.float32)
    both = np.repeat([0.5 / named, 0.5 / (prior.size - named)], [named, prior.size - named])
    return (both * prior.size).astype(np.float32)


class _Training:
    """An encoder on its way."""

    def __init__(self, painter: Painter, sentences: Sequence[str], steps: int) -> None:
        keras.utils.set_random_seed(painter.config.seed)
        self._painter = painter
        self._embedding: Floats = painter.embedder.embed(sentences)
        self._variance = float(self._embedding.var(axis=0).mean())
        self._weight = weights(painter.prior)
        self.network = build_inverting(Painting(painter.network, painter.prior))
        # From the mean on, only what differs is to be learnt.
        self.network.get_layer("embedding").bias.assign(self._embedding.mean(axis=0))
        rate = keras.optimizers.schedules.PolynomialDecay(_RATE, steps, 0.0)
        self._optimizer = keras.optimizers.Adam(rate)
        self._optimizer.build(self.network.trainable_variables)
        self._updated = tf.function(self._update)
        self.kept = {"network": self.network, "optimizer": self._optimizer}

    def step(self, step: int) -> None:
        """Paints a batch that only this step sees, and learns from it."""
        self._updated(*self._drawn(step, _BATCH))

    def _drawn(self, step: int, count: int) -> tuple[Floats, Floats]:
        seed = (self._painter.config.seed, step)
        rows = np.random.default_rng((*seed, 1)).integers(0, len(self._embedding), count)
        return self._embedding[rows], self._painter.prior.draw(count, seed)

    def _update(self, embedding: Tensor, latent: Tensor) -> None:
        inputs = {"embedding": embedding, "latent": latent}
        image = self._painter.network(inputs, training=False)
        with tf.GradientTape() as tape:
            told = self.network(image, training=True)
            aim = targets(latent, self._painter.prior)
            loss = tf.reduce_mean(self._weight * tf.square(told["latent"] - aim))
            apart = tf.reduce_mean(tf.square(told["embedding"] - embedding))
            loss += apart / self._variance
        variables = self.network.trainable_variables
        self._optimizer.apply(tape.gradient(loss, variables), variables)

    def measured(self) -> Measured:
        """Returns R^2 on pictures that no step has seen."""
        embedding, latent = self._drawn(_FRESH, _MEASURED)
        told: Any = []
        for start in range(0, _MEASURED, _BATCH):
            rows = slice(start, start + _BATCH)
            inputs = {"embedding": embedding[rows], "latent": latent[rows]}
            image = self._painter.network(inputs, training=False)
            told.append(self.network(image, training=False))
        found = np.concatenate([part["latent"] for part in told])
        aim = targets(latent, self._painter.prior).numpy()
        each = 1 - np.square(found - aim).mean(axis=0) / aim.var(axis=0)
        apart = np.square(np.concatenate([part["embedding"] for part in told]) - embedding)
        return Measured(
            latent=float(each.mean()),
            geometry=dict(zip(self._painter.prior.geometry, map(float, each), strict=False)),
            embedding=float(1 - apart.mean() / embedding.var(axis=0).mean()),
        )
