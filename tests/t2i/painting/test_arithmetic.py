"""Sums of sentences and of latents."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from evaluation_samples import write_run
from PIL import Image

from t2i.cli.main import main
from t2i.errors import InputError
from t2i.painting.arithmetic import (
    Term,
    add_latents,
    add_sentences,
    of_latents,
    read_numbers,
    read_terms,
)
from t2i.painting.painter import Painter

BIRD = "a red bird"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(tmp_path_factory.mktemp("runs") / "run")


@pytest.fixture(scope="module")
def painter(run: Path) -> Painter:
    return Painter(run)


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("a red bird - red + blue", [(1, "a red bird"), (-1, "red"), (1, "blue")]),
        ("a red-billed bird -  + wings", None),
        ("a red-billed bird + c++", [(1, "a red-billed bird"), (1, "c++")]),
        ("a\n\u2212 b", [(1, "a"), (-1, "b")]),
        ("1,4,9 - 2", [(1, "1,4,9"), (-1, "2")]),
        ("a red bird", None),
        ("- red + blue", None),
        ("a - ", None),
        (" + ".join("abcdefg"), None),
    ],
)
def test_a_sign_stands_between_spaces(text: str, terms: list[tuple[int, str]] | None) -> None:
    if terms:
        assert read_terms(text) == terms
        return
    with pytest.raises(InputError) as error:
        read_terms(text)
    assert str(error.value) == (
        f"sum: expected 2 to 6 terms with a + or - between them, got {text!r}; "
        'type "a red bird - red + blue"'
    )


@pytest.mark.parametrize("text", ["0", "65", "1,2,3,4,5,6,7,8,9", "1,,2", "1,", "one", "9" * 30])
def test_pictures_are_named_by_numbers(text: str) -> None:
    assert read_numbers(Term(1, "4, 64,1")) == [4, 64, 1]
    with pytest.raises(InputError) as error:
        read_numbers(Term(1, text))
    assert str(error.value) == (
        f"sum: expected up to 8 numbers of pictures, from 1 to 64, got {text!r}; "
        "type 1,4,9 for the mean of three latents"
    )


def test_what_is_added_and_taken_away_again_leaves_the_first(painter: Painter) -> None:
    pixels, labels = add_sentences(painter, f"{BIRD} - blue wings + blue wings", 3, 5)
    assert labels == (
        *(BIRD, "- blue wings", "+ blue wings"),
        f"= {BIRD} - blue wings + blue wings",
    )
    for row, text in enumerate((BIRD, "blue wings", "blue wings", BIRD)):
        expected = painter.paint([text], 3, 5)[0].astype(int)
        assert np.abs(pixels[row] - expected).max() <= 1
    assert np.abs(pixels[0].astype(int) - pixels[1]).max() > 2


def test_a_sum_is_of_embeddings(painter: Painter) -> None:
    pixels, _ = add_sentences(painter, f"{BIRD} - red + blue", 2, 0)
    whole, red, blue = painter.embed([BIRD, "red", "blue"])
    latent = painter.latents(2, 0)
    expected = painter.paint_rows((whole - red + blue)[None].repeat(2, axis=0), latent)
    assert np.abs(pixels[3].astype(int) - expected).max() <= 1


def test_three_latents_a_term_sum_to_one_as_long_as_any() -> None:
    random = np.random.default_rng(0)
    latents = [random.standard_normal((3, 4000)).astype(np.float32) for _ in range(3)]
    rows = of_latents([1, -1, 1], latents)
    assert rows.shape == (13, 4000)
    np.testing.assert_array_equal(rows[4:7], latents[1])
    np.testing.assert_allclose(rows[7], latents[1].mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(rows[12], rows[3] - rows[7] + rows[11], atol=1e-6)
    assert rows[12].std() == pytest.approx(1.0, abs=0.05)


def test_means_of_latents_stand_in_one_column_above_their_sum(painter: Painter) -> None:
    pixels, labels = add_latents(painter, "3,1 - 2 + 4", BIRD, 7)
    assert labels == ("3,1", "- 2", "+ 4", "= 3,1 - 2 + 4")
    latent = painter.latents(4, 7)
    means = [(latent[2] + latent[0]) / 2, latent[1], latent[3]]
    last = np.stack([*means, means[0] - means[1] + means[2]])
    expected = painter.paint_rows(painter.embed([BIRD]).repeat(4, axis=0), last)
    assert np.abs(pixels[:, -1].astype(int) - expected).max() <= 1
    first = painter.paint([BIRD], 4, 7)[0].astype(int)
    assert np.abs(pixels[0, :2] - first[[2, 0]]).max() <= 1
    assert (pixels[1, 1] == 255).all()
    assert (pixels[3, :2] == 255).all()


def test_the_command_takes_terms_with_quotes_or_without(run: Path, tmp_path: Path) -> None:
    sheets = []
    for words in ([BIRD, "-", "red", "+", "blue"], [f"{BIRD} - red + blue"]):
        out = tmp_path / f"{len(words)}.png"
        result = CliRunner().invoke(
            main, ["arithmetic", str(run), *words, "--count", "2", "--out", str(out)]
        )
        assert result.output == f"{out}: 3 terms and their sum\n"
        with Image.open(out) as sheet:
            sheets.append(np.asarray(sheet))
    np.testing.assert_array_equal(*sheets)
    # Four rows of pictures of 8, enlarged to 128.
    assert sheets[0].shape[0] == 4 * 132 + 4
    out = tmp_path / "latents.png"
    command = ["arithmetic", str(run), "1,2,3", "-", "4", "--of", BIRD, "--out", str(out)]
    assert CliRunner().invoke(main, command).output == f"{out}: 2 terms and their sum\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((BIRD,), "sum: expected 2 to 6 terms with a + or - between them, got 'a red bird'; type "),
        (("1 - 2", "--of", "x", "--count", "2"), "--count: expected it without --of, got both; "),
        (("a - b", "--out", "a.jpg"), "--out: expected a .png file, got a.jpg; choose another "),
        (("a - \u9ce5", "--out", "a.png"), "captions: expected words, got '\u9ce5'; describe "),
        (("1 - red", "--of", "x"), "sum: expected up to 8 numbers of pictures, from 1 to 64, got "),
    ],
)
def test_what_can_not_be_added(run: Path, arguments: tuple[str, ...], message: str) -> None:
    result = CliRunner().invoke(main, ["arithmetic", str(run), *arguments])
    assert result.exit_code == 1
    assert result.output.startswith(f"Error: {message}")
