"""The terms of the projected GAN, against numpy."""

import numpy as np
import pytest
import tensorflow as tf
from projected_samples import random_batch

from t2i.models.projected import terms
from t2i.models.projected.config import LossesConfig

RANDOM = np.random.default_rng(0)
KEY = RANDOM.standard_normal((8, 2, 3)).astype(np.float32)
SENTENCES = RANDOM.standard_normal((8, 2, 3)).astype(np.float32)
LOGIT = RANDOM.standard_normal((8, 5)).astype(np.float32)


def test_a_group_shares_its_first_row() -> None:
    assert terms.spread(tf.constant([1, 2, 3, 4])).numpy().tolist() == [1, 1, 3, 3]


def test_a_picture_fits_by_an_inner_product_of_unit_scale() -> None:
    expected = np.einsum("btk,btk->bt", KEY, SENTENCES) / np.sqrt(3)
    np.testing.assert_allclose(terms.fits(KEY, tf.constant(SENTENCES)), expected, rtol=1e-5)


def test_own_sentence_among_many_leaves_those_of_its_class_out() -> None:
    batch = random_batch()
    found = terms.own_among_many(KEY, tf.constant(SENTENCES), batch.own, batch.same, 0.2)
    losses = []
    for picture in range(8):
        for head in range(2):
            one = KEY[picture, head] / np.linalg.norm(KEY[picture, head])
            scores = {}
            for index in range(8):
                if index == picture or not batch.same[picture, index]:
                    other = SENTENCES[index, head]
                    scores[index] = one @ other / np.linalg.norm(other) / 0.2
            total = np.log(np.sum(np.exp(list(scores.values()))))
            losses.append(total - scores[picture])
    assert float(found) == pytest.approx(np.mean(losses), rel=1e-4)


def _maps(seed: int) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    return [
        random.standard_normal(shape).astype(np.float32) for shape in ((4, 16, 16, 3), (4, 8, 8, 2))
    ]


def test_energy_distance_is_that_of_its_formula() -> None:
    real, fake = _maps(1), _maps(2)
    distance, variety = terms.energy(
        [tf.constant(x) for x in real], [tf.constant(x) for x in fake], lambda x: x
    )

    def apart(one: np.ndarray, other: np.ndarray) -> float:
        difference = one - other
        # Of maps finer than 8x8 the means are compared.
        if difference.shape[0] > 8:
            difference = difference.mean(axis=(0, 1))
        return float(np.linalg.norm(difference))

    expected, varied = [], []
    for r, f in zip(real, fake, strict=True):
        unit = np.mean([apart(r[0], r[1]), apart(r[2], r[3])])
        across = np.mean(
            [
                apart(f[i], r[j])
                for group in (0, 2)
                for i in (group, group + 1)
                for j in (group, group + 1)
            ]
        )
        own = np.mean([apart(f[0], f[1]), apart(f[2], f[3])])
        expected.append((2 * across - own) / unit)
        varied.append(own / unit)
    # 1e-6 stands in each difference, for the root's gradient.
    assert float(distance) == pytest.approx(np.mean(expected), rel=1e-3)
    assert float(variety) == pytest.approx(np.mean(varied), rel=1e-3)


def test_the_energy_of_equal_fakes_has_a_finite_gradient() -> None:
    real = [tf.constant(x) for x in _maps(1)]
    fake = tf.constant(_maps(2)[1][:1].repeat(4, axis=0))
    with tf.GradientTape() as tape:
        tape.watch(fake)
        distance, _ = terms.energy(real[1:], [fake], lambda x: x)
    assert np.isfinite(tape.gradient(distance, fake)).all()


def test_pictures_further_apart_lower_the_energy_of_collapsed_ones() -> None:
    real = [tf.constant(x) for x in _maps(1)]
    means = [tf.reduce_mean(x, axis=0, keepdims=True) for x in real]
    collapsed = [tf.repeat(x, 4, axis=0) for x in means]
    same, _ = terms.energy(real, collapsed, lambda x: x)
    right, variety = terms.energy(real, real, lambda x: x)
    assert float(right) < float(same) - 0.1
    assert float(variety) == pytest.approx(1.0, rel=1e-3)


def _verdict(seed: int) -> dict[str, object]:
    random = np.random.default_rng(seed)
    return {
        "logit": tf.constant(random.standard_normal((8, 5)).astype(np.float32)),
        "key": tf.constant(random.standard_normal((8, 2, 3)).astype(np.float32)),
        "pixels": tf.constant(random.standard_normal((8, 4)).astype(np.float32)),
        "mixed": [tf.constant(x) for x in (np.concatenate([m, m]) for m in _maps(seed))],
    }


def test_discriminator_terms_are_weighted_hinges() -> None:
    weights = LossesConfig(
        real=2.0, fake=3.0, matched=0.7, mismatched=0.3, unmatched=0.4, companion=0.6, contrastive=0
    )
    real, fake = _verdict(1), _verdict(2)
    random = np.random.default_rng(3)
    sentences = {
        name: tf.constant(random.standard_normal((8, 2, 3)).astype(np.float32))
        for name in ("own", "painted", "mismatched")
    }
    found = terms.discriminator_terms(weights, random_batch(), real, fake, sentences)

    def hinge(x: object, sign: float) -> float:
        return float(np.maximum(0, 1 - sign * np.asarray(x)).mean())

    def fit(verdict: dict[str, object], name: str) -> np.ndarray:
        return np.einsum("btk,btk->bt", verdict["key"], sentences[name]) / np.sqrt(3)

    expected = {
        "d/real": 2.0 * hinge(real["logit"], 1),
        "d/fake": 3.0 * hinge(fake["logit"], -1),
        "d/matched": 0.7 * hinge(fit(real, "own"), 1),
        "d/mismatched": 0.3 * hinge(fit(real, "mismatched"), -1),
        "d/unmatched": 0.4 * hinge(fit(fake, "painted"), -1),
        "d/companion": 0.6 * (hinge(real["pixels"], 1) + hinge(fake["pixels"], -1)),
    }
    assert {name: float(value) for name, value in found.items()} == pytest.approx(
        expected, rel=1e-5
    )


@pytest.mark.parametrize(
    ("name", "side"),
    [("real", "d"), ("fake", "d"), ("companion", "d"), ("companion", "g"),
     ("contrastive", "d"), ("contrastive", "g"), ("adversarial", "g"),
     ("energy", "g"), ("feature_matching", "g"), ("matched", "g")],
)  # fmt: skip
def test_a_term_of_weight_0_is_not_computed(name: str, side: str) -> None:
    def found(weight: float) -> set[str]:
        weights = LossesConfig(**{name: weight})
        sentences = {key: tf.constant(SENTENCES) for key in ("own", "painted", "all")}
        sides = {
            "d": lambda: terms.discriminator_terms(
                weights, random_batch(), _verdict(1), _verdict(2), sentences
            ),
            "g": lambda: terms.generator_terms(
                weights, random_batch(), _verdict(1), _verdict(2), sentences, lambda x: x
            )[0],
        }
        return set(sides[side]())

    assert found(1.0) - found(0.0) == {f"{side}/{name}"}
