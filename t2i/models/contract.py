"""What a model is: all that training, checkpoints, painting and evaluation know of one.

A model's module offers `needs(config)`; `build(config, facts)`, which makes a `Model` in the
strategy's scope; `build_painting(config, facts)`, which makes what paints, its weights to be filled
in; and `CURVES`, the terms that a progress bar and a page show. `catalogue` has a line for each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import keras
import numpy as np
import numpy.typing as npt

Tensor = Any
Floats = npt.NDArray[np.float32]
# Scalars by name, `side/term`: weighted loss terms, whose sums are the objectives, and what else
# is watched.
Terms = dict[str, Tensor]


class Batch(NamedTuple):
    """What one step of training looks at; b rows of one replica, of m over all of them.

    Where a model needs groups, the rows of a group are pictures of one class, side by side.

    Attributes:
        image: float32 [b, s, s, C] in [-1, 1].
        embedding: float32 [b, d], of the images' own captions.
        mismatched_embedding: float32 [b, d], of images of other classes.
        interpolated_embedding: float32 [b / 2, d], between the own embeddings of two images.
        latent: float32 [b + b / 2, z] ~ N(0, 1), the interpolated rows' last.
        real_chance: float32 [b, chances] in [0, 1), what augments the images.
        fake_chance: float32 [b + b / 2, chances] in [0, 1), what augments the pictures generated.
        embeddings: float32 [m, d], of the whole batch.
        own: int32 [b], which of them is the image's own.
        same: bool [b, m], which of them are of the image's class.
    """

    image: Tensor
    embedding: Tensor
    mismatched_embedding: Tensor
    interpolated_embedding: Tensor
    latent: Tensor
    real_chance: Tensor
    fake_chance: Tensor
    embeddings: Tensor
    own: Tensor
    same: Tensor


@dataclass(frozen=True)
class Needs:
    """What a model asks of its batches.

    Attributes:
        latent_size: z.
        captions: captions of an image whose embeddings are averaged, drawn with replacement.
        interpolation_beta: share of the first embedding in an interpolated one.
        chances: numbers in [0, 1) that augment a picture.
        group: pictures of one class that lie side by side.
        vision: networks that others trained and that take part, by name: none of them may judge.
    """

    latent_size: int
    captions: int
    interpolation_beta: float
    chances: int
    group: int = 1
    vision: tuple[str, ...] = ()


@dataclass(frozen=True)
class Facts:
    """What the data and the machine say; the rest of a model is its configuration.

    Attributes:
        embedding_size: numbers in an embedding.
        channels: of the pictures, 3 for colours and 1 for greys.
        embedding: [m, d], those trained on, to fit what is fitted; None where a network is built
            to be filled from a file.
        steps_per_epoch: steps that a schedule calls an epoch.
        precision: `float32` or `mixed_bfloat16`.
        fitted: False where what is fitted to the embeddings is to be loaded instead.
    """

    embedding_size: int
    channels: int
    embedding: Any = None
    steps_per_epoch: int = 1
    precision: str = "float32"
    fitted: bool = True


@dataclass(frozen=True)
class Prior:
    """What latents are drawn from: N(0, 1).

    Attributes:
        size: z.
        geometry: what the first of them do to a picture, each by a name; none where a latent has
            no meaning of its own.
        switches: those of these of which the sign alone counts.
    """

    size: int
    geometry: tuple[str, ...] = ()
    switches: tuple[str, ...] = ()

    def draw(self, count: int, seed: int | Sequence[int]) -> Floats:
        """Returns float32 [count, z]."""
        return np.random.default_rng(seed).standard_normal((count, self.size), np.float32)


class Painting(NamedTuple):
    """What paints.

    Attributes:
        network: {embedding [n, d], latent [n, z]} -> image [n, s, s, C] in [-1, 1]; stock layers,
            float32.
        prior: of the latents.
    """

    network: keras.Model
    prior: Prior


class Model(Protocol):
    """What is trained; built in the strategy's scope.

    Attributes:
        networks: what is trained, by name: the plan counts it, checkpoints keep it.
        kept: what else checkpoints keep, by name: optimizers, averages. The first optimizer
            gives the curve of the learning rate.
    """

    networks: Mapping[str, keras.Model]
    kept: Mapping[str, Any]

    def step(self, batch: Batch) -> Terms:
        """Updates the weights by one batch, in one replica: a pure function of the two."""
        ...

    def after_step(self, strategy: Any) -> None:
        """Does what is done once for all replicas, between their steps."""
        ...

    def weights(self) -> list[Floats]:
        """Returns the weights that paint best now, for the network of a `Painting`."""
        ...

    def start_from(self, weights: list[Floats]) -> None:
        """Makes what paints, and its average, start from the weights of a `Painting`."""
        ...
