"""In how many poses the birds of one sentence are painted.

    python benchmarks/poses.py demo/run [--count 8]

For each species never trained on, its plain sentence is painted several times, each with a latent
of its own. How far two pictures of a sentence are apart in the features of a network that took no
part, over how far two drawn birds of the species are: pooled, what there is to see, and the layout,
where it is. Beside it the same bird drawn over and over: one pose. Which way birds face is told by
the reader of the drawing code; `none` are those that have no one head, two most of all. Last, how
many birds face the way that the sentence asks for.
"""

import argparse
import json
from pathlib import Path
from random import Random

import numpy as np
import numpy.typing as npt
from machine import describe
from obedience import as_trained

from prep.synthetic.birds import FACINGS, Species, sample_bird, species_splits
from prep.synthetic.reader import NONE, read_facings
from t2i.compute.strategy import choose_strategy
from t2i.evaluation.measurers import load_features
from t2i.evaluation.metrics.diversity import within_groups
from t2i.images.pixels import Pixels
from t2i.painting.painter import Painter
from t2i.runs.shipping import run_named

JUDGE = Path("efficientnet-lite1")
ROWS = ("features", "layout")


def main() -> None:
    """Prints a row a kind of picture and, last, a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="a run directory, or a shipped run's name")
    parser.add_argument("--count", type=int, default=8, help="pictures a sentence")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    painter = Painter(run_named(arguments.run))
    count, species = arguments.count, species_splits()["test"]
    size = painter.config.image_size
    pictures = {
        "painted": _painted(painter, species, "", arguments),
        "drawn": _drawn(species, count, size, arguments.seed, of_one=False),
        "drawn, one bird": _drawn(species, count, size, arguments.seed, of_one=True),
    }
    group = np.arange(len(species)).repeat(count)
    distances = {kind: _distances(images, group) for kind, images in pictures.items()}
    print(describe())
    print(f"{'':18}{'pooled':>8}{'layout':>8}{'left':>8}{'right':>8}{'none':>8}   percent")
    figures: dict[str, float] = {}
    for kind, images in pictures.items():
        shares = [100 * float(np.mean(read_facings(images) == way)) for way in (*FACINGS, NONE)]
        ratios = [distances[kind][row] / distances["drawn"][row] for row in ROWS]
        print(f"{kind:18}" + "".join(f"{value:8.2f}" for value in ratios), end="")
        print("".join(f"{share:8.1f}" for share in shares))
        if kind == "painted":
            figures |= {f"{row}_of_drawn": r for row, r in zip(ROWS, ratios, strict=True)}
            figures["no_one_head_percent"] = shares[-1]
    obeyed = [
        read_facings(_painted(painter, species, f", facing {way}", arguments)) == way
        for way in FACINGS
    ]
    figures["facing_obeyed_percent"] = 100 * float(np.mean(obeyed))
    print(f"facing as asked: {figures['facing_obeyed_percent']:.1f} %")
    print(json.dumps(figures))


def _painted(
    painter: Painter, species: list[Species], ending: str, arguments: argparse.Namespace
) -> Pixels:
    """Returns `count` pictures of each species' sentence, [species * count, s, s, 3]."""
    sentences = [f"a {one.body} bird with {one.wing} wings{ending}" for one in species]
    embedding = painter.embed(sentences).repeat(arguments.count, axis=0)
    return painter.paint_rows(embedding, painter.latents(len(embedding), arguments.seed))


def _drawn(species: list[Species], count: int, size: int, seed: int, of_one: bool) -> Pixels:
    """Returns `count` drawn birds of each species; of one, its words are the same in all."""
    random = Random(seed)
    images = []
    for one in species:
        bird = sample_bird(one, random)
        for _ in range(count):
            images.append(as_trained(bird if of_one else sample_bird(one, random), random, size))
    return np.stack(images)


def _distances(images: Pixels, group: npt.NDArray[np.int64]) -> dict[str, float]:
    rows = load_features(JUDGE, choose_strategy())(images)
    return {name: within_groups(rows[name], group).value for name in ROWS}


if __name__ == "__main__":
    main()
