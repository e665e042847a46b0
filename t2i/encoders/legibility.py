"""How much of a text an encoder reads: the one measure for captions, and for sentences to paint.

What its alphabet or vocabulary does not have becomes nothing; what is longer than it reads is cut;
and different texts of which the rest is the same have one embedding.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from t2i.encoders.tokenizers import Tokenizer
from t2i.errors import InputError

# Share of the text that may be lost, and of the texts that may look like another.
MOST_LOST = 0.05
# What knows more letters than a kind of tokenizer.
_KNOWS_MORE = {
    "char": "text.tokenizer sentencepiece",
    "sentencepiece": "a larger text.vocabulary_size",
    "wordpiece": "text.network convolutional, text.tokenizer sentencepiece",
}
# Texts encoded at a time, to see which look alike.
_BLOCK = 8192


@dataclass(frozen=True)
class Legibility:
    """What an encoder reads of texts.

    Attributes:
        texts: different ones, whatever their case and spaces.
        unknown: share of their characters that it does not know; marks and spaces don't count.
        cut: share of their characters behind the last that it reads.
        alike: how many of them look to it like another.
        example: a character that it does not know; empty without one.
        longest: codes that the longest would take.
    """

    texts: int
    unknown: float
    cut: float
    alike: int
    example: str
    longest: int

    @property
    def lost(self) -> bool:
        """Whether anything is."""
        return bool(self.unknown or self.cut or self.alike)

    @property
    def legible(self) -> bool:
        """Whether no more is lost than may be."""
        return max(self.unknown, self.cut, self.alike / max(1, self.texts)) <= MOST_LOST

    def __str__(self) -> str:
        """Returns what is lost, in words."""
        parts = []
        if self.unknown:
            known = f"of the text is nothing it knows, {self.example!r} say"
            parts.append(f"{_percent(self.unknown)} {known}")
        if self.cut:
            parts.append(f"{_percent(self.cut)} of the text is behind what it reads")
        if self.alike:
            parts.append(f"{self.alike:,} of {self.texts:,} different texts look like another")
        return "; ".join(parts) or "nothing is lost"


def legibility(tokenizer: Tokenizer, texts: Iterable[str]) -> Legibility:
    """Returns what an encoder with this tokenizer reads of texts."""
    distinct = sorted({plain(text).lower() for text in texts})
    characters = unknown = cut = longest = 0
    example = ""
    for text, unread in zip(distinct, tokenizer.unread(distinct), strict=True):
        lost = [character for character in unread.unknown if _counts(character)]
        characters += len(text)
        unknown += len(lost)
        cut += unread.cut
        longest = max(longest, unread.codes)
        example = example or "".join(lost[:1])
    return Legibility(
        texts=len(distinct),
        unknown=unknown / max(1, characters),
        cut=cut / max(1, characters),
        alike=len(distinct) - _looks(tokenizer, distinct),
        example=example,
        longest=longest,
    )


def require_legible(found: Legibility, tokenizer: Tokenizer, place: str) -> None:
    """Raises InputError where an encoder reads too little of a file's captions.

    Args:
        found: of the captions.
        tokenizer: of the encoder.
        place: the file.
    """
    if found.legible:
        return
    ways = []
    if found.cut > MOST_LOST:
        ways.append(f"text.length of {found.longest}")
    if found.unknown > MOST_LOST or not ways:
        ways.append(_KNOWS_MORE[tokenizer.kind])
    raise InputError(
        f"{place}: expected captions that the encoder can read, got others: {found}; "
        f"train an encoder with {' and '.join(ways)}"
    )


def require_legible_sentence(tokenizer: Tokenizer, sentence: str) -> None:
    """Raises InputError where an encoder reads nothing of a sentence to paint, or too little."""
    if not sentence or not tokenizer.encode([sentence]).any():
        raise InputError(
            f"captions: expected words, got {sentence!r}; describe a picture in English"
        )
    (unread,) = tokenizer.unread([sentence])
    if unread.cut:
        read = sentence[: len(sentence) - unread.cut]
        raise InputError(
            f"sentences: expected at most the {tokenizer.length} codes that the run's encoder "
            f"reads, got {unread.codes}, of which it would read {read!r}; shorten the sentence"
        )
    lost = [character for character in unread.unknown if _counts(character)]
    if len(lost) > MOST_LOST * len(sentence):
        raise InputError(
            "sentences: expected letters that the run's encoder knows, got "
            f"{''.join(dict.fromkeys(lost))!r} in {sentence!r}; write it in the language of the "
            "captions"
        )


def plain(text: str) -> str:
    """Returns a text with single spaces, which any other white space becomes."""
    return " ".join(text.split())


def _counts(character: str) -> bool:
    """Returns whether a character is text: not a mark, a space, or one that is not seen."""
    return unicodedata.category(character) not in ("Cc", "Cf", "Zs", "Zl", "Zp") and (
        unicodedata.category(character)[0] != "P"
    )


def _percent(share: float) -> str:
    return "less than 0.1%" if share < 0.001 else f"{share:.1%}"


def _looks(tokenizer: Tokenizer, texts: Sequence[str]) -> int:
    """Returns how many different rows of codes there are."""
    rows: set[bytes] = set()
    for start in range(0, len(texts), _BLOCK):
        rows.update(row.tobytes() for row in tokenizer.encode(texts[start : start + _BLOCK]))
    return len(rows)
