"""Captions a second that the text encoder embeds, and learns from.

    python benchmarks/text_encoder.py [--repeats 5] [--captions DIR]

The published sizes are configs/encoder.yaml and configs/encoder_cvpr2016.yaml. The pictures are
made up, which makes no difference to the speed. The captions are CUB's, a folder of text files,
or made up of words of which some are frequent: how often phrases recur does make a difference.
Training includes the image side: `train` as published, over 1,024 features of frozen pictures,
`both` with the network of the configurations, which learns with the text. The floor is the
published arithmetic, every convolution at every place of a caption, at the rate of a large
matrix product in the same process. The last line is JSON.
"""

import argparse
import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

import keras
import numpy as np
import tensorflow as tf
from machine import describe

from prep.encoder.step import EncoderTraining, image_side_to_train
from t2i.config.file import load
from t2i.encoders.config import EncoderConfig, TextEncoderConfig
from t2i.encoders.image import ImageEncoder
from t2i.encoders.text import TextEncoder, build_text_encoder, parameter_count
from t2i.encoders.tokenizers import CharTokenizer
from t2i.pairs.reading import Pairs

CONFIGS = Path(__file__).parents[1] / "configs"
SIZES = {
    "icml2016": "encoder.yaml",
    "cvpr2016": "encoder_cvpr2016.yaml",
    "small": "encoder_small.yaml",
}
PICTURES, CAPTIONS, CLASSES, SIDE = 400, 10, 50, 76
FEATURES = 1024
STEPS = 5
EMBEDDED = 4000


def main() -> None:
    """Prints the table, then JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--captions", type=Path, help="folder of CUB's captions [made-up ones]")
    arguments = parser.parse_args()
    data = pairs_of(read(arguments.captions) if arguments.captions else made_up())
    print(describe())
    gflops = gemm_gflops()
    print(
        f"matrix product {gflops:.0f} GFLOP/s; captions a second, medians of {arguments.repeats}:"
    )
    heads = ("parameters", "embed", "x floor", "train", "x floor", "both")
    print(f"{'':12}{heads[0]:>12}" + "".join(f"{head:>9}" for head in heads[1:]))
    figures: dict[str, float] = {"gemm_gflops": round(gflops)}
    for name, file in SIZES.items():
        config = load(CONFIGS / file, EncoderConfig)
        parameters, embed, train, both = rates(config, data, arguments.repeats)
        most = gflops / gflop(config.text)
        print(
            f"{name:12}{parameters:12,}{embed:9,.0f}{most / embed:9.2f}"
            f"{train:9,.0f}{most / 3 / train:9.2f}{both:9,.0f}",
            flush=True,
        )
        figures[f"{name}_embed_captions_per_second"] = round(embed)
        figures[f"{name}_train_captions_per_second"] = round(train)
        figures[f"{name}_train_both_captions_per_second"] = round(both)
        figures[f"{name}_embed_at_gemm_peak_captions_per_second"] = round(most)
    print(json.dumps(figures))


def rates(config: EncoderConfig, data: Pairs, repeats: int) -> tuple[int, float, float, float]:
    """Returns the text side's parameters, and captions a second: embedded, trained on, and
    trained on beside the image network.
    """
    tokenizer = CharTokenizer(config.text.length)
    network = build_text_encoder(config.text, tokenizer.vocabulary_size)
    encoder = TextEncoder(network, tokenizer, config.text)
    texts = data.caption[:EMBEDDED]
    embed = len(texts) / seconds(lambda: encoder.embed(texts), repeats)
    train = []
    for images in (frozen(config.text.embedding_size), image_side_to_train(config)):
        training = EncoderTraining(config, data, encoder, images)
        launch = partial(training.run, 0, STEPS)
        train.append(STEPS * training.batch_size / seconds(launch, repeats))
    return parameter_count(config.text, tokenizer.vocabulary_size), embed, train[0], train[1]


def frozen(embedding_size: int) -> ImageEncoder:
    """Returns an image side that learns one layer over features, here the pictures' mean colours.

    As many features as GoogLeNet gives, which the published training reads.
    """
    pictures, features = keras.Input((SIDE, SIDE, 3)), keras.Input((FEATURES,))
    mean = keras.layers.GlobalAveragePooling2D()(pictures)
    below = keras.Model(pictures, keras.layers.Dense(FEATURES)(mean))
    trained = keras.Model(features, keras.layers.Dense(embedding_size)(features))
    return ImageEncoder(keras.Model(pictures, trained(below(pictures))), below, trained)


def gflop(config: TextEncoderConfig) -> float:
    """Returns the multiplications and additions for a caption as published; characters look up."""
    count, places, channels = 0, config.length, 0
    for layer in config.convolutions:
        places -= layer.kernel_size - 1
        count += places * layer.kernel_size * max(1, channels) * layer.filters
        if layer.pool_size > 1:
            places = (places - layer.pool_size) // layer.pool_stride + 1
        channels = layer.filters
    units = config.recurrent_units
    gates = 3 if config.recurrent == "gru" else 1
    count += places * gates * units * (channels + units) + units * config.embedding_size
    return 2 * count / 1e9


def gemm_gflops(size: int = 2048) -> float:
    """Returns GFLOP/s of a square matrix product, the best of several."""
    square = tf.random.stateless_normal((size, size), (0, 0))
    times = []
    for _ in range(6):
        began = time.perf_counter()
        tf.matmul(square, square)[0, 0].numpy()
        times.append(time.perf_counter() - began)
    return 2 * size**3 / min(times) / 1e9


def seconds(work: Callable[[], object], repeats: int) -> float:
    """Returns the median time of a call; the first, which traces, is left out."""
    work()
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return median(times)


def read(folder: Path) -> list[str]:
    """Returns the captions of a folder of text files, a caption a line, in a fixed random order."""
    lines = [
        line.strip()
        for path in sorted(folder.rglob("*.txt"))
        for line in path.read_text("utf-8", errors="replace").splitlines()
        if line.strip()
    ]
    return [lines[i] for i in np.random.default_rng(0).permutation(len(lines))]


def made_up() -> list[str]:
    """Returns captions of CUB's mean length, 75 characters, of 500 words, some frequent."""
    random = np.random.default_rng(0)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    words = ["".join(random.choice(letters, size)) for size in random.integers(2, 9, 500)]
    share = 1 / np.arange(1, 501)
    rows = random.choice(words, (PICTURES * CAPTIONS, 13), p=share / share.sum())
    return [" ".join(row) for row in rows]


def pairs_of(captions: list[str]) -> Pairs:
    """Returns random pictures with the first captions."""
    random = np.random.default_rng(0)
    return Pairs(
        image=random.integers(0, 256, (PICTURES, SIDE, SIDE, 3)).astype(np.uint8),
        caption=captions[: PICTURES * CAPTIONS],
        embedding=None,
        caption_offset=np.arange(PICTURES + 1) * CAPTIONS,
        class_id=(np.arange(PICTURES) % CLASSES).astype(np.int32),
        name=[f"picture {index}" for index in range(PICTURES)],
    )


if __name__ == "__main__":
    main()
