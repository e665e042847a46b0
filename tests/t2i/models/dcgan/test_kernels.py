"""The whole step by the faster layers and optimizer, against the stock ones."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from gan_samples import random_batch, tiny_gan

from t2i.compute.kernels.choice import STOCK
from t2i.models.dcgan.model import TextToImageGAN

STEPS = 20
FAST = {"ImageConv2D", "ImageConv2DTranspose", "ColumnConv2D", "ColumnConv2DTranspose"}


def _weights(gan: TextToImageGAN) -> list[np.ndarray]:
    return [*gan.generator.get_weights(), *gan.discriminator.get_weights()]


def _trained(gan: TextToImageGAN) -> list[np.ndarray]:
    step = tf.function(gan.step)
    for number in range(STEPS):
        step(random_batch(number))
    return _weights(gan)


def _classes(gan: TextToImageGAN) -> set[str]:
    nets = (gan.generator, gan.discriminator.get_layer("trunk"))
    return {type(layer).__name__ for net in nets for layer in net.layers}


def test_twenty_steps_give_the_weights_of_stock_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    fast = tiny_gan()
    monkeypatch.setattr("t2i.models.dcgan.model.Kernels", lambda *_: STOCK)
    monkeypatch.setattr("t2i.models.optimizers.FusedAdam", keras.optimizers.Adam)
    stock = tiny_gan()
    assert _classes(fast) >= FAST
    assert not _classes(stock) & FAST
    began = np.concatenate([one.ravel() for one in _weights(stock)])
    expected, got = (
        np.concatenate([one.ravel() for one in _trained(gan)]) for gan in (stock, fast)
    )
    assert np.quantile(np.abs(expected - began), 0.5) > 1e-3
    # Rounded in another order. Where a gradient is zero but for rounding, as of a bias before
    # batch normalisation, Adam goes 2e-4 at a step in the direction of the rounding.
    error = np.abs(got - expected)
    assert np.quantile(error, 0.99) < 2e-6
    assert error.max() < 1e-3
