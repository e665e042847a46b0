"""The exported page, from a file, offline, against our own pictures."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import Tab
from click.testing import CliRunner
from export_samples import RUNS, write_run
from PIL import Image

from t2i.cli.main import main
from t2i.errors import InputError
from t2i.exports.kernels import COMPILED, COMPILER, compile_kernels
from t2i.exports.page import export_page
from t2i.exports.source import load_source
from t2i.painting.arithmetic import add_latents, add_sentences
from t2i.painting.painter import Painter
from t2i.painting.recipe import read_recipe
from t2i.runs.shipping import run_named

# Of tanh pictures, as the brief of an export is; rounding leaves a tenth of it.
TOLERANCE = 1e-4
SENTENCES = ["a red bird", "  A BLUE, bird;\t(white) 7", "x", "\u212a\u0130 a bird that sits on it"]
PAINTED = "async (asked) => (await engine.painted(asked)).map((image) => Array.from(image))"

# The pixels of the pictures in the newest entry.
SHOWN = """async () => Promise.all([...document.querySelector("article").querySelectorAll("img")]
  .map(async (picture) => {
    await picture.decode();
    const side = picture.naturalWidth;
    const canvas = Object.assign(document.createElement("canvas"), {width: side, height: side});
    const context = canvas.getContext("2d");
    context.drawImage(picture, 0, 0);
    return Array.from(context.getImageData(0, 0, side, side).data);
  }))"""


def export(run: str | Path, out: Path) -> Path:
    result = CliRunner().invoke(
        main, ["export", str(run), str(out), "--format", "page"], catch_exceptions=False
    )
    assert result.output == (f"{out}: {out.stat().st_size / 1e6:.1f} MB, see docs/exports.md\n")
    return out


@pytest.fixture(scope="module")
def birds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export("birds", tmp_path_factory.mktemp("page") / "birds.html")


def opened(browser: Any, page: Path) -> Tab:
    tab = Tab(browser, viewport={"width": 390, "height": 800})
    tab.context.set_offline(True)
    tab.page.goto(page.as_uri())
    return tab


def test_what_only_a_server_can_do_is_left_out(birds: Path) -> None:
    html = birds.read_text(encoding="utf-8")
    assert "Arithmetic" in html
    assert "Your photo" not in html
    assert '<script src="' not in html


def agree(tab: Tab, painter: Painter, sentence: str, seed: int, variety: float) -> None:
    asked = {"sentence": sentence, "count": 2, "seed": seed, "variety": variety}
    inputs = {
        "embedding": painter.embed([sentence]).repeat(2, axis=0),
        "latent": painter.latents(2, seed) * np.float32(variety),
    }
    expected = painter.network(inputs, training=False).numpy()
    found = np.array(tab.page.evaluate(PAINTED, asked)).reshape(expected.shape)
    assert expected.std() > 0.02
    np.testing.assert_allclose(found, expected, atol=TOLERANCE, rtol=0)


@pytest.mark.parametrize("name", RUNS)
def test_it_paints_what_the_run_paints(browser: Any, tmp_path: Path, name: str) -> None:
    run = write_run(tmp_path / "run", name)
    tab = opened(browser, export(run, tmp_path / "page.html"))
    painter = Painter(run)
    for seed, sentence in enumerate(SENTENCES):
        agree(tab, painter, sentence, seed, 1.0)
    assert tab.complaints == []
    tab.context.close()


def test_it_adds_what_the_command_adds(browser: Any, tmp_path: Path) -> None:
    """By the pixels of what the page shows: sums are not asked for otherwise."""
    run = write_run(tmp_path / "run", "projected")
    tab = opened(browser, export(run, tmp_path / "page.html"))
    tab.page.get_by_label("Sentence", exact=True).fill("a red bird")
    tab.page.get_by_label("Pictures", exact=True).fill("2")
    painter = Painter(run)
    sentences = add_sentences(painter, "a bird - red + blue", 2, 0).pixels
    latents = add_latents(painter, "3,1 - 2", "a red bird", 0).pixels
    for text, expected in (
        ("a bird - red + blue", np.concatenate(sentences)),
        ("3,1 - 2", np.concatenate([latents[0], latents[1, ::2], latents[2, 2:]])),
    ):
        tab.page.get_by_label("Sum").fill(text)
        tab.page.get_by_role("button", name="Add up").click()
        tab.wait(f"Done: the sum {text}")
        found = np.array(tab.page.evaluate(SHOWN)).reshape(len(expected), 32, 32, 4)
        assert np.abs(found[..., :3] - expected.astype(int)).max() <= 1
    assert tab.complaints == []
    tab.context.close()


def test_birds_are_painted_alike_in_a_small_file(browser: Any, birds: Path) -> None:
    assert birds.stat().st_size < 6_000_000
    tab = opened(browser, birds)
    agree(tab, Painter(run_named(Path("birds"))), "a red bird with a long tail", 2**31 - 1, 0.7)
    tab.context.close()


def test_weights_of_half_precision_take_half_the_room(tmp_path: Path) -> None:
    source = load_source(Path("birds"))
    numbers = sum(model.count_params() for model in (source.encoder.model, source.painter.network))
    for weight in (*source.encoder.model.weights, *source.painter.network.weights):
        weight.assign(np.asarray(weight).astype(np.float16).astype(np.float32))
    export_page(source, tmp_path / "page.html")
    # In base64, which takes a third more; half a million numbers more would still be small.
    assert (tmp_path / "page.html").stat().st_size < 100_000 + 2.0 * numbers * 4 / 3


def test_latents_are_numpys(browser: Any, birds: Path) -> None:
    tab = opened(browser, birds)
    for seed in (0, 1, 77, 2**31 - 1):
        # So many that the far tail and the wedges of the ziggurat are among them.
        found = tab.page.evaluate("(seed) => Array.from(drawNormals(seed, 20001))", seed)
        expected = np.random.default_rng(seed).standard_normal(20001, np.float32)
        np.testing.assert_allclose(np.array(found), expected, rtol=1e-6)
    tab.context.close()


def test_it_is_the_page_of_the_server_and_asks_nobody(
    browser: Any, birds: Path, tmp_path: Path
) -> None:
    tab = opened(browser, birds)
    tab.page.get_by_label("Pictures", exact=True).fill("2")
    tab.page.get_by_role("button", name="a blue bird").click()
    tab.wait("of “a blue bird”")
    with tab.page.expect_download() as download:
        tab.page.get_by_role("link", name="download picture 2 of 2: a blue bird").click()
    download.value.save_as(tmp_path / "a.png")
    painter = Painter(run_named(Path("birds")))
    recipe = read_recipe(tmp_path / "a.png")
    assert (recipe.sentence, recipe.index, recipe.run) == ("a blue bird", 1, painter.identity)
    expected = painter.paint(["a blue bird"], 2, 0)[0, 1].astype(int)
    with Image.open(tmp_path / "a.png") as picture:
        assert np.abs(np.asarray(picture)[..., :3] - expected).max() <= 1
    tab.page.get_by_label("and the seed").fill("3")
    tab.page.get_by_role("button", name="Morph").click()
    tab.wait("Done: the way from")
    tab.page.get_by_label("Sentence", exact=True).fill("鳥")
    tab.page.get_by_role("button", name="Paint").click()
    tab.wait("captions: expected words, got '鳥'; describe a picture in English")
    for sentence in ("a 鳥", "a red bird" * 30):
        tab.page.get_by_label("Sentence", exact=True).fill(sentence)
        tab.page.get_by_role("button", name="Paint").click()
        with pytest.raises(InputError) as error:
            painter.embed([sentence])
        # As the command line says it, but for what would be read of a long one.
        tab.wait(str(error.value).split(", of which")[0])
    assert tab.page.evaluate("document.documentElement.scrollWidth") == 390
    assert tab.complaints == []
    assert {url.split(":")[0] for url in tab.requests[1:]} <= {"blob", "data"}
    assert tab.requests[0] == birds.as_uri()
    tab.context.close()


def test_a_sentence_to_click_can_not_end_its_script(tmp_path: Path, browser: Any) -> None:
    run = write_run(tmp_path / "run", "projected-gated")
    hostile = "</script><script>document.title = 'taken'</script><!--<script>"
    (run / "examples.txt").write_text(hostile)
    tab = opened(browser, export(run, tmp_path / "page.html"))
    tab.page.get_by_role("button", name=hostile).wait_for()
    assert tab.page.title() == "A sentence becomes a picture"
    tab.context.close()


def test_a_page_is_an_html_file(tmp_path: Path) -> None:
    command = ["export", "birds", str(tmp_path / "birds"), "--format", "page"]
    assert CliRunner().invoke(main, command).output == (
        f"Error: OUT: expected an .html file with --format page, got {tmp_path / 'birds'}; "
        "name one\n"
    )


def test_a_page_replaces_a_page_and_no_other_file(tmp_path: Path) -> None:
    run, out = write_run(tmp_path / "run", "projected-gated"), tmp_path / "page.html"
    out.write_text("<!doctype html> mine")
    assert CliRunner().invoke(main, ["export", str(run), str(out), "--format", "page"]).output == (
        f"Error: {out}: expected an exported page to replace, or nothing there, got another file; "
        "move it away, or choose another output\n"
    )
    assert out.read_text() == "<!doctype html> mine"
    out.unlink()
    assert export(run, export(run, out)).stat().st_size > 10_000


def test_what_is_compiled_is_what_the_source_says() -> None:
    pytest.importorskip("ziglang", reason=f"no compiler: pip install {COMPILER}")
    assert compile_kernels() == COMPILED.read_bytes()
