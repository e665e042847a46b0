import numpy as np
import pytest
from sentence_samples import install

from t2i.encoders.tokenizers import (
    ALPHABET,
    CharTokenizer,
    SentencePieceTokenizer,
    WordPieceTokenizer,
    train_sentencepiece,
)
from t2i.errors import InputError

SENTENCES = [
    f"this {size} bird has a {colour} body and {wing} wings"
    for size in ("small", "large")
    for colour in ("red", "yellow", "blue", "grey")
    for wing in ("black", "white", "brown")
]


def codes_of(text: str) -> list[int]:
    return CharTokenizer(len(text)).encode([text])[0].tolist()


def test_alphabet_is_the_published_one():
    assert len(ALPHABET) == 70
    assert codes_of("abz019") == [1, 2, 26, 27, 28, 36]
    assert codes_of(",;.!?:'\"/\\|_@#$%^&*~`") == list(range(38, 59))
    assert codes_of("+=<>()[]{} ") == [59, *range(61, 71)]


def test_the_later_of_the_two_dashes_wins():
    assert ALPHABET[36] == ALPHABET[59] == "-"
    assert codes_of("-") == [60]
    every = CharTokenizer(70).encode([ALPHABET])
    assert sorted(set(range(1, 71)) - set(every[0].tolist())) == [37]


@pytest.mark.parametrize("text", ["\ufffd", "é", "\n", "\x00", "\x7f", "\x80", "😀"])
def test_unknown_characters_are_0(text):
    assert codes_of(f"a{text}b") == [1, 0, 2]


def test_a_lone_surrogate_is_unknown_too():
    assert codes_of("a\udc80b") == [1, 0, 2]


def test_upper_case_is_lower_case():
    assert codes_of("A RED Bird") == codes_of("a red bird")


def test_a_caption_is_cut_at_201_or_filled_with_0():
    codes = CharTokenizer().encode(["a" * 200 + "bc", "d"])
    assert codes.shape == (2, 201)
    assert codes.dtype == np.int32
    assert codes[0].tolist() == [1] * 200 + [2]
    assert codes[1].tolist() == [4] + [0] * 200


def test_a_character_of_two_in_lower_case_is_cut_too():
    assert CharTokenizer(4).encode(["İabcd"])[0].tolist() == [9, 0, 1, 2]


def test_many_captions_are_encoded_each_by_itself():
    texts = [f"bird {number}" for number in range(9000)]
    codes = CharTokenizer(12).encode(texts)
    for row in (0, 8191, 8192, 8999):
        assert codes[row].tolist() == CharTokenizer(12).encode([texts[row]])[0].tolist()


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, np.float64])
def test_codes_are_captions_again(dtype):
    texts = ["a red bird, with 2 (two) wings.", "", "x\ufffdy ", ALPHABET]
    codes = CharTokenizer(80).encode(texts)
    decoded = CharTokenizer().decode(codes.astype(dtype))
    assert decoded == texts
    assert CharTokenizer().decode(np.array([[37, 0, 0]])) == ["-"]
    assert CharTokenizer().decode(np.zeros((0, 5))) == []


@pytest.mark.parametrize("code", [-1, 71, 0.5, np.nan, np.inf])
def test_other_numbers_are_no_codes(code):
    with pytest.raises(InputError) as caught:
        CharTokenizer().decode(np.array([[1.0, code]]))
    assert str(caught.value) == (
        f"codes: expected whole numbers from 0 to 70, got {code:g}; "
        "see whether they are of another alphabet"
    )


def test_no_captions_are_no_codes():
    assert CharTokenizer(7).encode([]).shape == (0, 7)


def test_a_sentencepiece_vocabulary_is_the_same_each_time():
    model = train_sentencepiece(SENTENCES, 60)
    assert model == train_sentencepiece(SENTENCES, 60)
    assert SentencePieceTokenizer(model, 8).vocabulary_size <= 60


def test_word_pieces_give_the_sentence_back():
    tokenizer = SentencePieceTokenizer(train_sentencepiece(SENTENCES, 60), 40)
    codes = tokenizer.encode([SENTENCES[0], SENTENCES[0].upper(), "red Ω", ""])
    assert codes.shape == (4, 40)
    assert codes.dtype == np.int32
    kept = codes[0][codes[0] > 0].tolist()
    assert tokenizer._processor.decode(kept) == SENTENCES[0]
    assert codes[1].tolist() == codes[0].tolist()
    assert codes.max() < tokenizer.vocabulary_size
    assert (codes != 1).all(), "1 is the unknown piece, which is 0 in codes"
    assert not codes[3].any()


def test_word_pieces_are_cut_at_the_length():
    tokenizer = SentencePieceTokenizer(train_sentencepiece(SENTENCES, 60), 3)
    longer = SentencePieceTokenizer(tokenizer.model, 40)
    assert tokenizer.encode(SENTENCES).tolist() == longer.encode(SENTENCES)[:, :3].tolist()


def test_lone_surrogates_are_borne():
    tokenizer = SentencePieceTokenizer(train_sentencepiece([*SENTENCES, "x\udc80"], 60), 4)
    assert tokenizer.encode(["\udc80"]).shape == (1, 4)


@pytest.mark.parametrize("model", [b"junk", b"\x00" * 40])
def test_a_broken_vocabulary_is_refused(model):
    with pytest.raises(InputError) as caught:
        SentencePieceTokenizer(model, 4)
    assert str(caught.value) == (
        "sentencepiece model: expected a vocabulary, got bytes that can't be read; "
        "train the encoder again"
    )


def test_a_vocabulary_with_other_special_pieces_is_refused():
    with pytest.raises(InputError) as caught:
        SentencePieceTokenizer(b"", 4)
    assert str(caught.value) == (
        "sentencepiece model: expected padding 0 and unknown 1, got -1 and -1; "
        "train the encoder again"
    )


def test_a_vocabulary_too_small_for_the_characters_is_refused():
    with pytest.raises(InputError) as caught:
        train_sentencepiece(SENTENCES, 5)
    assert str(caught.value) == (
        "text.vocabulary_size: expected enough pieces for the captions' characters, got 5; raise it"
    )


def test_word_pieces_stand_between_marks(tmp_path, monkeypatch):
    tokenizer = WordPieceTokenizer(install(tmp_path, monkeypatch), 6)
    codes = tokenizer.encode(["A  red birds", "", "a red blue bird flag", "\udc80 red"])
    assert codes.tolist() == [
        [2, 4, 5, 7, 12, 3],
        [2, 3, 0, 0, 0, 0],
        [2, 4, 5, 6, 7, 3],
        [2, 1, 5, 3, 0, 0],
    ]
    assert tokenizer.vocabulary_size == 25


def test_word_pieces_that_are_left_out_are_named(tmp_path, monkeypatch):
    tokenizer = WordPieceTokenizer(install(tmp_path, monkeypatch), 6)
    texts = ["a red \u0416\u0416 bird", "a red blue bird flags", "a red blue bird"]
    unread = tokenizer.unread(texts)
    assert unread == [("\u0416\u0416", 0, 6), ("", 6, 8), ("", 0, 6)]
