"""R-precision and zero-shot accuracy against plain loops, and their ties."""

import numpy as np
import pytest

from t2i.errors import InputError
from t2i.evaluation.metrics.retrieval import r_precision, zero_shot

CLASSES = np.repeat(np.arange(12), 12)


def _texts(seed: int, spread: float) -> np.ndarray:
    random = np.random.default_rng(seed)
    return (random.normal(size=(12, 16))[CLASSES] + spread * random.normal(size=(144, 16))).astype(
        np.float32
    )


def test_the_others_are_99_of_other_classes_without_replacement() -> None:
    text = _texts(0, 0.5)
    random = np.random.default_rng(1)
    caption = random.integers(0, 144, 300)
    image = text[caption] + random.normal(size=(300, 16)) * 1.5
    found = r_precision(image, caption, text, CLASSES, seed=4)
    for index in range(300):
        allowed = np.flatnonzero(CLASSES[caption[index]] != CLASSES)
        drawn = np.random.default_rng([4, index]).choice(allowed, 99, replace=False, shuffle=False)
        assert len(set(drawn)) == 99
        scores = [float(image[index] @ text[row].astype(np.float64)) for row in drawn]
        own = float(image[index] @ text[caption[index]].astype(np.float64))
        assert found.margin[index] == pytest.approx(own - max(scores))
        assert found.right[index] == (own > max(scores))
    assert 0.1 < found.right.mean() < 0.9


def test_pictures_that_say_nothing_are_right_one_time_in_a_hundred() -> None:
    random = np.random.default_rng(2)
    text = random.normal(size=(144, 16)).astype(np.float32)
    caption = random.integers(0, 144, 6000)
    right = r_precision(random.normal(size=(6000, 16)), caption, text, CLASSES).right
    assert right.mean() == pytest.approx(0.01, abs=0.004)


def test_ties_count_against_us() -> None:
    text = np.ones((144, 16), np.float32) / 3
    assert not r_precision(np.ones((20, 16)), np.arange(20), text, CLASSES).right.any()
    assert not zero_shot(np.ones((20, 16)), np.zeros(20, int), text, CLASSES).right.any()
    # A constant picture of nothing, too.
    assert not r_precision(np.zeros((20, 16)), np.arange(20), _texts(0, 0.5), CLASSES).right.any()


def test_the_first_pictures_fare_the_same_however_many_follow() -> None:
    text = _texts(3, 0.5)
    image, caption = np.random.default_rng(4).normal(size=(90, 16)), np.arange(90)
    few = r_precision(image[:30], caption[:30], text, CLASSES).margin
    # The products are rounded otherwise in other shapes.
    many = r_precision(image, caption, text, CLASSES).margin[:30]
    np.testing.assert_allclose(few, many, rtol=1e-12)


def test_zero_shot_takes_the_best_class_mean() -> None:
    text = _texts(5, 0.5)
    random = np.random.default_rng(6)
    image_class = random.integers(0, 12, 1500)
    means = np.stack([text[class_id == CLASSES].mean(axis=0) for class_id in range(12)])
    image = means[image_class] + random.normal(size=(1500, 16))
    found = zero_shot(image, image_class * 10, text, CLASSES * 10)
    expected = [
        int(np.argmax([row @ mean for mean in means])) == own
        for row, own in zip(image, image_class, strict=True)
    ]
    np.testing.assert_array_equal(found.right, expected)
    assert 0.3 < found.right.mean() < 0.99


def test_too_few_captions_classes_and_nan() -> None:
    text = _texts(7, 0.5)
    with pytest.raises(InputError) as error:
        r_precision(np.ones((3, 16)), np.zeros(3, int), text[:60], CLASSES[:60])
    assert str(error.value) == (
        "r-precision: expected at least 99 captions of other classes, got 48; "
        "choose a larger --split"
    )
    with pytest.raises(InputError) as error:
        zero_shot(np.ones((3, 16)), np.zeros(3, int), text[:12], CLASSES[:12])
    assert str(error.value) == (
        "zero-shot: expected at least 2 classes, got 1; choose another --split"
    )
    with pytest.raises(InputError, match="got nan or infinity for generated picture 2"):
        r_precision(np.vstack([np.ones((2, 16)), np.full(16, np.nan)]), np.arange(3), text, CLASSES)
