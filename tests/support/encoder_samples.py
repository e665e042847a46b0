"""Text encoders small enough for a test."""

import keras

from t2i.encoders.config import ConvolutionConfig, TextEncoderConfig
from t2i.encoders.text import TextEncoder, build_text_encoder
from t2i.encoders.tokenizers import CharTokenizer, SentencePieceTokenizer, train_sentencepiece

TEXTS = ["a red bird with black wings", "a blue bird", "a red bird with black wings", "Ω\udc80"]
# What stands between the convolutions and the mean, and whether its first step is apart.
RECURRENT = [("gru", False), ("gru", True), ("relu", False), ("relu", True), ("none", False)]
TINY = TextEncoderConfig(
    length=20,
    convolutions=[ConvolutionConfig(filters=6, pool_size=2, pool_stride=2)],
    batch_norm=True,
    dropout=0.2,
    recurrent_units=5,
    embedding_size=4,
)


def tiny_encoder(tokenizer: str = "char", **changes: object) -> TextEncoder:
    config = TINY.model_copy(update={"tokenizer": tokenizer, **changes})
    keras.utils.set_random_seed(3)
    if tokenizer == "char":
        own = CharTokenizer(config.length)
    else:
        own = SentencePieceTokenizer(train_sentencepiece(TEXTS[:2], 40), config.length)
    return TextEncoder(build_text_encoder(config, own.vocabulary_size), own, config)
