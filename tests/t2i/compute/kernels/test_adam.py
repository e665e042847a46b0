"""The fused optimizer against the stock one."""

import keras
import numpy as np
import tensorflow as tf

from t2i.compute.kernels.adam import FusedAdam


def test_twenty_updates_equal_the_stock_optimizers() -> None:
    results = []
    for kind in (keras.optimizers.Adam, FusedAdam):
        variables = [keras.Variable(np.ones(shape, np.float32)) for shape in ((3, 4), (5,))]
        rate = keras.optimizers.schedules.ExponentialDecay(0.05, 5, 0.5)
        optimizer = kind(rate, beta_1=0.5, beta_2=0.99, epsilon=1e-3)
        optimizer.build(variables)
        for step in range(20):
            gradients = [tf.random.stateless_normal(v.shape, [step, 1]) for v in variables]
            optimizer.apply(gradients, variables)
        results.append([v.numpy() for v in (*variables, *optimizer.variables)])
    stock, fused = results
    assert len(stock) == len(fused) == 2 + 1 + 4
    # The same formula, rounded in another order: a few units in the last of float32's 24 bits.
    for expected, got in zip(stock, fused, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-7)
    assert np.abs(stock[0] - 1).max() > 0.1
