"""Captions a second that the text encoder embeds, and learns from, at two sizes.

    python benchmarks/text_encoder.py [--repeats 5]

The published size is configs/encoder.yaml, the small one configs/encoder_small.yaml; the
pictures and captions are made up, which makes no difference to the speed. Training includes the
image side. The last line is JSON.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
from machine import describe

from prep.encoder_step import EncoderTraining
from t2i import configfile
from t2i.captions import CharTokenizer
from t2i.encoder_config import EncoderConfig
from t2i.image_encoder import build_image_encoder
from t2i.pairs import Pairs
from t2i.text_encoder import TextEncoder, build_text_encoder, parameter_count

CONFIGS = Path(__file__).parents[1] / "configs"
PICTURES, CAPTIONS, CLASSES, SIDE = 400, 10, 50, 76
STEPS = 5
EMBEDDED = 1024


def main() -> None:
    """Prints the table, then JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    print(describe())
    print(f"captions a second, medians of {repeats}: {'parameters':>15}{'embed':>9}{'train':>9}")
    results = {}
    for name, file in (("published", "encoder.yaml"), ("small", "encoder_small.yaml")):
        config = configfile.load(CONFIGS / file, EncoderConfig)
        parameters, embed, train = rates(config, repeats)
        print(f"{name:40}{parameters:12,}{embed:9,.0f}{train:9,.0f}", flush=True)
        results[name] = {"embed": round(embed), "train": round(train)}
    print(json.dumps({"unit": "captions/s", **results}))


def rates(config: EncoderConfig, repeats: int) -> tuple[int, float, float]:
    """Returns the text side's parameters, and captions a second embedded and trained on."""
    data = made_up_pairs()
    tokenizer = CharTokenizer(config.text.length)
    network = build_text_encoder(config.text, tokenizer.vocabulary_size)
    encoder = TextEncoder(network, tokenizer, config.text)
    images = build_image_encoder(config.image, config.text.embedding_size)
    training = EncoderTraining(config, data, encoder, images)
    embed = EMBEDDED / seconds(lambda: encoder.embed(data.caption[:EMBEDDED]), repeats)
    train = STEPS * training.batch_size / seconds(lambda: training.run(0, STEPS), repeats)
    return parameter_count(config.text, tokenizer.vocabulary_size), embed, train


def seconds(work: Callable[[], object], repeats: int) -> float:
    """Returns the median time of a call; the first, which traces, is left out."""
    work()
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return median(times)


def made_up_pairs() -> Pairs:
    """Returns random pictures with captions of CUB's mean length, 75 characters."""
    rng = np.random.default_rng(0)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz     "))
    return Pairs(
        image=rng.integers(0, 256, (PICTURES, SIDE, SIDE, 3)).astype(np.uint8),
        caption=["".join(row) for row in rng.choice(letters, (PICTURES * CAPTIONS, 75))],
        embedding=None,
        caption_offset=np.arange(PICTURES + 1) * CAPTIONS,
        class_id=(np.arange(PICTURES) % CLASSES).astype(np.int32),
        name=[f"picture {index}" for index in range(PICTURES)],
    )


if __name__ == "__main__":
    main()
