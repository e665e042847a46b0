"""What is measured once is not again, unless another network or another size would measure it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from evaluation_samples import SIZE, write_data

from t2i.evaluation.measurers import VISION, Measurer, Stamp
from t2i.evaluation.measuring import measured
from t2i.evaluation.pictures import RealPictures
from t2i.pairs.reading import read

STAMP = Stamp(VISION, "a network", "ab" * 32, "area or bilinear to 128")


def test_rows_are_kept_for_one_network_at_one_size(tmp_path: Path) -> None:
    pictures = RealPictures(read(write_data(tmp_path / "birds.h5"), ["val"]), SIZE)
    looked = []

    def look(stamp: Stamp) -> None:
        def network(images: np.ndarray) -> dict[str, np.ndarray]:
            looked.append((stamp, len(images)))
            return {"features": images.mean(axis=(1, 2))}

        measurer = Measurer(stamp, network, 0, {"features": 3})  # type: ignore[arg-type]
        rows = measured(pictures, measurer, tmp_path, "", lambda *_: None)["features"]
        expected = pictures.at(np.arange(6)).mean(axis=(1, 2))
        np.testing.assert_allclose(rows, expected, rtol=1e-5)

    larger = replace(STAMP, resize="area or bilinear to 224")
    other = replace(STAMP, sha256="cd" * 32)
    for stamp in (STAMP, STAMP, larger, larger, other, STAMP):
        look(stamp)
    assert looked == [(STAMP, 6), (larger, 6), (other, 6)]
