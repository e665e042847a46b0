"""Sums that may be asked for are bounded, and are those of the command line."""

import json
from pathlib import Path

import numpy as np
import pytest

from t2i.errors import InputError
from t2i.painting.arithmetic import add_latents, add_sentences
from t2i.painting.painter import Painter
from t2i.web.asked import read_asked
from t2i.web.sums import Add, AddLatents

TERMS = [(1, "a red bird"), (-1, "red"), (1, "blue")]
ADD = {"run": "birds", "terms": [{"sign": sign, "sentence": text} for sign, text in TERMS]}
NUMBERED = [(1, [3, 1]), (-1, [2])]
LATENTS = {
    "run": "birds",
    "sentence": "a red bird",
    "terms": [{"sign": sign, "numbers": numbers} for sign, numbers in NUMBERED],
}


def painted(painter: Painter, asked: Add | AddLatents) -> np.ndarray:
    pixels = painter.paint_rows(*asked.rows(painter, painter.embed(asked.sentences)))
    assert len(pixels) == asked.pictures
    return pixels.astype(int)


def test_the_page_and_the_command_add_alike(tiny_run: Path) -> None:
    painter = Painter(tiny_run)
    add = read_asked(json.dumps(ADD | {"seed": 3, "count": 2}).encode(), Add)
    expected = add_sentences(painter, "a red bird - red + blue", 2, 3).pixels
    assert np.abs(painted(painter, add) - expected.reshape(8, *expected.shape[2:])).max() <= 1
    latents = read_asked(json.dumps(LATENTS).encode(), AddLatents)
    found = painted(painter, latents)
    sheet = add_latents(painter, "3,1 - 2", "a red bird", 0).pixels
    assert np.abs(found - np.concatenate([sheet[0], sheet[1, ::2], sheet[2, 2:]])).max() <= 1
    still = painted(painter, latents.model_copy(update={"variety": 0.0}))
    assert np.abs(still - still[0]).max() <= 1


@pytest.mark.parametrize(
    ("kind", "change", "message"),
    [
        (Add, {"count": 9}, "count: expected less than or equal to 8, got 9"),
        (Add, {"terms": ADD["terms"][:1]}, "terms: expected List should have at least 2"),
        (Add, {"terms": ADD["terms"] * 3}, "terms: expected List should have at most 6"),
        (Add, {"terms": [{"sign": 2, "sentence": "a"}] * 2}, "terms.0.sign: expected "),
        (AddLatents, {"terms": [{"sign": 1, "numbers": [65]}] * 2}, "terms.0.numbers.0: expected "),
        (
            AddLatents,
            {"terms": [{"sign": 1, "numbers": [1] * 9}] * 2},
            "terms.0.numbers: expected ",
        ),
        (AddLatents, {"terms": [{"sign": 1, "numbers": []}] * 2}, "terms.0.numbers: expected "),
    ],
)
def test_sums_are_bounded(
    kind: type[Add] | type[AddLatents], change: dict[str, object], message: str
) -> None:
    asked = (ADD if kind is Add else LATENTS) | change
    with pytest.raises(InputError) as error:
        read_asked(json.dumps(asked).encode(), kind)
    assert str(error.value).startswith(message)
