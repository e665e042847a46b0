"""Sums and differences of sentences, or of pictures' latents: "a red bird - red + blue"."""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from t2i.errors import InputError
from t2i.images.pixels import Pixels
from t2i.models.contract import Floats
from t2i.painting.painter import Painter

MOST_TERMS = 6
# Pictures that are counted to for a mean of latents, and that one mean is of.
MOST_PICTURES, MOST_IN_A_MEAN = 64, 8
_SIGN = re.compile(r"(?:^|\s)([-+\u2212])(?=\s|$)")


class Term(NamedTuple):
    """What is added or taken away.

    Attributes:
        sign: 1 or -1.
        text: a sentence, or numbers of pictures.
    """

    sign: int
    text: str


class Worked(NamedTuple):
    """What came of a sum, term by term.

    Attributes:
        pixels: uint8 [terms + 1, columns, s, s, C], the sum's the last; white where a row has less.
        labels: of the rows.
    """

    pixels: Pixels
    labels: tuple[str, ...]


def read_terms(text: str) -> list[Term]:
    """Returns the terms of "a red bird - red + blue"; a sign stands between spaces.

    Raises:
        InputError: there are less than two or more than six, or nothing stands beside a sign.
    """
    first, *rest = (part.strip() for part in _SIGN.split(text))
    signs = [1, *(1 if sign == "+" else -1 for sign in rest[::2])]
    terms = [Term(*pair) for pair in zip(signs, [first, *rest[1::2]], strict=True)]
    if not 2 <= len(terms) <= MOST_TERMS or not all(term.text for term in terms):
        raise InputError(
            f"sum: expected 2 to {MOST_TERMS} terms with a + or - between them, got {text!r}; "
            'type "a red bird - red + blue"'
        )
    return terms


def read_numbers(term: Term) -> list[int]:
    """Returns the numbers of pictures that a term names, from 1: "1,4,9".

    Raises:
        InputError: it names none, or too many, or one beyond 64.
    """
    numbers = re.findall(r"[0-9]{1,9}", term.text)
    found = [int(number) for number in numbers]
    if (
        not re.fullmatch(r"[0-9]+(?:\s*,\s*[0-9]+)*", term.text)
        or len(found) > MOST_IN_A_MEAN
        or not all(1 <= number <= MOST_PICTURES for number in found)
    ):
        raise InputError(
            f"sum: expected up to {MOST_IN_A_MEAN} numbers of pictures, from 1 to "
            f"{MOST_PICTURES}, got {term.text!r}; type 1,4,9 for the mean of three latents"
        )
    return found


def summed(signs: Sequence[int], values: Floats) -> Floats:
    """Returns the sum [n] of values [terms, n], each with its sign."""
    total: Floats = np.asarray(signs, np.float32) @ values
    return total


def of_sentences(signs: Sequence[int], embedding: Floats, latent: Floats) -> tuple[Floats, Floats]:
    """Returns embeddings and latents of the pictures of every term, and of the sum's.

    Args:
        signs: of the terms.
        embedding: of the terms, [terms, d].
        latent: [count, z], that all of them share.
    """
    every = np.concatenate([embedding, summed(signs, embedding)[None]])
    return every.repeat(len(latent), axis=0), np.tile(latent, (len(every), 1))


def of_latents(signs: Sequence[int], latents: Sequence[Floats]) -> Floats:
    """Returns each term's latents [k, z] and their mean; the sum of the means is the last row.

    With three latents a mean, a - b + c is as long as any latent that G was trained on.

    Source: Radford et al. 2016, DCGAN (1511.06434), section 6.3.
    """
    means = np.stack([own.mean(axis=0) for own in latents])
    parts = [np.concatenate([own, mean[None]]) for own, mean in zip(latents, means, strict=True)]
    return np.concatenate([*parts, summed(signs, means)[None]])


def add_sentences(painter: Painter, text: str, count: int, seed: int) -> Worked:
    """Returns pictures of each sentence in a sum, and of the sum of their embeddings.

    Args:
        painter: what paints.
        text: see `read_terms`.
        count: pictures of each; a column shares its latent.
        seed: of the latents.

    Raises:
        InputError: as `read_terms`, or a sentence has no words.
    """
    terms = read_terms(text)
    rows = of_sentences(
        [term.sign for term in terms],
        painter.embed([term.text for term in terms]),
        painter.latents(count, seed),
    )
    painted = painter.paint_rows(*rows)
    return Worked(painted.reshape(-1, count, *painted.shape[1:]), labels(terms))


def add_latents(painter: Painter, text: str, sentence: str, seed: int) -> Worked:
    """Returns a sentence's pictures in a sum, the picture of each mean, and of the means' sum.

    The means are one column, under which the sum's stands.

    Args:
        painter: what paints.
        text: see `read_terms` and `read_numbers`; picture 1 is the first of the seed's.
        sentence: of all pictures.
        seed: of the latents.

    Raises:
        InputError: as `read_terms` and `read_numbers`, or the sentence has no words.
    """
    terms = read_terms(text)
    numbers = [read_numbers(term) for term in terms]
    drawn = painter.latents(max(map(max, numbers)), seed)
    latent = of_latents(
        [term.sign for term in terms], [drawn[np.array(own) - 1] for own in numbers]
    )
    painted = painter.paint_rows(painter.embed([sentence]).repeat(len(latent), axis=0), latent)
    columns = 1 + max(map(len, numbers))
    sheet = np.full((len(terms) + 1, columns, *painted.shape[1:]), 255, np.uint8)
    start = 0
    for row, width in enumerate([*(len(own) for own in numbers), 0]):
        sheet[row, :width] = painted[start : start + width]
        sheet[row, -1] = painted[start + width]
        start += width + 1
    return Worked(sheet, labels(terms))


def labels(terms: Sequence[Term]) -> tuple[str, ...]:
    """Returns what stands beside each row of a sum, and beside the last."""
    signs = ["", *("+ " if term.sign > 0 else "- " for term in terms[1:])]
    own = [sign + term.text for sign, term in zip(signs, terms, strict=True)]
    return (*own, "= " + " ".join(own))
