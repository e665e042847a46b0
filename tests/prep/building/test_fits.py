"""How pictures that are not square become so."""

from pathlib import Path

import numpy as np
import pytest
from picture_samples import block_mean, noise, squared
from PIL import Image

from prep.building.build import build_pairs
from prep.building.examples import Example
from t2i.images.squares import Box, Fit, crop_and_resize, square_of
from t2i.pairs.reading import read_header


def test_a_picture_that_is_not_square_is_cropped_padded_or_stretched() -> None:
    wide = noise(8, 17)
    middle = wide[:, 4:12]
    np.testing.assert_array_equal(squared(wide, None, 8, 3), middle)
    np.testing.assert_array_equal(squared(wide, None, 8, 3, "crop"), middle)
    np.testing.assert_array_equal(
        squared(wide, None, 8, 3, "stretch"), crop_and_resize(Image.fromarray(wide), None, 8)
    )
    tall = noise(16, 8)
    padded = squared(tall, None, 16, 3, "pad")
    np.testing.assert_array_equal(padded[:, 4:12], tall)
    assert (padded[:, :4] == 255).all()
    assert (padded[:, 12:] == 255).all()
    grey = squared(np.zeros((2, 9, 1), np.uint8), None, 9, 1, "pad")
    assert grey[:, :, 0].mean(axis=1).tolist() == [255.0] * 3 + [0.0] * 2 + [255.0] * 4


def test_a_long_picture_keeps_a_line() -> None:
    padded = squared(np.zeros((1, 900, 3), np.uint8), None, 9, 3, "pad")
    assert (padded == 0).all(axis=2).sum() == 9


def test_a_box_is_squeezed_as_published_unless_told_otherwise() -> None:
    pixels = noise(50, 60)
    # 24 rows and 20 columns, clipped on the left.
    box = (0.0, 28.0, 16.0, 8.0)
    published = crop_and_resize(Image.fromarray(pixels), box, 4)
    np.testing.assert_array_equal(squared(pixels, box, 4, 3), published)
    np.testing.assert_allclose(
        squared(pixels, box, 4, 3, "crop"), block_mean(pixels[22:42, :20], 4), atol=1.01
    )


def test_a_turned_picture_is_cropped_in_its_middle(tmp_path: Path) -> None:
    picture, exif = Image.fromarray(noise(8, 16)), Image.Exif()
    exif[0x0112] = 6
    picture.save(tmp_path / "phone.png", exif=exif)
    upright = np.rot90(noise(8, 16), -1)
    np.testing.assert_array_equal(squared(tmp_path / "phone.png", None, 8, 3), upright[4:12])


@pytest.mark.parametrize(
    ("fit", "box", "recorded"),
    [
        (None, None, "crop"),
        (None, (1, 1, 4, 4), "stretch"),
        ("pad", None, "pad"),
        ("crop", (1, 1, 4, 4), "crop"),
    ],
)
def test_the_file_says_how(tmp_path: Path, fit: Fit | None, box: Box | None, recorded: str) -> None:
    item = Example("a", noise(8, 12), ("a bird",), 1, "train", box)
    build_pairs([item], tmp_path / "a.h5", 8, "a test", workers=1, fit=fit)
    assert read_header(tmp_path / "a.h5").fit == recorded


@pytest.mark.parametrize(
    ("sides", "fit", "remark"),
    [
        ((1, 1), None, "expected 4 x 4 pixels or more, got 1 x 1, enlarged"),
        ((900, 3), None, "expected 4 x 4 pixels or more, got 3 x 3, enlarged"),
        ((900, 3), "stretch", "expected 4 x 4 pixels or more, got 900 x 3, enlarged"),
        ((900, 3), "pad", None),
        ((4, 4), None, None),
    ],
)
def test_what_is_far_smaller_than_asked_for_is_said(
    sides: tuple[int, int], fit: Fit | None, remark: str | None
) -> None:
    width, height = sides
    picture = np.zeros((height, width, 3), np.uint8)
    assert square_of(picture, None, 8, 3, fit).remark == remark
