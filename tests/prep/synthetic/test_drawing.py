from dataclasses import replace
from random import Random

import numpy as np
import pytest

from prep.synthetic.birds import PALETTE, all_species, sample_bird
from prep.synthetic.drawing import PICTURE_SIZE, draw, gradient


@pytest.mark.parametrize("number", range(0, 64, 5))
def test_the_box_is_the_extent_of_the_bird(number: int) -> None:
    rng = Random(number)
    bird = replace(sample_bird(all_species()[number], rng), background="sky")
    image, (x, y, width, height) = draw(bird, rng)
    pixels = np.asarray(image, np.float64)
    # The light differs by 3 % at most; the bird differs by more.
    differs = np.abs(pixels - gradient("sky", PICTURE_SIZE)[:, None]).max(axis=2) > 12
    rows, columns = np.flatnonzero(differs.any(axis=1)), np.flatnonzero(differs.any(axis=0))
    found = [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
    assert np.abs(np.array(found) - [x, y, x + width, y + height]).max() <= 1.5


def test_the_crop_of_one_and_a_half_boxes_is_inside_the_picture() -> None:
    for number in range(200):
        rng = Random(number)
        _, (x, y, width, height) = draw(sample_bird(all_species()[number % 64], rng), rng)
        half = 0.75 * max(width, height)
        for middle in (x + width / 2, y + height / 2):
            assert half <= middle + 1e-6
            assert middle + half <= PICTURE_SIZE + 1e-6


def test_pictures_are_rgb_of_the_stated_size() -> None:
    image, _ = draw(sample_bird(all_species()[0], Random(0)), Random(0))
    assert (image.mode, image.size) == ("RGB", (PICTURE_SIZE, PICTURE_SIZE))


@pytest.mark.parametrize("size", ["small", "large"])
def test_body_and_wings_are_large_enough_to_be_seen_at_32_pixels(size: str) -> None:
    species = next(one for one in all_species() if (one.body, one.wing) == ("red", "blue"))
    for number in range(20):
        rng = Random(number)
        bird = replace(sample_bird(species, rng), size=size)
        image, box = draw(bird, rng)
        # Pixels of a picture of 38 a side, 32 of which are kept.
        scale = 38 / (1.5 * max(box[2:]))
        pixels = np.asarray(image, np.float64)
        for colour in (bird.body, bird.wing):
            own = np.abs(pixels - PALETTE[colour]).max(axis=2) < 20
            assert own.sum() * scale**2 > 48, colour


def test_the_facing_is_that_of_the_beak() -> None:
    for number in range(20):
        rng = Random(number)
        bird = replace(sample_bird(all_species()[7], rng), beak_colour="pink", background="sky")
        image, (x, _, width, _) = draw(bird, rng)
        pink = np.abs(np.asarray(image, np.float64) - (238, 128, 150)).max(axis=2) < 12
        side = "right" if np.nonzero(pink)[1].mean() > x + width / 2 else "left"
        assert side == bird.facing


def test_the_same_seed_draws_the_same_bird() -> None:
    bird = sample_bird(all_species()[9], Random(0))
    one, same, other = (draw(bird, Random(seed)).image.tobytes() for seed in (4, 4, 5))
    assert one == same
    assert one != other
