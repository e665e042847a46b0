"""A run as a SavedModel: sentences as strings and seeds in, pixels out: `--format saved-model`.

Tokenizer, NumPy's random numbers, encoder and generator are in the graph; no class of this package
is.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf

from t2i.exports.normals import latents
from t2i.exports.source import Source


def save(source: Source, codes: Sequence[int], folder: Path) -> None:
    """Writes the model {sentence string [n], seed int64 [n]} -> image uint8 [n, s, s, C].

    The picture is the first of the seed. Its other signatures take latents [n, z]: `latents` gives
    uint8, and `floats` the picture in [-1, 1].

    Args:
        source: the run.
        codes: of characters; the last of them stands for all others.
        folder: to be made.
    """
    module = tf.Module()
    module.encoder, module.generator = source.encoder.model, source.painter.network
    table = tf.constant(codes, tf.int32)
    length, size = source.encoder.config.length, source.painter.prior.size

    def image(sentence: Any, latent: Any) -> Any:
        inputs = {"embedding": module.encoder(_codes(sentence, table, length)), "latent": latent}
        return module.generator(inputs, training=False)

    def pixels(sentence: Any, latent: Any) -> Any:
        scaled = tf.round((image(sentence, latent) + 1.0) * 127.5)
        return {"image": tf.saturate_cast(scaled, tf.uint8)}

    def seeded(sentence: Any, seed: Any) -> Any:
        within = tf.reduce_all((seed >= 0) & (seed < 1 << 31))
        tf.debugging.Assert(within, ["seed: expected 0 to 2147483647, got", seed])
        return pixels(sentence, latents(seed, size))

    def floats(sentence: Any, latent: Any) -> Any:
        return {"image": image(sentence, latent)}

    sentence = tf.TensorSpec((None,), tf.string, "sentence")
    seed = tf.TensorSpec((None,), tf.int64, "seed")
    latent = tf.TensorSpec((None, size), tf.float32, "latent")
    module.paint = tf.function(seeded, input_signature=[sentence, seed])
    module.latents = tf.function(pixels, input_signature=[sentence, latent])
    module.floats = tf.function(floats, input_signature=[sentence, latent])
    signatures = {
        "serving_default": module.paint,
        "latents": module.latents,
        "floats": module.floats,
    }
    tf.saved_model.save(module, str(folder), signatures)


def _codes(sentence: Any, table: Any, length: int) -> Any:
    """Returns int32 [n, length] of strings [n], as `CharTokenizer.encode` of plain ones."""
    plain = tf.strings.regex_replace(tf.strings.strip(sentence), r"\s+", " ")
    cut = tf.strings.substr(plain, 0, length, unit="UTF8_CHAR")
    lower = tf.strings.lower(cut, encoding="utf-8")
    characters = tf.strings.unicode_decode(lower, "UTF-8", errors="replace").to_tensor(
        0, shape=[None, length]
    )
    return tf.gather(table, tf.minimum(characters, table.shape[0] - 1))
