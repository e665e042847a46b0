import numpy as np

from prep.encoder.remembered import Remembered


def _reader(asked: list[list[str]]):
    def read(texts):
        asked.append(list(texts))
        return np.array([[len(text), len(texts)] for text in texts], np.float32).reshape(-1, 2)

    return read


def test_captions_are_read_once_and_before_excerpts():
    asked, told = [], []
    read = Remembered(_reader(asked), ["ccc", "a", "ccc"], lambda *call: told.append(call))
    assert asked == [["a", "ccc"]]
    assert told == [("reading captions", 2, 2)]
    rows = read(["ccc", "bb", "a", "bb"])
    np.testing.assert_array_equal(rows, [[3, 2], [2, 1], [1, 2], [2, 1]])
    assert asked[1:] == [["bb"]]


def test_what_is_read_together_does_not_hang_on_what_was_asked_before():
    texts = [f"excerpt {i}" for i in range(5)]
    one, other = (Remembered(_reader([]), ["a"]) for _ in range(2))
    one(texts[:2])
    np.testing.assert_array_equal(one(texts), other(texts))
