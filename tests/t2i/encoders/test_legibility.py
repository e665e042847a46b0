"""How much of a text an encoder reads: one measure, for captions and for sentences to paint."""

from pathlib import Path

import pytest
from sentence_samples import install

from t2i.encoders.legibility import legibility, require_legible, require_legible_sentence
from t2i.encoders.tokenizers import (
    CharTokenizer,
    SentencePieceTokenizer,
    WordPieceTokenizer,
    train_sentencepiece,
)
from t2i.errors import InputError

ENGLISH = ["a small red bird", "a blue bird with a long tail", "this bird is yellow"]
RUSSIAN = ["маленькая красная птица", "синяя птица", "жёлтая птица с длинным хвостом"]  # noqa: RUF001
CHAR = CharTokenizer(40)


def _pieces(length: int = 40) -> SentencePieceTokenizer:
    return SentencePieceTokenizer(train_sentencepiece(ENGLISH * 9, 40), length)


@pytest.mark.parametrize("tokenizer", [CHAR, _pieces()])
def test_what_is_read_whole(tokenizer: CharTokenizer | SentencePieceTokenizer) -> None:
    # Case, a second space and marks that the alphabet lacks are no text that is lost.
    more = ["A small  red bird", "a small\u00a0red bird"]
    found = legibility(tokenizer, [*ENGLISH, *more])
    assert (found.texts, found.unknown, found.cut, found.alike) == (3, 0, 0, 0)
    assert (found.lost, found.legible, str(found)) == (False, True, "nothing is lost")
    require_legible(found, tokenizer, "birds.h5")


def test_marks_are_no_text() -> None:
    assert not legibility(
        CHAR, ["the bird\u2019s wing \u2014 a \u201clong\u201d one\ufeff"]
    ).unknown


def test_letters_outside_the_alphabet_and_texts_that_look_alike() -> None:
    found = legibility(CHAR, RUSSIAN)
    letters = sum(character.isalpha() for text in RUSSIAN for character in text)
    assert found.unknown == letters / sum(map(len, RUSSIAN))
    assert (found.cut, found.alike, found.example) == (0, 0, "ж")
    assert legibility(CHAR, ["синяя", "белая"]).alike == 1
    with pytest.raises(InputError) as error:
        require_legible(found, CHAR, "birds.h5")
    assert str(error.value) == (
        "birds.h5: expected captions that the encoder can read, got others: 89.1% of the text is "
        "nothing it knows, 'ж' say; train an encoder with text.tokenizer sentencepiece"
    )


def test_a_frozen_vocabulary_that_does_not_know_the_captions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenizer = WordPieceTokenizer(install(tmp_path, monkeypatch), 20)
    with pytest.raises(InputError, match=r"with text\.network convolutional"):
        require_legible(legibility(tokenizer, RUSSIAN), tokenizer, "birds.h5")


def test_what_is_behind_the_length() -> None:
    start = "this picture shows a scene outdoors and "
    texts = [f"{start}a {colour} bird" for colour in ("red", "blue")]
    found = legibility(CHAR, texts)
    assert found.cut == (len(texts[0]) + len(texts[1]) - 80) / (len(texts[0]) + len(texts[1]))
    assert (found.alike, found.longest) == (1, 51)
    with pytest.raises(InputError) as error:
        require_legible(found, CHAR, "birds.h5")
    assert str(error.value) == (
        "birds.h5: expected captions that the encoder can read, got others: 20.8% of the text is "
        "behind what it reads; 1 of 2 different texts look like another; "
        "train an encoder with text.length of 51"
    )


def test_word_pieces_are_measured_alike() -> None:
    assert legibility(_pieces(), RUSSIAN).unknown > 0.5
    whole = legibility(_pieces(), ENGLISH)
    cut = legibility(_pieces(whole.longest // 2), ENGLISH)
    assert whole.cut == 0
    assert cut.cut > 0.1
    assert cut.longest == whole.longest


def test_a_sentence_that_is_cut_or_in_other_letters_is_refused() -> None:
    require_legible_sentence(CHAR, "the bird\u2019s wing is red")
    with pytest.raises(InputError) as error:
        require_legible_sentence(CHAR, "a" * 39 + "bcd")
    assert str(error.value) == (
        "sentences: expected at most the 40 codes that the run's encoder reads, got 42, of which "
        f"it would read '{'a' * 39}b'; shorten the sentence"
    )
    with pytest.raises(InputError) as error:
        require_legible_sentence(CHAR, "un oiseau doré à tête rouge")
    assert str(error.value) == (
        "sentences: expected letters that the run's encoder knows, got 'éàê' in "
        "'un oiseau doré à tête rouge'; write it in the language of the captions"
    )
