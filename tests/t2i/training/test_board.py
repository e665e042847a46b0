"""What is shown of pictures that nobody trains on is read, and no more."""

import tracemalloc
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from tiny_runs import config_of

from t2i.models.contract import Prior
from t2i.pairs.digests import digest
from t2i.pairs.reading import read
from t2i.pairs.stored import OpenPairs
from t2i.pairs.writing import write_embeddings, writing
from t2i.runs.directory import Run
from t2i.training.board import Board


def _many_unseen(path: Path, count: int, size: int) -> Path:
    image = np.random.default_rng(0).integers(0, 256, (size, size, 3)).astype(np.uint8)
    with writing(path, size, "a test") as writer:
        for split, pictures in (("train", 1), ("val", 0), ("test", count)):
            for index in range(pictures):
                writer.add(split, image, [f"bird {index}"], split == "test", f"{split} {index}")
    rows = {"train": 1, "val": 0, "test": count}
    blocks = {split: [np.ones((n, 6), np.float32)] if n else [] for split, n in rows.items()}
    write_embeddings(path, blocks, b"an encoder", "char-cnn-gru", 6)
    return path


def test_a_board_reads_the_rows_that_it_shows(tmp_path: Path) -> None:
    data = _many_unseen(tmp_path / "birds.h5", 300, 128)
    config = config_of(tmp_path, "training.splits=[train]")
    painting: Any = SimpleNamespace(network=None, prior=Prior(5))
    tracemalloc.start()
    Board(Run(tmp_path / "run"), config, OpenPairs(data), painting)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # All of them are 15 MB; the sheet of thumbnails is 1 MB, and what is imported on the way.
    assert peak < 300 * 128 * 128 * 3 / 2
    assert (tmp_path / "run/events/run/captions.tsv").read_text().count("\n") == 299


def test_what_stays_in_the_file_has_the_digest_of_what_is_read(tmp_path: Path) -> None:
    data = _many_unseen(tmp_path / "birds.h5", 9, 8)
    assert digest(OpenPairs(data).stored(["train", "test"])) == digest(
        read(data, ["train", "test"])
    )
