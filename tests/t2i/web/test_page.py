"""The page in a browser: typing, painting, morphing, keeping, errors; by keyboard, on a phone."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import Tab
from PIL import Image

from t2i.painting.recipe import read_recipe

# What a person sees must stand out from what is behind it. Source: WCAG 2.2, 1.4.3.
CONTRAST = 4.5
CONTRASTS = """() => {
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map((v) => v / 255)
      .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    const colour = getComputedStyle(node).backgroundColor;
    return /, 0\\)$/.test(colour) ? behind(node.parentElement) : colour;
  };
  const nodes = document.querySelectorAll("h1, h2, p, label, legend, button, a, input, span");
  const seen = (node) => node.checkVisibility() && (node.textContent.trim() || node.value);
  return [...nodes].filter(seen).map((node) => {
    const [a, b] = [light(getComputedStyle(node).color), light(behind(node))];
    return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), node.outerHTML.slice(0, 80)];
  });
}"""


@pytest.fixture
def tab(browser: Any, served: Any) -> Iterator[Tab]:
    opened = Tab(browser, viewport={"width": 1400, "height": 900})
    opened.page.goto(served.url)
    # What was typed must be painted by the tiny run alone: birds is for looking at.
    opened.page.get_by_label("birds", exact=True).uncheck()
    yield opened
    # Nothing outside, and nothing that the browser complains of.
    assert opened.complaints == []
    assert all(url.startswith((served.url, "blob:", "data:,")) for url in opened.requests)
    opened.context.close()


def type_and_paint(tab: Tab, sentence: str) -> None:
    tab.page.get_by_label("Sentence", exact=True).fill(sentence)
    tab.page.get_by_role("button", name="Paint").click()
    tab.wait(f"of “{sentence}”")


def test_a_sentence_is_painted_and_kept(tab: Tab, tmp_path: Path) -> None:
    tab.page.get_by_label("Pictures", exact=True).fill("3")
    type_and_paint(tab, "a red bird")
    pictures = tab.page.get_by_role("img")
    assert [p.get_attribute("alt") for p in pictures.all()] == [
        f"a red bird ({i} of 3)" for i in (1, 2, 3)
    ]
    assert all(
        p.evaluate("p => p.decode().then(() => p.naturalWidth)") == 8 for p in pictures.all()
    )
    assert tab.page.get_by_role("status").text_content().startswith("Done: 3 pictures of")
    with tab.page.expect_download() as download:
        tab.page.get_by_role("link", name="download picture 2 of 3: a red bird").click()
    assert download.value.suggested_filename == "a-red-bird_0_1.png"
    download.value.save_as(tmp_path / "a.png")
    recipe = read_recipe(tmp_path / "a.png")
    assert (recipe.sentence, recipe.seed, recipe.index) == ("a red bird", 0, 1)


def test_runs_are_painted_side_by_side(tab: Tab, served: Any) -> None:
    tab.page.get_by_label("birds", exact=True).check()
    tab.page.get_by_label("Pictures", exact=True).fill("1")
    type_and_paint(tab, "a red bird")
    sides = tab.page.locator(".side > div")
    assert [side.locator(".said").text_content() for side in sides.all()] == served.runs
    boxes = [side.bounding_box() for side in sides.all()]
    assert boxes[0]["y"] == boxes[1]["y"]
    widths = [p.evaluate("p => p.naturalWidth") for p in tab.page.get_by_role("img").all()]
    assert widths == [128, 8]


def test_the_link_paints_it_again(tab: Tab, browser: Any) -> None:
    tab.page.get_by_label("Seed", exact=True).fill("7")
    tab.page.get_by_label("Variety").fill("0.5")
    type_and_paint(tab, 'a "red" & blue bird')
    link = tab.page.get_by_role("link", name="link that paints it again")
    shown = """async () => Promise.all([...document.images].map(async (p) => {
        await p.decode();
        const c = Object.assign(document.createElement('canvas'), {width: 8, height: 8});
        c.getContext('2d').drawImage(p, 0, 0);
        return c.toDataURL();
    }))"""
    first = tab.page.evaluate(shown)
    other = Tab(browser)
    other.page.goto(tab.page.url.split("#")[0] + link.get_attribute("href"))
    other.wait('of “a "red" & blue bird”')
    assert other.page.get_by_label("Seed", exact=True).input_value() == "7"
    assert not other.page.get_by_label("birds", exact=True).is_checked()
    assert other.page.evaluate(shown) == first
    assert len(first) == 4
    other.context.close()


def test_the_die_rolls_another_seed_and_paints(tab: Tab) -> None:
    type_and_paint(tab, "a red bird")
    tab.page.get_by_role("button", name="Roll another seed").click()
    tab.page.locator("article").nth(1).wait_for(timeout=60_000)
    assert tab.page.get_by_label("Seed", exact=True).input_value() != "0"


def test_a_way_is_gone_along_and_kept_as_a_gif(tab: Tab, tmp_path: Path) -> None:
    tab.page.get_by_label("Sentence", exact=True).fill("a red bird")
    tab.page.get_by_role("button", name="Morph").click()
    tab.wait("Type another sentence, or another seed, to go to.")
    tab.page.get_by_label("To the sentence").fill("a blue bird")
    tab.page.get_by_label("and the seed").fill("3")
    tab.page.get_by_role("button", name="Morph").click()
    tab.wait("Done: the way from")
    slider, picture = tab.page.get_by_label("How far along the way"), tab.page.get_by_role("img")
    assert picture.get_attribute("alt") == "a red bird"
    first = picture.get_attribute("src")
    slider.focus()
    tab.page.keyboard.press("ArrowRight")
    assert picture.get_attribute("src") != first
    assert slider.get_attribute("aria-valuetext") == "6 %"
    tab.page.keyboard.press("End")
    assert picture.get_attribute("alt") == "a blue bird"
    with tab.page.expect_download() as download:
        tab.page.get_by_role("button", name="Download as a GIF").click()
    assert download.value.suggested_filename == "a-red-bird-to-a-blue-bird_0_0.gif"
    download.value.save_as(tmp_path / "a.gif")
    with Image.open(tmp_path / "a.gif") as gif:
        assert (gif.size, gif.n_frames, gif.info["loop"]) == ((8, 8), 32, 0)
        for frame in range(gif.n_frames):
            gif.seek(frame)
            gif.load()


def test_a_gif_has_the_colours_of_its_pictures(tab: Tab, tmp_path: Path) -> None:
    """256 colours for a picture of 16,384: near them everywhere, and all codes of the packing."""
    script = """() => new Promise((done) => {
      const frames = [0, 1, 2].map((t) => {
        const frame = new ImageData(128, 128);
        for (let i = 0; i < 16384; i++) {
          const [across, down] = [i % 128 * 2, Math.floor(i / 128) * 2];
          frame.data.set([across, down, (i * 7919 + t * 50) % 64, 255], 4 * i);
        }
        return frame;
      });
      const reader = new FileReader();
      reader.onload = () => done(reader.result.split(",")[1]);
      reader.readAsDataURL(encodeGif(frames, 80));
    })"""
    (tmp_path / "a.gif").write_bytes(base64.b64decode(tab.page.evaluate(script)))
    i = np.arange(16384)
    with Image.open(tmp_path / "a.gif") as gif:
        for t in range(3):
            gif.seek(t)
            expected = np.stack([i % 128 * 2, i // 128 * 2, (i * 7919 + t * 50) % 64], axis=1)
            found = np.asarray(gif.convert("RGB")).reshape(-1, 3).astype(int)
            assert np.abs(found - expected).mean() < 8
            assert np.abs(found - expected).max() < 48
        assert gif.n_frames == 4


def test_a_sum_shows_each_term_and_is_painted_again_by_its_link(tab: Tab, browser: Any) -> None:
    tab.page.get_by_label("Pictures", exact=True).fill("2")
    tab.page.get_by_label("Sum").fill("a red bird")
    tab.page.get_by_role("button", name="Add up").click()
    tab.wait("Type 2 to 6 terms with a + or - between them: a red bird - red + blue")
    tab.page.get_by_label("Sum").fill("a red-billed bird - red + blue")
    tab.page.keyboard.press("Enter")
    tab.wait("Done: the sum a red-billed bird - red + blue")
    rows = tab.page.locator(".term")
    whole = "a red-billed bird \u2212 red + blue"
    assert [row.locator(".said").text_content() for row in rows.all()] == [
        *("a red-billed bird", "\u2212 red", "+ blue", f"= {whole}")
    ]
    assert [p.get_attribute("alt") for p in tab.page.get_by_role("img").all()] == [
        f"{text} ({i} of 2)" for text in ("a red-billed bird", "red", "blue", whole) for i in (1, 2)
    ]
    link = tab.page.get_by_role("link", name="link that paints it again")
    other = Tab(browser)
    other.page.goto(tab.page.url.split("#")[0] + link.get_attribute("href"))
    other.wait("Done: the sum a red-billed bird - red + blue")
    other.context.close()


def test_a_sum_of_latents_is_of_pictures_of_the_sentence(tab: Tab) -> None:
    tab.page.get_by_label("Sum").fill("1,3 - 2")
    tab.page.get_by_role("button", name="Add up").click()
    tab.wait("Type the sentence above whose pictures the numbers are of.")
    tab.page.get_by_label("Sentence", exact=True).fill("a bird")
    tab.page.get_by_role("button", name="Add up").click()
    tab.wait("Done: the sum 1,3 - 2")
    assert [p.get_attribute("alt") for p in tab.page.get_by_role("img").all()] == [
        *("a bird (picture 1)", "a bird (picture 3)", "a bird (mean of 1,3)"),
        *("a bird (picture 2)", "a bird (mean of 2)", "a bird (1,3 \u2212 2)"),
    ]


def test_errors_are_said_where_they_are_heard(tab: Tab) -> None:
    tab.page.get_by_label("Sentence", exact=True).fill("鳥")
    tab.page.keyboard.press("Enter")
    tab.wait("captions: expected words, got '鳥'; describe a picture in English")
    assert tab.page.get_by_role("alert").text_content().startswith("captions:")
    type_and_paint(tab, "a red bird")
    assert tab.page.get_by_role("alert").text_content() == ""


def test_everything_is_reached_and_painted_by_keyboard(tab: Tab) -> None:
    tab.page.reload()
    # Examples come with the runs, a moment behind the page.
    tab.page.get_by_role("button", name="a bright red bird").wait_for()
    names = []
    for _ in range(30):
        tab.page.keyboard.press("Tab")
        names.append(
            tab.page.evaluate("document.activeElement.id || document.activeElement.textContent")
        )
        outline = tab.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid" or tab.page.evaluate("document.activeElement === document.body")
    wanted = ["sentence", "a bright red bird", "count", "seed", "die", "variety", "Paint", "second"]
    places = [names.index(name) for name in wanted]
    assert places == sorted(places)
    tab.page.get_by_label("Sentence", exact=True).focus()
    tab.page.keyboard.type("a red bird")
    tab.page.keyboard.press("Enter")
    tab.wait("Done: 8 pictures")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1400])
def test_it_fits_and_can_be_read(browser: Any, served: Any, width: int, scheme: str) -> None:
    tab = Tab(browser, viewport={"width": width, "height": 800}, color_scheme=scheme)
    tab.page.goto(served.url)
    tab.page.get_by_role("button", name="a bright red bird").click()
    tab.wait("Done: 8 pictures")
    assert tab.page.evaluate("document.documentElement.scrollWidth") == width
    # What was painted is what one sees next.
    top = tab.page.locator("article").first.bounding_box()["y"]
    assert 0 <= top < 800
    for contrast, node in tab.page.evaluate(CONTRASTS):
        assert contrast >= CONTRAST, node
    controls = "[...document.querySelectorAll('input, textarea')]"
    unnamed = f"{controls}.filter((node) => !node.labels.length && !node.ariaLabel).length"
    assert tab.page.evaluate(unnamed) == 0
    ids = tab.page.evaluate("[...document.querySelectorAll('[id]')].map((node) => node.id)")
    assert len(set(ids)) == len(ids)
    tab.context.close()


def test_pixels_are_shown_as_they_are_where_that_is_chosen(tab: Tab) -> None:
    type_and_paint(tab, "a red bird")
    picture = tab.page.get_by_role("img").first
    rendering = "p => getComputedStyle(p).imageRendering"
    assert picture.evaluate(rendering) == "auto"
    tab.page.get_by_label("every pixel").check()
    assert picture.evaluate(rendering) == "pixelated"
