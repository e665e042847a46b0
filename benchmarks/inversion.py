"""Whether a drawn bird keeps its pose and surroundings, and takes the colours of another sentence.

    python benchmarks/inversion.py demo/run [--count 100] [--out sheet.png]

Birds of species never trained on are drawn. Each is painted again from the latent that
`t2i train-inversion` finds, without being told what it shows, and then for a sentence that names
other colours of body and wings, and nothing else. The reader of the drawing code says which colours
it sees and which way the bird faces; the surroundings are those whose colours the border has. The
rows: the drawn birds themselves (how well is read), painted again (colours, as drawn), restyled
(colours, as asked), and restyled by a latent of its own (what is kept by chance). Last, pictures of
the generator's own, whose latents are known: how near they come, and how well their latents do.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from machine import describe
from obedience import as_trained

from prep.synthetic.birds import BACKGROUNDS, Bird, sample_bird, species_splits
from prep.synthetic.drawing import gradient
from prep.synthetic.reader import read_colours, read_facings
from t2i.images.pixels import Pixels, save_image
from t2i.images.sheets import grid
from t2i.models.contract import Floats, Prior
from t2i.painting.inversion.inverter import Inverter
from t2i.painting.inversion.places import inversion_of
from t2i.painting.inversion.training import targets
from t2i.painting.painter import Painter
from t2i.runs.shipping import run_named

# Pixels on each side that a bird does not reach.
_BORDER = 2


class Read(NamedTuple):
    """Shares of pictures, in percent."""

    body: float
    wing: float
    facing: float
    surroundings: float


def main() -> None:
    """Prints a row a kind of picture and, last, a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="a run directory, or a shipped run's name")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--refine", type=int, default=60)
    parser.add_argument("--out", type=Path, help="drawn, painted again and restyled: a column each")
    arguments = parser.parse_args()
    random, count = Random(arguments.seed), arguments.count
    species = species_splits()["test"]
    birds = [sample_bird(species[i % len(species)], random) for i in range(count)]
    # The colours of a species some places on: never both the same.
    others = [species[(i + 5) % len(species)] for i in range(count)]
    asked = [replace(b, body=o.body, wing=o.wing) for b, o in zip(birds, others, strict=True)]
    painter = Painter(run_named(arguments.run))
    drawn = np.stack([as_trained(bird, random, painter.config.image_size) for bird in birds])
    inverter = Inverter(painter, inversion_of(arguments.run))
    found = inverter.find(drawn, steps=arguments.refine)
    sentences = [f"a {bird.body} bird with {bird.wing} wings" for bird in asked]
    embedding = painter.embed(sentences)
    restyled = painter.paint_rows(embedding, found.latent)
    chance = painter.paint_rows(embedding, painter.latents(count, arguments.seed))
    rows = {
        "drawn": _read(drawn, birds),
        "painted again": _read(found.pictures, birds),
        "restyled": _read(restyled, asked),
        "by chance": _read(chance, asked),
    }
    _say(rows, count)
    print(f"painted again, off by {found.error.mean():.1f} of 255 (root mean square)")
    figures = {
        **{kind: read._asdict() for kind, read in rows.items()},
        "error": float(found.error.mean()),
        "own": _of_its_own(inverter, embedding, arguments),
        "count": count,
    }
    if arguments.out:
        _save(arguments.out, drawn, found.pictures, restyled)
    print(json.dumps(figures))


def _say(rows: dict[str, Read], count: int) -> None:
    print(describe())
    print(f"{'':16}" + "".join(f"{name:>14}" for name in Read._fields) + f"   % of {count}")
    for kind, read in rows.items():
        print(f"{kind:16}" + "".join(f"{share:14.1f}" for share in read))


def _of_its_own(
    inverter: Inverter, embedding: Floats, arguments: argparse.Namespace
) -> dict[str, float]:
    """Returns how far pictures painted again are off, and R^2 of their latents; prints both."""
    latent = inverter.painter.latents(len(embedding), arguments.seed + 1)
    pictures = inverter.painter.paint_rows(embedding, latent)
    found = inverter.find(pictures, steps=arguments.refine)
    explained = _explained(found.latent, latent, inverter.painter.prior)
    named = ", ".join(f"{name} {share:.2f}" for name, share in explained.items())
    print(f"its own pictures, off by {found.error.mean():.1f}; R^2 of latents: {named}")
    return {"error": float(found.error.mean()), **explained}


def _read(pictures: Pixels, birds: list[Bird]) -> Read:
    seen = read_colours(pictures)
    flags = (
        np.asarray(seen.body) == [bird.body for bird in birds],
        np.asarray(seen.wing) == [bird.wing for bird in birds],
        read_facings(pictures) == [bird.facing for bird in birds],
        _surroundings(pictures) == [bird.background for bird in birds],
    )
    return Read(*(100 * float(flag.mean()) for flag in flags))


def _explained(found: Floats, own: Floats, prior: Prior) -> dict[str, float]:
    """Returns R^2 of each latent with a name, of switches of the sign; and of the others."""
    aim, told = (targets(latent, prior).numpy() for latent in (own, found))
    each = 1 - np.square(told - aim).mean(axis=0) / aim.var(axis=0)
    named = {name: float(share) for name, share in zip(prior.geometry, each, strict=False)}
    return named | {"others": float(each[len(named) :].mean())}


def _surroundings(pictures: Pixels) -> npt.NDArray[np.str_]:
    """Returns the background whose gradient is nearest to the left and right border, [n]."""
    sides = [pictures[:, :, :_BORDER], pictures[:, :, -_BORDER:]]
    border = np.concatenate(sides, axis=2).astype(np.float32).mean(axis=2)
    known = np.stack([gradient(name, pictures.shape[1]) for name in BACKGROUNDS])
    apart = np.square(border[:, None] - known[None]).sum(axis=(2, 3))
    return np.array(list(BACKGROUNDS))[apart.argmin(axis=1)]


def _save(path: Path, *kinds: Pixels) -> None:
    shown = min(len(kinds[0]), 16)
    rows = np.stack([pictures[:shown] for pictures in kinds])
    scale = max(1, 64 // rows.shape[2])
    save_image(path, grid(rows.repeat(scale, axis=2).repeat(scale, axis=3)))


if __name__ == "__main__":
    main()
