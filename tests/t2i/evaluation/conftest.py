"""What is measured in these tests."""

from pathlib import Path
from typing import NamedTuple

import pytest
from evaluation_samples import write_data, write_judge, write_run


class Bench(NamedTuple):
    data: Path
    judge: Path
    run: Path


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = tmp_path_factory.mktemp("bench")
    data = write_data(folder / "birds.h5")
    return Bench(data, write_judge(folder / "judge.keras", data), write_run(folder / "run"))
