"""A painter whose latents can be told from its pictures, and that is ready at once."""

from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from t2i.models.contract import Prior
from t2i.painting.painter import Painter

SIZE, LATENT, EMBEDDING = 8, 3, 2
PRIOR = Prior(LATENT, ("right", "down", "mirror"), ("mirror",))
WORDS = ["one", "two", "three", "four"]


class _Words:
    embedding_size, networks = EMBEDDING, ()

    def embed(self, sentences: list[str]) -> np.ndarray:
        rows = np.random.default_rng(3).standard_normal((len(WORDS), EMBEDDING))
        # Any other word says the same as the last.
        known = [WORDS.index(text) if text in WORDS else -1 for text in sentences]
        return rows.astype(np.float32)[known]


def painter() -> Any:
    """Pictures of 8 pixels, from embedding, two latents, and the sign of the third."""
    keras.utils.set_random_seed(1)
    embedding = keras.Input((EMBEDDING,), name="embedding")
    latent = keras.Input((LATENT,), name="latent")
    sign = keras.ops.sign(latent[:, 2:])
    x = keras.layers.Concatenate()([embedding, latent[:, :2], sign])
    x = keras.layers.Dense(SIZE * SIZE * 3, kernel_initializer="orthogonal")(x)
    x = keras.layers.Rescaling(3.0)(x)
    image = keras.layers.Activation("tanh")(keras.layers.Reshape((SIZE, SIZE, 3))(x))
    made: Any = Painter.__new__(Painter)
    made.network = keras.Model({"embedding": embedding, "latent": latent}, image)
    made.prior, made.embedder = PRIOR, _Words()
    made.embed, made.identity = made.embedder.embed, made._identity()
    made.refresh = lambda: False
    made.config = SimpleNamespace(seed=0, image_size=SIZE)
    return made


def other_painter() -> Any:
    """The same, but for its weights."""
    made = painter()
    made.network.set_weights([np.float32(0.5) * w for w in made.network.get_weights()])
    made.identity = made._identity()
    return made


def painted(made: Any, count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns uint8 pictures, and the embeddings and latents that they are of."""
    rows = np.random.default_rng(seed).integers(0, len(WORDS), count)
    embedding = made.embedder.embed([WORDS[row] for row in rows])
    latent = made.prior.draw(count, seed)
    return made.paint_rows(embedding, latent), embedding, latent


def weights_of(model: Any) -> list[np.ndarray]:
    return [tf.convert_to_tensor(weight).numpy() for weight in model.weights]
