"""Pictures back to their latents, by the encoder's word and by optimisation."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from inversion_samples import WORDS, painted, painter
from PIL import Image

from t2i.errors import InputError
from t2i.painting.inversion.inverter import Inverter
from t2i.painting.inversion.training import train_inversion


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    made, path = painter(), tmp_path_factory.mktemp("inversion") / "inversion.keras"
    train_inversion(made, WORDS, path, 60)
    return made, path


def test_refined_latents_are_nearer(trained: tuple[Any, Path]) -> None:
    made, path = trained
    pictures, embedding, latent = painted(made, 20, seed=5)
    inverter, told_of = Inverter(made, path), []
    at_once = inverter.find(pictures, embedding, 0)
    found = inverter.find(pictures, embedding, progress=lambda *told: told_of.append(told))
    # Sixteen pictures at a time.
    assert told_of == 2 * [("refining", step, 60) for step in range(1, 61)]
    assert found.error.mean() < 0.5 * at_once.error.mean()
    np.testing.assert_allclose(found.latent[:, :2], latent[:, :2], atol=0.1)
    np.testing.assert_array_equal(np.sign(found.latent[:, 2]), np.sign(latent[:, 2]))
    np.testing.assert_array_equal(found.embedding, embedding)
    np.testing.assert_array_equal(found.pictures, made.paint_rows(embedding, found.latent))
    apart = found.pictures.astype(float) - pictures
    np.testing.assert_allclose(found.error, np.sqrt((apart**2).mean(axis=(1, 2, 3))), rtol=1e-5)


def test_without_a_caption_the_embedding_is_told_from_the_picture(
    trained: tuple[Any, Path],
) -> None:
    made, path = trained
    pictures, embedding, _ = painted(made, 20, seed=7)
    found = Inverter(made, path).find(pictures)
    assert np.square(found.embedding - embedding).mean() < 0.3 * embedding.var(axis=0).mean()
    assert found.error.mean() < 30


def test_a_picture_of_anybody_is_read_within_bounds(
    trained: tuple[Any, Path], tmp_path: Path
) -> None:
    inverter = Inverter(*trained)
    Image.new("RGB", (40, 20), "red").save(tmp_path / "a.jpg")
    for picture in (tmp_path / "a.jpg", (tmp_path / "a.jpg").read_bytes()):
        assert inverter.square(picture).shape == (8, 8, 3)
    for picture, place in ((tmp_path / "gone.jpg", str(tmp_path / "gone.jpg")), (b"x", "picture")):
        with pytest.raises(InputError) as error:
            inverter.square(picture)
        assert str(error.value).startswith(f"{place}: expected a picture")
        assert str(error.value).endswith("; choose another")
