"""AttnGAN's captions.pickle: captions as the numbers of their words."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from prep.formats.pickles.reading import load
from t2i.errors import InputError

# AttnGAN's <end>, which no caption holds as a word.
_END = 0
# Many times what is real: a list may stand for the captions of every picture.
_MAX_WORDS, _MAX_WORD = 1000, 100


class AttnGanCaptions:
    """Captions by split and row; lower case, without punctuation, as AttnGAN keeps them.

    Source: Xu et al., AttnGAN (CVPR 2018), released code, datasets.py.
    """

    def __init__(self, path: Path, rows: Mapping[str, int]) -> None:
        """Reads the file.

        Args:
            path: a pickle of [train captions, test captions, word of number, number of word].
            rows: pictures in each split.

        Raises:
            InputError: it is not what it should be, or its captions don't share out evenly.
        """
        value = load(path)
        match value:
            case [list(train), list(test), dict(words), dict()]:
                captions = {"train": train, "test": test}
            case _:
                raise InputError(
                    f"{path}: expected train captions, test captions and two word tables, "
                    "got something else; give AttnGAN's captions.pickle"
                )
        self._path = path
        self._words = words
        self._captions = {
            split: _shared_out(path, split, captions.get(split, []), count)
            for split, count in rows.items()
            if count
        }

    def of(self, split: str, row: int) -> tuple[str, ...]:
        """Returns the captions of a picture; raises InputError where its words are none."""
        return tuple(self._sentence(numbers) for numbers in self._captions[split][row])

    def _sentence(self, numbers: object) -> str:
        if not isinstance(numbers, list) or len(numbers) > _MAX_WORDS:
            raise InputError(
                f"expected lists of at most {_MAX_WORDS} word numbers in {self._path}, "
                "got something else"
            )
        words = []
        for number in numbers:
            word = self._words.get(number) if isinstance(number, int) else None
            if not isinstance(word, str) or not word.strip() or len(word) > _MAX_WORD:
                got = number if isinstance(number, int) else "something else"
                raise InputError(f"expected numbers of words that {self._path} lists, got {got}")
            if number != _END:
                words.append(word)
        if not words:
            raise InputError(f"expected words in {self._path}, got an empty caption")
        return " ".join(words)


def _shared_out(
    path: Path, split: str, captions: Sequence[object], rows: int
) -> list[Sequence[object]]:
    """Returns the captions of each picture: every one has as many."""
    each, rest = divmod(len(captions), rows)
    if rest or not each:
        raise InputError(
            f"{path}: expected as many {split} captions for each of {rows} pictures, got "
            f"{len(captions)} in all; get the captions.pickle that was made with these filenames"
        )
    return [captions[row * each : (row + 1) * each] for row in range(rows)]
