"""Runs of the projected GAN: replicas, streaming, and painting from the run alone."""

from pathlib import Path

import numpy as np
from miniature import write_pairs
from tiny_runs import TINY_PROJECTED, config_of, in_a_process, train, weights

from t2i.models.catalogue import load_config
from t2i.painting.painter import load_painting
from t2i.runs.directory import Run
from t2i.runs.record import read_record


def test_two_replicas_equal_one_and_streamed_pairs_those_on_the_device(tmp_path: Path) -> None:
    # So large an epsilon makes Adam show the scale of the gradients, which it hides otherwise.
    config = config_of(tmp_path, "optimizer.epsilon=1.0", text=TINY_PROJECTED)
    data = write_pairs(tmp_path / "birds.h5")
    assert in_a_process(tmp_path, data, tmp_path / "two", devices=2) == 0
    points = train(config, data, tmp_path / "one")
    # After one step all differ by the order of sums alone: a few roundings of the largest. In a few
    # more, a hinge that one side crosses and the other does not is a gradient of another size.
    first, second = weights(tmp_path / "one", 1), weights(tmp_path / "two", 1)
    assert first.keys() == second.keys()
    for name, value in first.items():
        largest = np.abs(value).max()
        np.testing.assert_allclose(second[name], value, atol=2e-5 * largest, err_msg=name)
    one, two = weights(tmp_path / "one", 4), weights(tmp_path / "two", 4)
    for name, value in one.items():
        if "optimizer" not in name:
            largest = np.abs(value).max()
            np.testing.assert_allclose(two[name], value, atol=5e-3 * largest, err_msg=name)
    assert all(np.isfinite(value) for point in points for value in point.values())
    assert points[-1]["g/energy"] != points[0]["g/energy"]

    streamed = config_of(
        tmp_path, "optimizer.epsilon=1.0", "training.data=file", text=TINY_PROJECTED
    )
    train(streamed, data, tmp_path / "file")
    for name, value in weights(tmp_path / "file", 4).items():
        np.testing.assert_array_equal(value, one[name], err_msg=name)

    # The record says who took part, and the run alone paints.
    run = Run(tmp_path / "one")
    assert read_record(run).vision == ["efficientnet-lite0"]
    network, prior = load_painting(run.path, load_config(run.config), 6, 3)
    inputs = {"embedding": np.ones((2, 6), np.float32), "latent": prior.draw(2, 0)}
    assert network(inputs, training=False).shape == (2, 8, 8, 3)
