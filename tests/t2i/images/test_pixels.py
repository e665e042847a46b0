"""The pixel range, grids, and files."""

from pathlib import Path

import numpy as np
from PIL import Image

from t2i.images.pixels import save_gif, save_image, to_float, to_uint8
from t2i.images.sheets import captioned_grid, grid


def test_all_256_values_survive_the_way_there_and_back() -> None:
    pixels = np.arange(256, dtype=np.uint8)
    images = to_float(pixels.astype(np.float32))
    assert images.min() == -1.0
    assert images.max() == 1.0
    np.testing.assert_array_equal(to_uint8(images), pixels)


def test_values_outside_the_range_are_clipped() -> None:
    np.testing.assert_array_equal(to_uint8(np.asarray([-3.0, 3.0])), [0, 255])


def test_png_holds_the_pixels(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 4, 3)).astype(np.uint8)
    save_image(tmp_path / "new" / "a.png", pixels)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "new" / "a.png")), pixels)


def test_greys_in_grids_and_files(tmp_path: Path) -> None:
    pixels = np.full((1, 2, 32, 32, 1), 7, np.uint8)
    assert grid(pixels).shape == (36, 70, 1)
    sheet = captioned_grid(pixels, ["a red bird"])
    assert sheet.shape == (40, 260 + 2 * 36 + 4, 3)
    assert (sheet[4:36, 264:296] == 7).all()
    save_image(tmp_path / "a.png", pixels[0, 0])
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "a.png")), pixels[0, 0, ..., 0])
    save_gif(tmp_path / "a.gif", np.stack([pixels[0, 0], pixels[0, 1] + 100]))
    with Image.open(tmp_path / "a.gif") as gif:
        assert gif.n_frames == 2


def test_gif_runs_there_and_back(tmp_path: Path) -> None:
    frames = np.stack([np.full((8, 8, 3), value, np.uint8) for value in (0, 90, 180, 250)])
    save_gif(tmp_path / "a.gif", frames)
    with Image.open(tmp_path / "a.gif") as gif:
        assert gif.n_frames == 6
