"""How often painted birds show the colours of their sentences.

    python benchmarks/obedience.py demo/run [--count 200]

Fresh captions of species never trained on are painted, one picture each, and the reader of the
drawing code says which body and wing colour it sees. The reader itself is measured beside it, on
drawn birds of the same species.
"""

import argparse
import json
from pathlib import Path
from random import Random

import numpy as np
from machine import describe
from PIL import Image

from prep.synthetic.birds import Bird, sample_bird, species_splits
from prep.synthetic.captions import captions
from prep.synthetic.drawing import draw
from prep.synthetic.reader import read_colours
from t2i.images.pixels import save_image
from t2i.images.sheets import grid
from t2i.images.squares import crop_and_resize
from t2i.painting.painter import Painter
from t2i.runs.shipping import run_named


def main() -> None:
    """Prints the shares and, last, a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="a run directory, or a shipped run's name")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--split", default="test", choices=("train", "val", "test"))
    parser.add_argument("--out", type=Path, help="a grid of the pictures, drawn ones below")
    arguments = parser.parse_args()
    random = Random(arguments.seed)
    species = species_splits()[arguments.split]
    birds = [sample_bird(species[i % len(species)], random) for i in range(arguments.count)]
    sentences = [captions(bird, random, 1)[0] for bird in birds]
    painter = Painter(run_named(arguments.run))
    embedding = painter.embed(sentences)
    painted = painter.paint_rows(embedding, painter.latents(arguments.count, arguments.seed))
    size = painter.config.image_size
    drawn = np.stack([as_trained(bird, random, size) for bird in birds])
    figures = {
        **_shares("painted", painted, birds),
        **_shares("drawn", drawn, birds),
        "captions": arguments.count,
    }
    print(describe())
    print(f"{'':10}{'body':>8}{'wing':>8}{'both':>8}   percent of {arguments.count} pictures")
    for kind in ("painted", "drawn"):
        row = "".join(f"{figures[f'{kind}_{part}_percent']:8.1f}" for part in PARTS)
        print(f"{kind:10}{row}")
    if arguments.out:
        shown = min(arguments.count, 64) // 16 * 16
        rows = [painted[:shown].reshape(-1, 16, size, size, 3)]
        rows.append(drawn[:shown].reshape(-1, 16, size, size, 3))
        save_image(arguments.out, grid(np.concatenate(rows).repeat(2, axis=2).repeat(2, axis=3)))
    print(json.dumps(figures))


PARTS = ("body", "wing", "both")


def as_trained(bird: Bird, random: Random, size: int) -> np.ndarray:
    """Returns a bird drawn and cropped as the pictures trained on, uint8 [size, size, 3]."""
    drawing = draw(bird, random)
    return crop_and_resize(Image.fromarray(np.asarray(drawing.image)), drawing.box, size)


def _shares(kind: str, images: np.ndarray, birds: list[Bird]) -> dict[str, float]:
    seen = read_colours(images)
    body = np.asarray(seen.body) == [bird.body for bird in birds]
    wing = np.asarray(seen.wing) == [bird.wing for bird in birds]
    right = dict(zip(PARTS, (body, wing, body & wing), strict=True))
    return {f"{kind}_{part}_percent": 100 * float(flags.mean()) for part, flags in right.items()}


if __name__ == "__main__":
    main()
