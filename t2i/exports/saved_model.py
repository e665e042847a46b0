"""A run as a SavedModel: sentences as strings and latents in, pixels out: `--format saved-model`.

Tokenizer, encoder and generator are in the graph; no class of this package is.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf

from t2i.exports.source import Source


def save(source: Source, codes: Sequence[int], folder: Path) -> None:
    """Writes the model {sentence string [n], latent [n, z]} -> image uint8 [n, s, s, C].

    Its second signature, `floats`, gives the picture in [-1, 1].

    Args:
        source: the run.
        codes: of characters; the last of them stands for all others.
        folder: to be made.
    """
    module = tf.Module()
    module.encoder, module.generator = source.encoder.model, source.painter.network
    table = tf.constant(codes, tf.int32)
    length = source.encoder.config.length

    def image(sentence: Any, latent: Any) -> Any:
        inputs = {"embedding": module.encoder(_codes(sentence, table, length)), "latent": latent}
        return module.generator(inputs, training=False)

    def pixels(sentence: Any, latent: Any) -> Any:
        scaled = tf.round((image(sentence, latent) + 1.0) * 127.5)
        return {"image": tf.saturate_cast(scaled, tf.uint8)}

    def floats(sentence: Any, latent: Any) -> Any:
        return {"image": image(sentence, latent)}

    signature = [
        tf.TensorSpec((None,), tf.string, "sentence"),
        tf.TensorSpec((None, source.painter.prior.size), tf.float32, "latent"),
    ]
    module.paint = tf.function(pixels, input_signature=signature)
    module.floats = tf.function(floats, input_signature=signature)
    tf.saved_model.save(
        module, str(folder), {"serving_default": module.paint, "floats": module.floats}
    )


def _codes(sentence: Any, table: Any, length: int) -> Any:
    """Returns int32 [n, length] of strings [n], as `CharTokenizer.encode` of plain ones."""
    plain = tf.strings.regex_replace(tf.strings.strip(sentence), r"\s+", " ")
    cut = tf.strings.substr(plain, 0, length, unit="UTF8_CHAR")
    lower = tf.strings.lower(cut, encoding="utf-8")
    characters = tf.strings.unicode_decode(lower, "UTF-8", errors="replace").to_tensor(
        0, shape=[None, length]
    )
    return tf.gather(table, tf.minimum(characters, table.shape[0] - 1))
