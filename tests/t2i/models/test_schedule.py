"""The learning rate of each step."""

import numpy as np
import pytest

from t2i.config.run import OptimizerConfig
from t2i.models.schedule import Schedule


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (OptimizerConfig(decay="none"), [2e-4, 2e-4, 2e-4, 2e-4]),
        (OptimizerConfig(decay_epochs=2), [2e-4, 2e-4, 1e-4, 0.5e-4]),
        (OptimizerConfig(decay="linear", decay_share=0.5), [2e-4, 2e-4, 1.6e-4, 0.0]),
    ],
)
def test_schedule(config: OptimizerConfig, expected: list[float]) -> None:
    schedule = Schedule(config, steps_per_epoch=10, steps=50)
    rates = [float(schedule(step)) for step in (0, 19, 30, 50)]
    if config.decay == "step":
        rates = [float(schedule(step)) for step in (0, 19, 20, 40)]
    np.testing.assert_allclose(rates, expected, rtol=1e-5)
