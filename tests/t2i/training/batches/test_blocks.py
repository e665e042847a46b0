"""What is made while the device works."""

import itertools

import pytest

from t2i.training.batches.blocks import ahead


def test_the_next_is_made_before_it_is_asked_for() -> None:
    made: list[int] = []
    values = ahead(lambda item: made.append(item) or item * item, itertools.count(1))
    assert next(values) == (1, 1)
    assert next(values) == (2, 4)
    values.close()
    assert made == [1, 2, 3]
    assert list(ahead(str, [])) == []
    assert list(ahead(str, [1, 2])) == [(1, "1"), (2, "2")]


def test_what_fails_in_the_thread_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        list(ahead(lambda item: 1 // item, [1, 0]))
