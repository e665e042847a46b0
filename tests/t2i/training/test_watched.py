"""A number that has halved is noticed once; the pace is that of the steps."""

from t2i.training.watched import Pace, Peak


def test_half_of_the_best_is_told_once() -> None:
    peak = Peak()
    values = [0.0, 0.4, 0.9, 0.5, 0.44, 0.1, 0.9, 0.1]
    assert [peak.halved(value) for value in values] == [
        False, False, False, False, True, False, False, False,
    ]  # fmt: skip


def test_nothing_is_told_of_what_is_never_measured() -> None:
    peak = Peak()
    assert not any(peak.halved(0.0) for _ in range(5))


def test_the_pace_is_of_the_steps_alone() -> None:
    now = [0.0]
    pace = Pace(8, lambda: now[0])

    def steps(count: int, seconds: float) -> None:
        pace.add(count)
        now[0] += seconds
        pace.pause()

    steps(1, 60.0)  # It compiles.
    pace.begin()
    steps(5, 2.0)
    now[0] += 30.0  # A grid is painted.
    pace.go_on()
    steps(5, 2.0)
    assert pace.images_per_second() == 20.0
    now[0] += 30.0  # A checkpoint is written.
    pace.go_on()
    steps(10, 2.0)
    assert pace.images_per_second() == 40.0
