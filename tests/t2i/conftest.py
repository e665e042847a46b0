"""Pairs files before and after their captions are embedded, a finished run, what is measured."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from browser import chromium
from pairs_samples import ENCODER, PICTURES, SIZE, WIDTH, image, table
from shared import shared

from t2i.pairs.structure import SPLITS
from t2i.pairs.writing import write_embeddings, writing


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A pairs file without embeddings."""
    path = tmp_path / "birds.h5"
    with writing(path, SIZE, "a test") as writer:
        for number, (split, captions, class_id) in enumerate(PICTURES):
            writer.add(split, image(number), captions, class_id, f"bird {number}")
    return path


@pytest.fixture
def embedded(bare: Path) -> Path:
    blocks = {split: [table(split)[:4], table(split)[4:]] for split in SPLITS}
    write_embeddings(bare, blocks, ENCODER, "char-cnn-gru", WIDTH)
    return bare


@pytest.fixture(scope="module")
def finished(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, Path, list[dict[str, float]]]:
    """Data, run directory and curves of a run that was never interrupted."""

    def make(folder: Path) -> None:
        # Most tests beside this file need no TensorFlow, and none waits for it.
        from miniature import write_pairs
        from tiny_runs import config_of, train

        points = train(config_of(folder), write_pairs(folder / "birds.h5"), folder / "run")
        (folder / "points.json").write_text(json.dumps(points))

    own = shared(tmp_path_factory, "finished", make, tmp_path_factory.mktemp("own") / "finished")
    return own / "birds.h5", own / "run", json.loads((own / "points.json").read_text())


class Bench(NamedTuple):
    data: Path
    judge: Path
    run: Path


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """What is measured: data, a judge and a run, tiny and untrained."""

    def make(folder: Path) -> None:
        from evaluation_samples import write_data, write_judge, write_run

        write_judge(folder / "judge.keras", write_data(folder / "birds.h5"))
        write_run(folder / "run")

    own = shared(tmp_path_factory, "bench", make, tmp_path_factory.mktemp("own") / "bench")
    return Bench(own / "birds.h5", own / "judge.keras", own / "run")
