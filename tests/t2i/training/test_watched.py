"""A number that has halved is noticed once."""

from t2i.training.watched import Peak


def test_half_of_the_best_is_told_once() -> None:
    peak = Peak()
    values = [0.0, 0.4, 0.9, 0.5, 0.44, 0.1, 0.9, 0.1]
    assert [peak.halved(value) for value in values] == [
        False, False, False, False, True, False, False, False,
    ]  # fmt: skip


def test_nothing_is_told_of_what_is_never_measured() -> None:
    peak = Peak()
    assert not any(peak.halved(0.0) for _ in range(5))
