"""Captions as codes: the character alphabet, and two kinds of word pieces, behind one `encode`.

Code 0 is padding and whatever is not known; a caption is cut, or filled with 0, to one length.
"""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import sentencepiece

from t2i.encoders.sentence_networks import EXTRA, SentenceNetwork, published
from t2i.errors import InputError

# Character i has code i + 1. `-` stands twice, as released: its later code, 60, is the one used.
# Source: Reed et al., CVPR 2016, the released code.
ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789-,;.!?:'\"/\\|_@#$%^&*~`+-=<>()[]{} "
MAX_SENTENCEPIECE_BYTES = 16 << 20

_CODE_OF_CHARACTER = np.zeros(129, np.int32)
for _index, _character in enumerate(ALPHABET):
    _CODE_OF_CHARACTER[ord(_character)] = _index + 1
_CHARACTER_OF_CODE = np.array(["\0", *ALPHABET])
_UNKNOWN_PIECE = 1
_UNKNOWN_CHARACTER = re.compile(f"[^{re.escape(ALPHABET)}]")
# Captions encoded at a time: bounds the memory of the characters, 4 bytes each.
_BLOCK = 8192


class Unread(NamedTuple):
    """What codes leave out of a text.

    Attributes:
        unknown: characters without a code.
        cut: characters behind those that are read.
        codes: that the whole text would take.
    """

    unknown: str
    cut: int
    codes: int


@dataclass(frozen=True)
class CharTokenizer:
    """Characters of the alphabet of 70, in lower case.

    Attributes:
        length: codes of a caption; 201 as published.
    """

    length: int = 201

    @property
    def kind(self) -> str:
        """The tokenizer's name in a configuration."""
        return "char"

    @property
    def vocabulary_size(self) -> int:
        """How many codes there are, 0 among them."""
        return len(ALPHABET) + 1

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.int32]:
        """Returns codes, int32 [n, length]."""
        codes = np.empty((len(texts), self.length), np.int32)
        for start in range(0, len(texts), _BLOCK):
            # Cut twice, here and by the array: a character can become two in lower case.
            lower = [text[: self.length].lower() for text in texts[start : start + _BLOCK]]
            characters = np.array(lower, f"U{self.length}").view(np.uint32)
            characters = characters.reshape(len(lower), self.length)
            codes[start : start + _BLOCK] = _CODE_OF_CHARACTER[np.minimum(characters, 128)]
        return codes

    def unread(self, texts: Sequence[str]) -> list[Unread]:
        """Returns what is left out of each text."""
        return [
            Unread(
                "".join(_UNKNOWN_CHARACTER.findall(text.lower())),
                max(0, len(text) - self.length),
                len(text),
            )
            for text in texts
        ]

    def decode(self, codes: npt.NDArray[Any]) -> list[str]:
        """Returns the texts, which `encode` turns into these codes again.

        Args:
            codes: whole numbers [n, any length], of any type; 0 at the end is padding, before
                that a character that was not known, and becomes U+FFFD.

        Raises:
            InputError: a number is no code.
        """
        # What is no code fails one of the two, nan both; the cast itself may then be nonsense.
        with np.errstate(invalid="ignore"):
            whole = codes.astype(np.int32)
        wrong = (whole != codes) | (whole < 0) | (whole > len(ALPHABET))
        if wrong.any():
            raise InputError(
                f"codes: expected whole numbers from 0 to {len(ALPHABET)}, "
                f"got {codes[wrong][0]:g}; see whether they are of another alphabet"
            )
        # As text, NumPy drops the zero characters at the end, and keeps the others.
        characters = np.ascontiguousarray(_CHARACTER_OF_CODE[whole])
        texts = characters.view(f"U{codes.shape[1]}").ravel().tolist()
        return [text.replace("\0", "\N{REPLACEMENT CHARACTER}") for text in texts]


@dataclass(frozen=True)
class SentencePieceTokenizer:
    """Word pieces of a trained vocabulary.

    Attributes:
        model: the sentencepiece model's bytes.
        length: codes of a caption.

    Raises:
        InputError: the model can't be read, or numbers its padding or unknown piece otherwise.
    """

    model: bytes
    length: int

    def __post_init__(self) -> None:
        special = (self._processor.pad_id(), self._processor.unk_id())
        if special != (0, _UNKNOWN_PIECE):
            raise InputError(
                f"sentencepiece model: expected padding 0 and unknown {_UNKNOWN_PIECE}, "
                f"got {special[0]} and {special[1]}; train the encoder again"
            )

    @cached_property
    def _processor(self) -> sentencepiece.SentencePieceProcessor:
        try:
            return sentencepiece.SentencePieceProcessor(model_proto=self.model)
        except (RuntimeError, OSError) as error:
            raise InputError(
                "sentencepiece model: expected a vocabulary, got bytes that can't be read; "
                "train the encoder again"
            ) from error

    @property
    def kind(self) -> str:
        """The tokenizer's name in a configuration."""
        return "sentencepiece"

    @property
    def vocabulary_size(self) -> int:
        """How many codes there are, 0 among them."""
        return int(self._processor.get_piece_size())

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.int32]:
        """Returns codes, int32 [n, length]."""
        codes = np.zeros((len(texts), self.length), np.int32)
        pieces = self._processor.encode([_utf8(text) for text in texts], num_threads=1)
        for row, own in zip(codes, pieces, strict=True):
            row[: len(own)] = own[: self.length]
        codes[codes == _UNKNOWN_PIECE] = 0
        return codes

    def unread(self, texts: Sequence[str]) -> list[Unread]:
        """Returns what is left out of each text."""
        own = [_utf8(text) for text in texts]
        found = []
        for pieces, codes in zip(
            self._processor.encode(own, out_type=str, num_threads=1),
            self._processor.encode(own, num_threads=1),
            strict=True,
        ):
            unknown = [
                piece for piece, code in zip(pieces, codes, strict=True) if code == _UNKNOWN_PIECE
            ]
            cut = pieces[self.length :]
            found.append(Unread("".join(unknown), len("".join(cut)), len(codes)))
        return found


@dataclass(frozen=True)
class WordPieceTokenizer:
    """Word pieces of a frozen network's own vocabulary, between the marks of begin and end.

    Attributes:
        network: whose.
        length: codes of a caption, the two marks among them.

    Raises:
        InputError: the vocabulary, or the library that reads it, is not installed.
    """

    network: SentenceNetwork
    length: int

    def __post_init__(self) -> None:
        # Here, and not at the first sentence.
        _ = self._processor

    @cached_property
    def _processor(self) -> Any:
        try:
            from tokenizers import Tokenizer as Processor
        except ImportError as error:
            raise InputError(
                f"{self.network.name}: expected the library tokenizers, got none; run {EXTRA}"
            ) from error
        content = published(self.network, self.network.tokenizer, self.network.tokenizer_sha256)
        processor = Processor.from_buffer(content)
        processor.no_padding()
        processor.no_truncation()
        return processor

    @property
    def kind(self) -> str:
        """The tokenizer's name."""
        return "wordpiece"

    @property
    def vocabulary_size(self) -> int:
        """How many codes there are, 0 among them."""
        return self.network.vocabulary_size

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.int32]:
        """Returns codes, int32 [n, length]; what is not known has a code of its own."""
        codes = np.zeros((len(texts), self.length), np.int32)
        begin, end = map(self._processor.token_to_id, ("[CLS]", "[SEP]"))
        for row, text in zip(codes, texts, strict=True):
            own = [begin, *self._pieces(text).ids[: self.length - 2], end]
            row[: len(own)] = own
        return codes

    def unread(self, texts: Sequence[str]) -> list[Unread]:
        """Returns what is left out of each text."""
        found = []
        unknown = self._processor.token_to_id("[UNK]")
        for text in texts:
            pieces = self._pieces(text)
            spans = list(zip(pieces.ids, pieces.offsets, strict=True))
            left_out = "".join(text[start:end] for code, (start, end) in spans if code == unknown)
            read = spans[: self.length - 2]
            cut = len(text) - read[-1][1][1] if len(read) < len(spans) else 0
            found.append(Unread(left_out, cut, len(spans) + 2))
        return found

    def _pieces(self, text: str) -> Any:
        return self._processor.encode(_utf8(text), add_special_tokens=False)


Tokenizer = CharTokenizer | SentencePieceTokenizer | WordPieceTokenizer


def train_sentencepiece(texts: Sequence[str], vocabulary_size: int) -> bytes:
    """Returns a sentencepiece model of the texts, the same bytes for the same texts.

    Args:
        texts: the captions trained on, and no others.
        vocabulary_size: pieces at most; texts of few words give fewer.

    Raises:
        InputError: the vocabulary is too small for the characters in the texts.
    """
    model = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter([_utf8(text) for text in texts]),
            model_writer=model,
            vocab_size=vocabulary_size,
            hard_vocab_limit=False,
            pad_id=0,
            unk_id=_UNKNOWN_PIECE,
            bos_id=-1,
            eos_id=-1,
            normalization_rule_name="nmt_nfkc_cf",
            num_threads=1,
            minloglevel=2,
        )
    except RuntimeError as error:
        raise InputError(
            f"text.vocabulary_size: expected enough pieces for the captions' characters, "
            f"got {vocabulary_size}; raise it"
        ) from error
    return model.getvalue()


def _utf8(text: str) -> str:
    """Returns the text without lone surrogates, which a command line can hold and UTF-8 can't."""
    return text.encode("utf-8", "replace").decode("utf-8")
