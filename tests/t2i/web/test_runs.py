"""A run that still trains: its curves on the page, and its checkpoints as they come."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import Tab, chromium

from t2i.painting.painter import Painter
from t2i.runs.directory import Run


@pytest.fixture
def run(served: Any) -> Iterator[Run]:
    """The tiny run that is served, with curves, for as long as the test takes."""
    run = Run(Path(served.runs[1]))
    before = run.generator.read_bytes()
    points = [{"step": step, "g/adversarial": 1 / step} for step in (1, 2, 4)]
    run.metrics.write_text("".join(json.dumps(point) + "\n" for point in points))
    yield run
    run.metrics.unlink()
    run.generator.write_bytes(before)


def train_on(run: Run) -> str:
    """Does what a checkpoint does; returns the identity of what paints from then on."""
    painter = Painter(run.path)
    for weight in painter.network.weights:
        weight.assign(1.5 * weight)
    painter.network.save(run.path / "new.keras")
    (run.path / "new.keras").replace(run.generator)
    return Painter(run.path).identity


def test_a_checkpoint_paints_as_soon_as_it_is_there(served: Any, run: Run) -> None:
    with chromium() as browser:
        tab = Tab(browser)
        tab.page.goto(served.url)
        curve = tab.page.get_by_role("img", name="g/adversarial: 0.250, from 0.250 to 1.00;")
        curve.wait_for()
        tab.page.get_by_label("birds", exact=True).uncheck()
        tab.page.get_by_label("Sentence", exact=True).fill("a red bird")
        tab.page.get_by_role("button", name="Paint").click()
        tab.wait("Done: 4 pictures")
        tab.page.get_by_label("paint again with each checkpoint").check()
        identity = train_on(run)
        tab.wait(f"{served.runs[1]} paints by step 0 now.")
        tab.page.locator("article").nth(1).wait_for(timeout=60_000)
        assert identity in tab.page.locator("#about").text_content()
        with run.metrics.open("a") as file:
            file.write('{"step": 8, "g/adversarial": 0.125}\n')
        tab.page.get_by_role("img", name="g/adversarial: 0.125, from 0.125 to 1.00;").wait_for()
        assert tab.complaints == []
        tab.context.close()
