"""What may be asked for is bounded."""

import json

import numpy as np
import pytest

from t2i.errors import InputError
from t2i.painting.variety import VARIETY
from t2i.web.asked import Morph, Paint, read_asked

PAINT = {"run": "birds", "sentence": "a red bird"}
MORPH = {"run": "birds", "first": "a red bird", "second": "a blue bird"}


def test_what_is_left_out_is_as_on_the_page() -> None:
    paint = read_asked(json.dumps(PAINT).encode(), Paint)
    assert (paint.pictures, paint.sentences) == (4, ["a red bird"])
    morph = read_asked(json.dumps(MORPH | {"variety": 1}).encode(), Morph)
    assert (morph.pictures, morph.sentences) == (17, ["a red bird", "a blue bird"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"count": 17}, "count: expected less than or equal to 16, got 17"),
        ({"count": 0}, "count: expected greater than or equal to 1, got 0"),
        ({"count": "4"}, "count: expected a valid integer, got '4'"),
        ({"count": True}, "count: expected a valid integer, got True"),
        ({"seed": -1}, "seed: expected greater than or equal to 0, got -1"),
        ({"seed": 2**31}, "seed: expected less than 2147483648, got 2147483648"),
        ({"seed": 10**400}, "seed: expected less than 2147483648, got " + str(10**400)),
        ({"variety": float("nan")}, "variety: expected a finite number, got nan"),
        ({"variety": 2.5}, "variety: expected less than or equal to 2, got 2.5"),
        ({"sentences": ""}, "sentences: expected a known key, got 'sentences'; "),
        ({"run": None}, "run: expected a valid string, got None"),
    ],
)
def test_what_is_out_of_range_is_named(change: dict[str, object], message: str) -> None:
    with pytest.raises(InputError) as error:
        read_asked(json.dumps(PAINT | change).encode(), Paint)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize("sentence", ["", "a" * 1001])
def test_sentences_have_a_length(sentence: str) -> None:
    with pytest.raises(InputError, match="sentence: expected"):
        read_asked(json.dumps(PAINT | {"sentence": sentence}).encode(), Paint)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 16_000, b"1", b'["run"]', b"null"])
def test_what_is_no_request(body: bytes) -> None:
    with pytest.raises(InputError):
        read_asked(body, Paint)


class Drawer:
    """As a painter draws its latents."""

    def latents(self, count: int, seed: int, variety: float) -> np.ndarray:
        drawn = np.random.default_rng(seed).standard_normal((count, 3), np.float32)
        return drawn * np.float32(variety)


def test_a_picture_is_that_of_the_command_line_and_variety_scales_its_latent() -> None:
    embedding = np.ones((1, 2), np.float32)
    rows, latent = Paint(**PAINT, count=3, seed=5).rows(Drawer(), embedding)
    assert rows.shape == (3, 2)
    np.testing.assert_array_equal(latent, Drawer().latents(3, 5, VARIETY))
    _, less = Paint(**PAINT, count=3, seed=5, variety=0.5).rows(Drawer(), embedding)
    np.testing.assert_array_equal(less, Drawer().latents(3, 5, 0.5))


def test_a_morph_goes_from_one_picture_to_the_other() -> None:
    ends = np.array([[0.0, 0.0], [1.0, 2.0]], np.float32)
    rows, latent = Morph(**MORPH, seed=1, second_seed=2, steps=5).rows(Drawer(), ends)
    np.testing.assert_allclose(rows, np.linspace(0, 1, 5)[:, None] * [[1, 2]])
    for place, seed in ((0, 1), (4, 2)):
        np.testing.assert_allclose(latent[place], Drawer().latents(1, seed, VARIETY)[0], atol=1e-6)
