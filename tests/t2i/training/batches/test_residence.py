"""Blocks from the host and from the file: what the device would have looked up, in its order."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from draw_samples import HOW
from miniature import write_pairs

from t2i.compute import strategy
from t2i.config.run import TrainingConfig
from t2i.pairs.reading import read, read_header
from t2i.pairs.stored import OpenPairs
from t2i.training.batches import residence as module
from t2i.training.batches.blocks import Blocks
from t2i.training.batches.draw import choose, draw, place
from t2i.training.batches.order import Order
from t2i.training.batches.residence import choose_residence, pairs_bytes
from t2i.training.batches.table import Table, table

SPLITS = ["train", "val"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pairs(tmp_path_factory.mktemp("streaming") / "birds.h5")


@pytest.mark.parametrize("residence", ["host", "file"])
def test_a_blocks_batches_are_those_of_the_whole_table(data: Path, residence: str) -> None:
    """Bit for bit, over an epoch and into the next: so all guarantees of the order hold too."""
    whole = table(read(data, SPLITS))
    file = OpenPairs(data)
    columns = {name: file.rows(SPLITS, name) for name in ("image", "embedding")}
    kept = whole if residence == "host" else whole._replace(**columns)
    order, blocks = Order(whole.class_index, HOW.batch_size, HOW.seed), Blocks(kept, HOW, steps=2)
    tensors = Table(*map(tf.constant, whole))
    for first in (0, 2, 4):
        rows = order.rows(first, 2)
        block = Table(*map(tf.constant, blocks.block(rows, first)))
        assert block.image.shape[0] == 2 * 8
        for index, step in enumerate((first, first + 1)):
            chosen = choose(tensors, tf.constant(rows[index]), tf.constant(step), HOW)
            expected = draw(tensors, chosen, tf.constant(step), HOW)
            got = draw(block, place(tf.constant(index), HOW), tf.constant(step), HOW)
            for name, value in expected._asdict().items():
                np.testing.assert_array_equal(getattr(got, name), value, err_msg=name)


def test_stored_rows_are_those_in_memory(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("t2i.pairs.stored._GAP", 2)
    memory = read(data, SPLITS)
    for column in ("image", "embedding"):
        rows, expected = OpenPairs(data).rows(SPLITS, column), getattr(memory, column)
        assert rows.shape == expected.shape
        last = len(expected) - 1
        for wanted in (np.array([last, 0, 5, 5, 3, last]), np.arange(last + 1)[::-1]):
            np.testing.assert_array_equal(rows[wanted], expected[wanted])
        np.testing.assert_array_equal(rows[1:7], expected[1:7])


def test_the_smallest_memory_that_has_room_is_chosen(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    header, training = read_header(data), TrainingConfig()
    memory = read(data, SPLITS)
    assert memory.embedding is not None
    size = pairs_bytes(training, header)
    assert size == memory.image.nbytes + memory.embedding.nbytes
    assert choose_residence(training, header, None)[0] == "device"
    assert choose_residence(training, header, 3 * size)[0] == "device"
    residence, reason = choose_residence(training, header, 2 * size)
    assert residence == "host"
    assert reason.endswith(" GB of pictures and embeddings fit no device of 0 GB")
    monkeypatch.setattr(module.os, "sysconf", lambda _: int((1.2 * size) ** 0.5))
    assert choose_residence(training, header, 2 * size)[0] == "file"
    asked = TrainingConfig(data="host")
    assert choose_residence(asked, header, None) == ("host", "as configured")


@pytest.mark.parametrize("answer", [None, "[N/A]\\n", "80000\\n[N/A]\\n", "", "no devices"])
def test_a_gpu_whose_memory_nobody_says_streams_from_the_host(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str | None
) -> None:
    if answer is not None:
        (tmp_path / "nvidia-smi").write_text(f"#!/bin/sh\nprintf '{answer}'\n")
        (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(strategy, "on_gpu", lambda: True)
    assert strategy.device_bytes() == 0
    training = TrainingConfig(splits=["train"])
    residence, reason = choose_residence(training, read_header(data), strategy.device_bytes())
    assert residence == "host"
    assert reason.endswith("nvidia-smi does not say what the device has")
