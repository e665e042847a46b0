"""The loss terms of the projected GAN: what D and G minimise, by name, with their weights."""

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from t2i.models import losses
from t2i.models.contract import Batch, Terms
from t2i.models.projected.config import LossesConfig

Tensor = Any
# Two pictures of a class, and two generated for one sentence, lie side by side in a batch.
GROUP = 2
Mean = Callable[[Tensor], Tensor]
# Of the side of a map; of finer ones the mean over places is compared, of coarser all places.
_COARSE = 8


def spread(values: Tensor) -> Tensor:
    """Returns each group's first row for every row of the group."""
    return tf.repeat(values[::GROUP], GROUP, axis=0)


def fits(key: Tensor, sentence: Tensor) -> Tensor:
    """Returns how well pictures fit their sentences, [b, taps]: inner products of unit scale.

    Args:
        key: float32 [b, taps, k], of the pictures.
        sentence: float32 [b, taps, k], of their sentences.
    """
    return tf.reduce_sum(key * sentence, axis=2) / key.shape[2] ** 0.5


def own_among_many(
    key: Tensor, sentences: Tensor, own: Tensor, same: Tensor, temperature: float
) -> Tensor:
    """Returns the mean cross-entropy of a picture's own sentence among many, over all heads.

    Args:
        key: float32 [b, taps, k], of the pictures.
        sentences: float32 [m, taps, k].
        own: int32 [b], which sentence is the picture's.
        same: bool [b, m], sentences of the picture's class; but for its own they do not count.
        temperature: that cosines are divided by.
    """
    score = tf.einsum(
        "btk,mtk->tbm", tf.math.l2_normalize(key, axis=2), tf.math.l2_normalize(sentences, axis=2)
    )
    right = tf.one_hot(own, tf.shape(sentences)[0], dtype=score.dtype)
    score = score / temperature - 1e4 * (1.0 - right) * tf.cast(same, score.dtype)
    return tf.reduce_mean(tf.reduce_logsumexp(score, axis=2) - tf.reduce_sum(score * right, 2))


def apart(first: Tensor, second: Tensor) -> Tensor:
    """Returns the distance of two pictures in each mixed map, [b, taps].

    Of maps finer than 8x8 the means over places are compared: where a feather lies does not
    matter, where the bird stands does.
    """
    distances = []
    for one, other in zip(first, second, strict=True):
        difference = one - other
        if difference.shape[1] > _COARSE:
            difference = tf.reduce_mean(difference, axis=[1, 2])
        # The root has no gradient at 0.
        flat = tf.reshape(difference, [tf.shape(difference)[0], -1]) + 1e-6
        distances.append(tf.norm(flat, axis=1))
    return tf.stack(distances, axis=1)


def energy(real: list[Tensor], fake: list[Tensor], mean: Mean) -> tuple[Tensor, Tensor]:
    """Returns the generalised energy distance of fakes to real pictures, and fakes' variety.

    2 E |f - r| - E |f - f'|, each head's in units of the batch's E |r - r'|, which is a constant;
    and E |f - f'| in those units: below 1, pictures of a sentence differ less than those of a
    class do.

    Args:
        real: mixed maps of real pictures, two of a class side by side.
        fake: those of generated ones, two of a sentence side by side.
        mean: of a tensor over all replicas.

    Source: Gritsenko et al. 2020 (2008.01160), equation 3; a proper score, whose second half is
    what keeps pictures of one sentence apart.
    """
    (one, other), (first, second) = (
        [[x[index::GROUP] for x in maps] for index in range(GROUP)] for maps in (fake, real)
    )
    unit = mean(tf.reduce_mean(apart(first, second), axis=0))
    pairs = ((one, first), (one, second), (other, first), (other, second))
    across = tf.add_n([apart(*pair) for pair in pairs]) / len(pairs)
    variety = tf.reduce_mean(tf.reduce_mean(apart(one, other), axis=0) / unit)
    return tf.reduce_mean(2.0 * tf.reduce_mean(across, axis=0) / unit) - variety, variety


def discriminator_terms(
    weights: LossesConfig,
    batch: Batch,
    real: Mapping[str, Tensor],
    fake: Mapping[str, Tensor],
    sentences: Mapping[str, Tensor],
) -> Terms:
    """Returns D's weighted terms.

    Args:
        weights: of the terms.
        batch: what is looked at.
        real: D's verdicts on the real pictures, {"logit", "key", "mixed"}, and its companion's,
            "pixels", where there is one.
        fake: on the generated ones.
        sentences: what D reads, {"own", "painted", "mismatched", "all"}, float32 [.., taps, k].
    """
    terms = {}
    judged = losses.discriminator
    if weights.real:
        terms["d/real"] = weights.real * judged(real["logit"], True, "hinge")
    if weights.fake:
        terms["d/fake"] = weights.fake * judged(fake["logit"], False, "hinge")
    if weights.matched:
        fit = fits(real["key"], sentences["own"])
        terms["d/matched"] = weights.matched * judged(fit, True, "hinge")
    if weights.mismatched:
        fit = fits(real["key"], sentences["mismatched"])
        terms["d/mismatched"] = weights.mismatched * judged(fit, False, "hinge")
    if weights.unmatched:
        fit = fits(fake["key"][: batch.image.shape[0]], sentences["painted"])
        terms["d/unmatched"] = weights.unmatched * judged(fit, False, "hinge")
    if weights.companion:
        verdicts = ((real["pixels"], True), (fake["pixels"], False))
        terms["d/companion"] = weights.companion * tf.add_n(
            [judged(pixels, truth, "hinge") for pixels, truth in verdicts]
        )
    if weights.contrastive:
        terms["d/contrastive"] = weights.contrastive * own_among_many(
            real["key"], sentences["all"], batch.own, batch.same, weights.temperature
        )
    return terms


def generator_terms(
    weights: LossesConfig,
    batch: Batch,
    real: Mapping[str, Tensor],
    fake: Mapping[str, Tensor],
    sentences: Mapping[str, Tensor],
    mean: Mean,
) -> tuple[Terms, Terms]:
    """Returns G's weighted terms, and what else is watched of its pictures.

    Args:
        weights: of the terms.
        batch: what is looked at.
        real: D's verdicts on the real pictures.
        fake: on the generated ones; those for interpolated sentences come last.
        sentences: what D reads; "interpolated" too where there are such.
        mean: of a tensor over all replicas.
    """
    count = batch.image.shape[0]
    logit, key = fake["logit"][:count], fake["key"][:count]
    mixed = [value[:count] for value in fake["mixed"]]
    terms, watched = {}, {}
    if weights.adversarial:
        terms["g/adversarial"] = weights.adversarial * losses.generator(logit, "hinge")
    if weights.matched:
        fit = fits(key, sentences["painted"])
        terms["g/matched"] = weights.matched * losses.generator(fit, "hinge")
    if weights.companion:
        terms["g/companion"] = weights.companion * losses.generator(fake["pixels"], "hinge")
    if weights.contrastive:
        terms["g/contrastive"] = weights.contrastive * own_among_many(
            key,
            sentences["all"],
            spread(batch.own),
            spread(batch.same),
            weights.temperature,
        )
    if weights.energy:
        distance, watched["g/variety"] = energy(real["mixed"], mixed, mean)
        terms["g/energy"] = weights.energy * distance
    if weights.feature_matching:
        differences = [
            losses.feature_matching(*(mean(tf.reduce_mean(x, axis=0)) for x in (one, other)))
            for one, other in zip(real["mixed"], mixed, strict=True)
        ]
        terms["g/feature_matching"] = weights.feature_matching * tf.add_n(differences)
    if weights.interpolated:
        fit = fits(fake["key"][count:], sentences["interpolated"])
        terms["g/interpolated"] = weights.interpolated * losses.generator(fit, "hinge")
    return terms, watched
