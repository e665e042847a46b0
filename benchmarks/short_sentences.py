"""Whether the colour of a short sentence comes: real birds' colours, read off painted pictures.

    python benchmarks/short_sentences.py RUN [--count 16] [--out sheet.png]
    python benchmarks/short_sentences.py RUN --pairs birds.h5 --attributes CUB_200_2011/attributes

Two dozen sentences, colours x {plain, with wings, with a belly}, a number of pictures each. The
reader finds the bird by efficientnet-lite1, which classifies every place of an enlarged picture:
where birds of ImageNet are at least half as likely as where they are likeliest. A colour is seen
where it covers a share of the bird that was chosen, colour by colour, on real pictures of classes
to which half of CUB's annotators gave that primary colour; --pairs and --attributes measure that
anew, hits and false alarms. Greys it can hardly tell (area under the curve .62): they are no part
of the overall share. Beside each sentence stands how often its colour is seen in the pictures of
all sentences that do not ask for it.

Source of the colours: the basic terms of Berlin & Kay 1969, by lightness, chroma and hue (CIELAB).
"""

import argparse
import json
from functools import cache
from pathlib import Path

import h5py
import keras
import numpy as np
import numpy.typing as npt
from machine import describe

from t2i.evaluation.metrics.agreement import load_classes
from t2i.images.pixels import save_image
from t2i.images.sheets import captioned_grid
from t2i.painting.painter import Painter
from t2i.runs.shipping import run_named
from t2i.vision.lite import build_lite
from t2i.vision.networks import LITE_NETWORKS

NAMES = (
    "black",
    "white",
    "grey",
    "brown",
    "red",
    "orange",
    "yellow",
    "green",
    "blue",
    "purple",
    "pink",
)
# Share of a bird from which on a colour is seen; of real birds' primary colours, see --attributes.
LEAST = {
    "black": 0.19, "white": 0.07, "grey": 0.28, "brown": 0.18, "red": 0.04, "orange": 0.04,
    "yellow": 0.1, "green": 0.16, "blue": 0.04,
}  # fmt: skip
UNSURE = "grey"
SENTENCES = [
    *(
        (f"a {colour} bird", colour, None)
        for colour in ("red", "yellow", "blue", "green", "black", "white", "brown", "grey")
    ),
    ("a bright red bird", "red", None),
    ("a bright orange bird", "orange", None),
    ("this bird is bright yellow", "yellow", None),
    ("this bird is blue all over", "blue", None),
    ("a red bird with black wings", "red", "black"),
    ("a yellow bird with black wings", "yellow", "black"),
    ("a blue bird with black wings", "blue", "black"),
    ("a green bird with brown wings", "green", "brown"),
    ("a black bird with red wings", "black", "red"),
    ("a white bird with grey wings", "white", "grey"),
    ("a brown bird with a white belly", "brown", "white"),
    ("a grey bird with a white belly", "grey", "white"),
    ("a black bird with a white belly", "black", "white"),
    ("a grey bird with a yellow belly", "grey", "yellow"),
    ("a blue bird with a white belly", "blue", "white"),
]
_JUDGE, _LOOKED_AT = "efficientnet-lite1", 320
_REGION = 0.5
_AGREED = 50.0
# Every so many pixels are looked at.
_STEP = 3

Floats = npt.NDArray[np.float32]


def main() -> None:
    """Prints a row a sentence, the share over all, and last a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="a run directory, or birds")
    parser.add_argument("--count", type=int, default=16, help="pictures a sentence")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="a sheet of four pictures a sentence")
    parser.add_argument("--pairs", type=Path, help="a pairs file of CUB, to measure the reader on")
    parser.add_argument("--attributes", type=Path, help="the folder of CUB's attributes")
    arguments = parser.parse_args()
    print(describe())
    if arguments.pairs and arguments.attributes:
        measure_reader(arguments.pairs, arguments.attributes)
    painter = Painter(run_named(arguments.run))
    embedding = painter.embed([sentence for sentence, _, _ in SENTENCES])
    latents = painter.latents(arguments.count, arguments.seed)
    painted = np.stack(
        [
            painter.paint_rows(np.repeat(row[None], arguments.count, axis=0), latents)
            for row in embedding
        ]
    )
    if arguments.out:
        sheet = captioned_grid(painted[:, :4], [sentence for sentence, _, _ in SENTENCES])
        save_image(arguments.out, sheet)
    seen = [{colour: covers(images, colour) for colour in LEAST} for images in map(read, painted)]
    came = []
    for (sentence, colour, part), of_sentence in zip(SENTENCES, seen, strict=True):
        others = [
            flags[colour]
            for (_, *asked), flags in zip(SENTENCES, seen, strict=True)
            if colour not in asked
        ]
        share, unasked = 100 * of_sentence[colour].mean(), 100 * np.mean(others)
        row = f"{sentence:36}{share:6.0f} ({unasked:.0f} unasked)"
        if part:
            row += f"   {part} {100 * of_sentence[part].mean():.0f}"
        print(row)
        if colour != UNSURE:
            came.append(share)
    print(
        f"the bird's colour came in {np.mean(came):.1f} %, least {min(came):.0f} %; greys left out"
    )
    print(json.dumps({"colour_percent": round(float(np.mean(came)), 1), "least": min(came)}))


def measure_reader(pairs: Path, attributes: Path, most: int = 8) -> None:
    """Prints how often the reader gives real birds the primary colour that people gave the class.

    Args:
        pairs: of CUB.
        attributes: folder with `attributes.txt` and `class_attribute_labels_continuous.txt`.
        most: pictures of a class.
    """
    lines = (attributes / "attributes.txt").read_text().splitlines()
    columns = {
        line.split("::")[1]: index
        for index, line in enumerate(lines)
        if "has_primary_color::" in line
    }
    table = np.loadtxt(attributes / "class_attribute_labels_continuous.txt")
    shares: list[Floats] = []
    primary: list[str] = []
    with h5py.File(pairs) as file:
        for split in ("train", "val", "test"):
            names = file[split]["name"].asstr()[:]
            classes = np.array([name.split("/")[0] for name in names])
            for name in np.unique(classes):
                share = table[int(name.split(".")[0]) - 1, list(columns.values())]
                colour = list(columns)[int(share.argmax())]
                if colour not in LEAST or share.max() < _AGREED:
                    continue
                rows = np.flatnonzero(classes == name)[:most]
                shares.append(read(np.stack([file[split]["image"][row] for row in rows])))
                primary += [colour] * len(rows)
    covered, labels = np.concatenate(shares), np.array(primary)
    for colour in sorted(set(primary)):
        found = covers(covered, colour)
        own, other = 100 * found[labels == colour].mean(), 100 * found[labels != colour].mean()
        print(f"real birds that are {colour}: seen in {own:.0f} %, in {other:.0f} % of others")


def covers(covered: Floats, colour: str) -> npt.NDArray[np.bool_]:
    """Returns whether a colour is seen on each bird, of the shares [n, 11] that colours cover."""
    return covered[:, NAMES.index(colour)] >= LEAST[colour]


def read(images: npt.NDArray[np.uint8]) -> Floats:
    """Returns the share of each bird that each basic colour covers, [n, 11].

    Args:
        images: [n, s, s, 3].
    """
    likely = bird_likelihood(images)[:, ::_STEP, ::_STEP]
    region = likely >= _REGION * likely.max(axis=(1, 2), keepdims=True)
    named = name_colours(images[:, ::_STEP, ::_STEP])
    covered = np.stack([(region & (named == k)).sum(axis=(1, 2)) for k in range(len(NAMES))], 1)
    return (covered / covered.sum(axis=1, keepdims=True)).astype(np.float32)


def name_colours(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """Returns the basic colour of each pixel [..., 3], as an index of `NAMES`."""
    lightness, *opponents = np.moveaxis(to_lab(pixels), -1, 0)
    chroma = np.hypot(*opponents)
    hue = np.degrees(np.arctan2(opponents[1], opponents[0])) % 360
    # The last that holds counts.
    rules = [
        ("pink", hue >= 325),
        ("purple", hue < 325),
        ("blue", hue < 290),
        ("green", hue < 170),
        ("yellow", hue < 105),
        ("orange", hue < 66),
        ("red", hue < 45),
        ("brown", ((hue < 95) | (hue > 345)) & (chroma < 34)),
        ("brown", (hue > 20) & (hue < 95) & (lightness < 30) & (chroma < 40)),
        ("grey", (hue >= 95) & (hue < 170) & (chroma < 14)),
        ("grey", chroma < 10),
        ("black", (chroma < 10) & (lightness < 32)),
        ("white", (chroma < 10) & (lightness >= 68)),
        ("black", lightness < 18),
        ("white", (lightness > 88) & (chroma < 18)),
    ]
    named = np.zeros(lightness.shape, np.int64)
    for name, holds in rules:
        named[holds] = NAMES.index(name)
    return named


def bird_likelihood(images: npt.NDArray[np.uint8]) -> Floats:
    """Returns how likely each place shows a bird, of the pictures' size, [n, s, s] in [0, 1]."""
    shown = keras.ops.image.resize(images.astype(np.float32), (_LOOKED_AT, _LOOKED_AT))
    places = np.asarray(_classifier().predict(shown, batch_size=16, verbose=0))
    birds = places[..., sorted(load_classes("birds").indices)].sum(axis=-1, keepdims=True)
    return np.asarray(keras.ops.image.resize(birds, images.shape[1:3]))[..., 0]


@cache
def _classifier() -> keras.Model:
    """Returns the judge, classifying every place of its last map: [n, h, w, 1000]."""
    model = build_lite(LITE_NETWORKS[_JUDGE], _LOOKED_AT)
    pooling = model.get_layer("pooled")
    dense = model.get_layer("classes")
    places = keras.layers.Dense(dense.units, activation="softmax", name="places")
    classified = places(pooling.input)
    places.set_weights(dense.get_weights())
    return keras.Model(model.input, classified)


def to_lab(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Returns sRGB pixels [..., 3] in CIELAB, white point D65 (IEC 61966-2-1; CIE 15)."""
    value = pixels / 255.0
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    matrix = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    xyz = linear @ matrix.T / [0.9505, 1.0, 1.089]
    root = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = np.moveaxis(root, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


if __name__ == "__main__":
    main()
