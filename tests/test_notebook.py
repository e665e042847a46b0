"""docs/birds.ipynb works as it stands, at a tiny size."""

from pathlib import Path

import pytest
from notebook import cells, shown
from PIL import Image

from t2i.painting.library import Pictures

NOTEBOOK = Path(__file__).parents[1] / "docs" / "birds.ipynb"


def test_the_notebook_goes_from_drawn_birds_to_a_painted_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sizes, *rest = cells(NOTEBOOK)
    assert sizes.startswith("PICTURES, STEPS, EPOCHS = ")
    results = list(shown(["PICTURES, STEPS, EPOCHS = 160, 2, 1", *rest]))
    pictures = [result for result in results if isinstance(result, Pictures)]
    assert [each.pixels.shape[:2] for each in pictures] == [(3, 6), (1, 8), (4, 6)]
    assert sum(isinstance(result, Image.Image) for result in results) == 1
    assert results[-2] == ((1, 1024), (1, 32), (1, 32, 32, 3))
    (estimate,) = results[-1].values()
    assert estimate.value > 0
