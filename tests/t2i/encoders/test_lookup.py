"""Sentences looked up among the captions of a pairs file."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from pairs_samples import ENCODER, WIDTH, message, table

from t2i.encoders.lookup import load_sentences
from t2i.pairs.reading import read_header


def test_captions_of_every_split_are_found(embedded: Path) -> None:
    known = load_sentences(embedded, read_header(embedded).encoder)
    assert known.embedding_size == WIDTH
    found = known.embed(["a blue bird", "a green bird", "rød fugl", "a blue bird"])
    train, val = table("train"), table("val")
    np.testing.assert_array_equal(found, [train[2], val[0], train[1], train[2]])


def test_case_and_spaces_do_not_matter(embedded: Path) -> None:
    found = load_sentences(embedded, None).embed([" A  blue\tBird"])
    np.testing.assert_array_equal(found, table("train")[[2]])


def test_the_nearest_caption_is_named(embedded: Path) -> None:
    known = load_sentences(embedded, None)
    for sentence, nearest in (("a bleu bird", "a blue bird"), ("Greenbird", "a green bird")):
        assert message(lambda sentence=sentence: known.embed(["blue", sentence])) == (
            f"sentences: expected captions of {embedded}, as there is no encoder for others, "
            f"got {sentence!r}; the nearest is {nearest!r}"
        )


def test_other_embeddings_are_refused(embedded: Path) -> None:
    stamp = read_header(embedded).encoder
    assert stamp is not None
    assert message(lambda: load_sentences(embedded, replace(stamp, sha256="0" * 64))) == (
        f"{embedded}: expected the embeddings that the run was trained on, "
        f"got {stamp.kind}, SHA-256 {stamp.sha256}; "
        "name the pairs file of the training with --data"
    )


def test_a_file_without_embeddings(bare: Path) -> None:
    assert ENCODER not in bare.read_bytes()
    assert message(lambda: load_sentences(bare, None)) == (
        f"{bare}: expected the embeddings that the run was trained on, got none; "
        "name the pairs file of the training with --data"
    )
