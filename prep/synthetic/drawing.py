"""Drawing a bird: the shapes of its parts, their place in the picture, and the paint.

The shapes are the only description of where a bird's colours are; the reader of
`prep.synthetic.reader` builds its regions from them too.
"""

from dataclasses import dataclass
from random import Random
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from prep.synthetic.birds import BACKGROUNDS, BEAKS, BELLIES, PALETTE, RGB, Bird

PICTURE_SIZE = 128
_SUPERSAMPLING = 3
# The longer side of the box in pixels. A CUB crop is 1.5 times as wide: at most 120 pixels.
_BOX_SIZES = {"small": (60.0, 68.0), "large": (72.0, 80.0)}
_POINTS = 48
_ANGLES = np.linspace(0, 2 * np.pi, _POINTS, endpoint=False)
_LEG = (92, 70, 62)
_EYE = (24, 22, 26)
_GLINT = (255, 255, 255)

Outline = NDArray[np.float64]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Build:
    """The proportions of a bird, lengths in units of about half its body."""

    body: tuple[float, float]
    head: float
    head_at: tuple[float, float]
    eye: float
    tail: float
    wing: float
    leg: float


_BUILDS = {
    "small": Build((0.94, 0.82), 0.58, (0.60, -0.74), 0.16, 0.30, 1.20, 0.30),
    "large": Build((1.14, 0.86), 0.50, (0.82, -0.86), 0.135, 0.50, 1.36, 0.42),
}


@dataclass(frozen=True)
class Pose:
    """What varies from picture to picture without a name; the default is the plain pose.

    Attributes:
        tilt: degrees the bird's front is lifted.
        wing: degrees the tip of the wing is lifted.
        tail: degrees the tip of the tail is lifted.
        plumpness: factor on the height of the body.
        step: half the distance between the feet.
    """

    tilt: float = 0.0
    wing: float = 0.0
    tail: float = 0.0
    plumpness: float = 1.0
    step: float = 0.17


class Drawing(NamedTuple):
    """A picture of a bird, RGB of `PICTURE_SIZE` a side, and the bird's true extent in it.

    The box is (x, y, width, height) in pixels.
    """

    image: Image.Image
    box: Box


def outlines(size: str, beak_length: str, pose: Pose) -> dict[str, Outline]:
    """Returns the outline of each part, [points, 2] as (x, y), y down, facing right.

    The parts stand in the order they are painted in. The unit is about half a body and the
    origin is the middle of the body.
    """
    build = _BUILDS[size]
    length, height = build.body[0], build.body[1] * pose.plumpness
    head_x, head_y = build.head_at
    angle = _ANGLES
    egg = np.stack(
        [length * np.cos(angle), height * np.sin(angle) * (1 + 0.14 * np.cos(angle))], axis=1
    )
    body = _turned(egg, 18)
    # Shrunk towards a point of the outline, the belly stays on the body.
    chest = body[_POINTS // 6]
    belly = chest + np.array([0.60, 0.46]) * (body - chest)
    tear = np.stack([-np.cos(angle), 0.86 * np.sin(angle) * np.sin(angle / 2)], axis=1)
    wing = _turned(tear * build.wing * np.array([0.66, 0.60]), -6 - pose.wing)
    wing += np.array([-0.26 * length, -0.08])
    reach = build.tail + 0.5
    feather = np.array(
        [[0.0, -0.20], [-reach, -0.25], [-reach - 0.10, 0.0], [-reach, 0.23], [0, 0.26]]
    )
    tail = _turned(feather, 16 - pose.tail) + np.array([-0.62 * length, 0.06])
    beak_reach = 0.30 if beak_length == "short" else 0.62
    beak = np.array([[0.0, -0.17], [beak_reach, 0.03], [0.0, 0.19]])
    beak += np.array([head_x + build.head * 0.90, head_y + 0.06])
    eye = np.array([head_x + 0.36 * build.head, head_y - 0.14 * build.head])
    parts = {
        "tail": tail,
        "beak": beak,
        "body": body,
        "head": _circle((head_x, head_y), build.head),
        "belly": belly,
        "wing": wing,
        "eye": _circle(eye, build.eye),
        "glint": _circle(eye + build.eye * np.array([0.3, -0.35]), 0.4 * build.eye),
    }
    turned = {part: _turned(outline, pose.tilt) for part, outline in parts.items()}
    feet = height + build.leg
    legs = {
        f"{side} leg": _leg(-0.02 + sign * pose.step, 0.6 * height, feet)
        for side, sign in (("far", 1), ("near", -1))
    }
    return {**legs, **turned}


def placed(
    parts: dict[str, Outline], facing: str, box_size: float, centre: tuple[float, float]
) -> tuple[dict[str, Outline], Box]:
    """Returns the outlines in pixels and their box (x, y, width, height).

    Args:
        parts: outlines facing right, as `outlines` gives them.
        facing: "right", or "left" to mirror them.
        box_size: the longer side of the box, in pixels.
        centre: the middle of the box, in pixels.
    """
    points = np.concatenate(list(parts.values()))
    low, high = points.min(axis=0), points.max(axis=0)
    scale = box_size / (high - low).max()
    mirror = np.array([scale if facing == "right" else -scale, scale])
    middle = (low + high) / 2
    pixels = {part: (outline - middle) * mirror + centre for part, outline in parts.items()}
    width, height = ((high - low) * scale).tolist()
    return pixels, (centre[0] - width / 2, centre[1] - height / 2, width, height)


def draw(bird: Bird, rng: Random) -> Drawing:
    """Returns a picture of `bird`; pose, place, scale and light come from `rng`."""
    pose = Pose(
        tilt=rng.uniform(-4, 14),
        wing=rng.uniform(-8, 8),
        tail=rng.uniform(-10, 12),
        plumpness=rng.uniform(0.93, 1.07),
        step=rng.uniform(0.12, 0.26),
    )
    box_size = rng.uniform(*_BOX_SIZES[bird.size])
    # The square of a CUB crop stays inside the picture, wherever the bird is.
    room = (PICTURE_SIZE - 1.5 * box_size) / 2
    centre = (
        PICTURE_SIZE / 2 + rng.uniform(-room, room),
        PICTURE_SIZE / 2 + rng.uniform(-room, room),
    )
    parts, box = placed(outlines(bird.size, bird.beak_length, pose), bird.facing, box_size, centre)
    light = rng.uniform(0.97, 1.03)
    large = _background(bird.background, light)
    brush = ImageDraw.Draw(large)
    for part, outline in parts.items():
        _paint(brush, part, outline * _SUPERSAMPLING, bird)
    return Drawing(large.reduce(_SUPERSAMPLING), box)


def gradient(background: str, samples: int) -> NDArray[np.float64]:
    """Returns [samples, 3]: the colours of a background from top to bottom, 0 to 255."""
    stops = np.array(BACKGROUNDS[background], np.float64)
    heights = np.linspace(0, len(stops) - 1, samples)
    return np.stack([np.interp(heights, range(len(stops)), stops[:, c]) for c in range(3)], 1)


def _paint(brush: ImageDraw.ImageDraw, part: str, outline: Outline, bird: Bird) -> None:
    """Paints one part, with a darker rim below where it helps to see the form."""
    colour = {
        "far leg": _shade(_LEG, 0.8),
        "near leg": _LEG,
        "tail": _shade(PALETTE[bird.wing], 0.9),
        "beak": BEAKS[bird.beak_colour],
        "body": PALETTE[bird.body],
        "head": PALETTE[bird.body],
        "belly": BELLIES[bird.belly],
        "wing": PALETTE[bird.wing],
        "eye": _EYE,
        "glint": _GLINT,
    }[part]
    if part in ("body", "wing"):
        brush.polygon(outline.ravel().tolist(), fill=_shade(colour, 0.8))
        middle = outline.mean(axis=0)
        outline = middle + (outline - middle) * 0.95 - (0, 0.03 * np.ptp(outline[:, 1]))
    brush.polygon(outline.ravel().tolist(), fill=colour)


def _background(background: str, light: float) -> Image.Image:
    """Returns a gradient at the size that is painted on."""
    side = PICTURE_SIZE * _SUPERSAMPLING
    column = gradient(background, side) * light
    pixels = column.round().clip(0, 255).astype(np.uint8)[:, None]
    return Image.fromarray(pixels).resize((side, side), Image.Resampling.NEAREST)


def _turned(outline: Outline, degrees: float) -> Outline:
    """Returns the outline turned about the origin so that its front (right) is lifted."""
    sine, cosine = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
    turned: Outline = outline @ np.array([[cosine, -sine], [sine, cosine]])
    return turned


def _circle(centre: tuple[float, float] | Outline, radius: float) -> Outline:
    return np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1) * radius + centre


def _leg(x: float, top: float, bottom: float) -> Outline:
    """Returns a leg from (x, top) straight down to a foot that points right."""
    half = 0.045
    return np.array(
        [
            [x - half, top],
            [x + half, top],
            [x + half, bottom - 0.08],
            [x + 0.22, bottom - 0.05],
            [x + 0.22, bottom],
            [x - 0.12, bottom],
            [x - half, bottom - 0.08],
        ]
    )


def _shade(colour: RGB, factor: float) -> RGB:
    """Returns the colour in shade; what is almost black already catches light instead."""
    if max(colour) < 60:
        return (colour[0] + 26, colour[1] + 26, colour[2] + 30)
    red, green, blue = (round(value * factor) for value in colour)
    return red, green, blue
