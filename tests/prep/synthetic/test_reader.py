from io import BytesIO
from random import Random
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from prep.synthetic import drawing
from prep.synthetic.birds import (
    BACKGROUNDS,
    PALETTE,
    RGB,
    Species,
    all_species,
    sample_bird,
    species_splits,
)
from prep.synthetic.drawing import Box, draw, gradient
from prep.synthetic.reader import read_colours, read_facings
from t2i.images.squares import crop_and_resize

Pictures = NDArray[np.uint8]


class _Drawn(NamedTuple):
    """Pictures as a trainer sees them, with their true colours."""

    images: list[Image.Image]
    body: list[str]
    wing: list[str]


def _as_trained(
    image: Image.Image, box: Box, size: int, rng: Random, stored: int | None = None
) -> Image.Image:
    """Returns a picture after JPEG, box crop, area average, random crop and flip."""
    file = BytesIO()
    image.save(file, "JPEG", quality=95, subsampling=0)
    x, y, width, height = box
    half = 0.75 * max(width, height)
    across, down = x + width / 2, y + height / 2
    stored = stored or size * 38 // 32
    image = Image.open(file).resize(
        (stored, stored),
        Image.Resampling.BOX,
        box=(
            max(across - half, 0),
            max(down - half, 0),
            min(across + half, image.width),
            min(down + half, image.height),
        ),
    )
    dx, dy = rng.randint(0, stored - size), rng.randint(0, stored - size)
    image = image.crop((dx, dy, dx + size, dy + size))
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if rng.random() < 0.5 else image


def _drawn(species: list[Species], count: int, size: int, stored: int | None = None) -> _Drawn:
    images, birds = [], []
    for number in range(count):
        rng = Random(f"reader/{number}")
        bird = sample_bird(species[number % len(species)], rng)
        image, box = draw(bird, rng)
        images.append(_as_trained(image, box, size, rng, stored))
        birds.append(bird)
    return _Drawn(images, [bird.body for bird in birds], [bird.wing for bird in birds])


def _stacked(images: list[Image.Image]) -> Pictures:
    return np.stack([np.asarray(image) for image in images])


def _share_right(pictures: Pictures, drawn: _Drawn) -> float:
    read = read_colours(pictures)
    return float(((read.body == drawn.body) & (read.wing == drawn.wing)).mean())


@pytest.mark.parametrize("size", [32, 64])
def test_test_species_are_read_right(size: int) -> None:
    drawn = _drawn(species_splits()["test"], 320, size)
    assert _share_right(_stacked(drawn.images), drawn) > 0.99


def test_birds_of_one_colour_are_read_right() -> None:
    plain = [one for one in all_species() if one.body == one.wing]
    drawn = _drawn(plain, 160, 32)
    assert _share_right(_stacked(drawn.images), drawn) > 0.99


@pytest.mark.parametrize("size", [32, 64])
def test_reading_bears_noise_blur_and_shifts(size: int) -> None:
    drawn = _drawn(all_species(), 192, size)
    pictures = _stacked(drawn.images)
    noise = np.random.default_rng(0).normal(0, 8, pictures.shape)
    noisy = (pictures + noise).clip(0, 255).round().astype(np.uint8)
    blur = ImageFilter.GaussianBlur(0.7 * size / 32)
    shift = size // 32
    assert _share_right(noisy, drawn) > 0.97
    assert _share_right(_stacked([image.filter(blur) for image in drawn.images]), drawn) > 0.97
    shifted = np.pad(pictures, ((0, 0), (shift, 0), (0, shift), (0, 0)), "edge")
    assert _share_right(shifted[:, :size, shift:], drawn) > 0.97


@pytest.mark.parametrize("stored", [32, 38])
def test_smeared_birds_are_read_at_any_scale_that_trainers_keep(stored: int) -> None:
    drawn = _drawn(all_species(), 192, 32, stored)
    blurred = _stacked([image.filter(ImageFilter.GaussianBlur(0.7)) for image in drawn.images])
    noise = np.random.default_rng(0).normal(0, 30, blurred.shape)
    noisy = (blurred + noise).clip(0, 255).round().astype(np.uint8)
    # 0.85 for birds that fill 2/3 of the picture, were they looked for at the larger scale alone.
    assert _share_right(noisy, drawn) > 0.93


def test_birds_painted_in_other_colours_are_read_as_those(monkeypatch: pytest.MonkeyPatch) -> None:
    colours = list(PALETTE)
    after = dict(zip(colours, [*colours[1:], colours[0]], strict=True))
    painted: dict[str, RGB] = {name: PALETTE[after[name]] for name in colours}
    monkeypatch.setattr(drawing, "PALETTE", painted)
    drawn = _drawn(species_splits()["test"], 64, 32)
    pictures = _stacked(drawn.images)
    assert _share_right(pictures, drawn) == 0
    truth = _Drawn([], [after[name] for name in drawn.body], [after[name] for name in drawn.wing])
    assert _share_right(pictures, truth) > 0.97


def test_body_and_wings_are_not_confused() -> None:
    drawn = _drawn(species_splits()["test"], 64, 32)
    swapped = _Drawn([], drawn.wing, drawn.body)
    assert _share_right(_stacked(drawn.images), swapped) == 0


def test_birds_face_the_way_they_are_drawn_and_those_of_two_heads_neither() -> None:
    rng, species = Random(2), species_splits()["test"]
    birds = [sample_bird(species[number % 16], rng) for number in range(64)]
    cropped = []
    for bird in birds:
        image, box = draw(bird, rng)
        cropped.append(crop_and_resize(Image.fromarray(np.asarray(image)), box, 32))
    pictures = np.stack(cropped)
    facing = [bird.facing for bird in birds]
    assert list(read_facings(pictures)) == facing
    mirrored = pictures[:, :, ::-1]
    other = {"left": "right", "right": "left"}
    assert list(read_facings(mirrored)) == [other[way] for way in facing]
    # Where either has a bird: what differs most from the ground, the median of the picture.
    ground = np.median(pictures.reshape(64, -1, 3), axis=1)[:, None, None]
    seen = [np.abs(side - ground).sum(axis=3, keepdims=True) for side in (pictures, mirrored)]
    two_headed = np.where(seen[0] >= seen[1], pictures, mirrored)
    assert set(read_facings(two_headed)) == {"none"}


def _plain() -> Pictures:
    grey = [(value, value, value) for value in range(0, 256, 15)]
    return np.array([*PALETTE.values(), *grey], np.uint8)[:, None, None] + np.zeros(
        (1, 32, 32, 1), np.uint8
    )


def _halves() -> Pictures:
    sides = [(one, other) for one in PALETTE.values() for other in PALETTE.values()]
    return np.repeat(np.array(sides, np.uint8), 16, axis=1)[:, None] + np.zeros(
        (1, 32, 1, 1), np.uint8
    )


def _backgrounds() -> Pictures:
    columns = np.stack([gradient(name, 32) for name in BACKGROUNDS])
    return np.repeat(columns[:, :, None], 32, axis=2).astype(np.uint8)


def _noise() -> Pictures:
    return np.random.default_rng(0).integers(0, 256, (100, 32, 32, 3), np.uint8)


@pytest.mark.parametrize(
    "pictures",
    [_plain(), _halves(), _backgrounds(), _noise()],
    ids=["plain", "halves", "background", "noise"],
)
def test_pictures_without_a_bird_have_no_colours(pictures: Pictures) -> None:
    read = read_colours(pictures)
    assert set(read.body) == {"none"}
    assert set(read.wing) == {"none"}


def test_no_pictures_give_no_colours() -> None:
    read = read_colours(np.empty((0, 64, 64, 3), np.uint8))
    assert read.body.shape == read.wing.shape == (0,)


@pytest.mark.parametrize(
    ("shape", "dtype", "got"),
    [
        ((2, 33, 33, 3), np.uint8, "uint8 [2, 33, 33, 3]"),
        ((2, 32, 64, 3), np.uint8, "uint8 [2, 32, 64, 3]"),
        ((32, 32, 3), np.uint8, "uint8 [32, 32, 3]"),
        ((2, 32, 32, 3), np.float32, "float32 [2, 32, 32, 3]"),
    ],
)
def test_other_arrays_are_refused(shape: tuple[int, ...], dtype: type, got: str) -> None:
    with pytest.raises(ValueError, match="expected uint8") as caught:
        read_colours(np.zeros(shape, dtype))
    assert str(caught.value) == (
        f"expected uint8 [n, side, side, 3], side a multiple of 32, got {got}"
    )
