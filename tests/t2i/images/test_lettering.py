"""Letters in the grids: none a box, none over the pictures, no two texts alike."""

import numpy as np
import pytest

from t2i.images import lettering
from t2i.images.lettering import fitted, lettered
from t2i.images.sheets import captioned_grid

PICTURE = np.full((1, 1, 64, 64, 3), 128, np.uint8)
TEXTS = [
    "åäö",
    "øßé",
    "ğşı",
    "ελλ",
    "птица",
    "一只鸟",
    "鳥です",
    "새",
    "א",
    "\U0001f426",
    "a\u200db",
    "ab",
]


@pytest.fixture(params=["fonts of the system", "none"])
def fonts(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "none":
        monkeypatch.setattr(lettering, "_fonts", lambda: ())
    return request.param


def test_no_two_texts_look_alike(fonts: str) -> None:
    sheets = {captioned_grid(PICTURE, [text]).tobytes() for text in TEXTS}
    assert len(sheets) == len(TEXTS)


@pytest.mark.parametrize(
    "text", ["x" * 300, "一" * 300, "a " + "x" * 300 + " b", "M" * 19 + " " + "M" * 25]
)
def test_every_text_stays_in_its_column(fonts: str, text: str) -> None:
    sheets = [captioned_grid(PICTURE, [own])[:, 255:] for own in (text, "a")]
    np.testing.assert_array_equal(*sheets)


def test_letters_that_no_font_has_are_spelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lettering, "_fonts", lambda: ())
    text, font = lettered("一 red\n bird\u0007 \udce9", 12)
    assert text == "U+4E00 red birdU+0007 U+DCE9"
    assert lettered("e\u0301", 12)[0] == "U+00E9" or lettered("e\u0301", 12)[0] == "é"
    assert fitted("", font, 100, 100) == ""
    assert fitted("a bird", font, 100, 100) == "a bird"


def test_english_looks_as_it_did() -> None:
    text, font = lettered("a red bird, it's small", 12)
    assert (text, font.getname()) == ("a red bird, it's small", lettered("a", 12)[1].getname())


def test_a_text_too_long_for_its_row_is_cut() -> None:
    _, font = lettered("a", 16)
    lines = fitted("word " * 100, font, 240, 64).split("\n")
    assert len(lines) == 3
    assert lines[-1].endswith(" ...")
    assert all(font.getlength(line) <= 240 for line in lines)
