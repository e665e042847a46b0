"""Every model of the catalogue is held to the contract."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from draw_samples import HOW

from t2i.config.file import parse
from t2i.config.run import RunConfig
from t2i.models.catalogue import MODELS, offered
from t2i.models.contract import Facts, Model
from t2i.pairs.reading import Pairs
from t2i.runs.checkpoints import Checkpoints
from t2i.training.batches.draw import Draw, choose, draw
from t2i.training.batches.order import Order
from t2i.training.batches.table import table

# Of each model, what makes it small.
SMALL = {
    "dcgan": """
image_size: 8
networks: {generator_width: 4, discriminator_width: 4, latent_size: 5, text_size: 3}
training: {ema: 0.5, batch_size: 8}
""",
    "projected": """
model: projected
image_size: 16
networks: {generator_widths: [6, 4], latent_size: 8, style_size: 5, eyes_size: 64, head_width: 4,
  key_size: 3}
training: {ema: 0.5, batch_size: 8}
""",
}
FACTS = Facts(
    6, 3, np.random.default_rng(0).standard_normal((9, 6)).astype(np.float32), steps_per_epoch=10
)


@pytest.fixture(params=sorted(MODELS))
def config(request: pytest.FixtureRequest) -> RunConfig:
    kind = MODELS[request.param].config
    made: Any = parse(SMALL[request.param], kind, request.param)
    return made


def _pairs(size: int) -> Pairs:
    random = np.random.default_rng(1)
    return Pairs(
        image=random.integers(0, 256, (24, size + 2, size + 2, 3), np.uint8),
        caption=["a bird"] * 48,
        embedding=random.standard_normal((48, 6)).astype(np.float32),
        caption_offset=np.arange(25) * 2,
        class_id=(np.arange(24) % 4).astype(np.int32),
        name=[str(index) for index in range(24)],
    )


def _step(model: Model, config: RunConfig, step: int) -> dict[str, float]:
    """One step on a batch drawn as training draws it: what is needed is what is drawn."""
    needs = offered(config).needs(config)
    held = table(_pairs(config.image_size))
    rows = Order(held.class_index, 8, HOW.seed, needs.group).rows(step, 1)[0]
    how = Draw(HOW.seed, 8, config.image_size, True, needs)
    at = tf.constant(step)
    batch = draw(held, choose(held, tf.constant(rows), at, how), at, how)
    found = {name: float(value) for name, value in model.step(batch).items()}
    model.after_step(tf.distribute.get_strategy())
    return found


def _weights(model: Model) -> list[np.ndarray]:
    return [weight for net in model.networks.values() for weight in net.get_weights()]


def test_a_model_keeps_the_contract(config: RunConfig, tmp_path: Any) -> None:
    offers = offered(config)
    model = offers.build(config, FACTS)
    assert set(offers.CURVES) & set(_step(offers.build(config, FACTS), config, 0))
    before = _weights(model)
    first = _step(model, config, 0)
    assert all("/" in name for name in first)
    assert all(np.isfinite(value) for value in first.values())
    for name, network in model.networks.items():
        assert network.trainable_weights, name
    assert any(not np.array_equal(x, y) for x, y in zip(before, _weights(model), strict=True))
    parts = {**model.networks, **model.kept}
    Checkpoints(parts, tmp_path, 1, True).save(1)
    second = _step(model, config, 1)

    again = offers.build(config, FACTS)
    restored = Checkpoints({**again.networks, **again.kept}, tmp_path, 1, True)
    assert restored.restore() == 1
    assert _step(again, config, 1) == second
    for x, y in zip(_weights(model), _weights(again), strict=True):
        np.testing.assert_array_equal(x, y)


def test_its_painting_is_of_stock_layers_and_paints_what_it_says(config: RunConfig) -> None:
    offers = offered(config)
    model = offers.build(config, FACTS)
    network, prior = offers.build_painting(config, Facts(6, 3))
    network.set_weights(model.weights())
    latent = prior.draw(3, 0)
    assert latent.shape == (3, offers.needs(config).latent_size)
    np.testing.assert_array_equal(latent, prior.draw(3, 0))
    assert set(prior.geometry) <= {"turn", "size", "squeeze", "right", "down", "mirror"}
    embedding = np.ones((3, 6), np.float32)
    image = np.asarray(network({"embedding": embedding, "latent": latent}, training=False))
    assert image.shape == (3, config.image_size, config.image_size, 3)
    assert np.abs(image).max() <= 1.0
    assert np.abs(image[0] - image[1]).max() > 1e-3
    assert all(type(layer).__module__.startswith("keras.") for layer in network.layers)
