"""AttnGAN's captions.pickle: captions as the numbers of their words."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from prep.pickles import load
from t2i.errors import InputError

# AttnGAN's <end>, which no caption holds as a word.
_END = 0


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
        if not isinstance(numbers, list):
            raise InputError(f"expected lists of word numbers in {self._path}, got something else")
        words = [
            self._words.get(number) if isinstance(number, int) else None
            for number in numbers
            if number != _END
        ]
        if not words or not all(isinstance(word, str) and word.strip() for word in words):
            raise InputError(
                f"expected numbers of words that {self._path} lists, got {str(numbers)[:80]}"
            )
        return " ".join(str(word) for word in words)


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
